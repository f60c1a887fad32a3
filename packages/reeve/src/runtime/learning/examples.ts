import { isDeepStrictEqual } from 'node:util'
import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { LoopStretch } from '../../base/time/loop-stretch.ts'
import { type Corrected, correctedSince } from '../../inspect/failures/corrected.ts'
import type { Example } from '../../models/local/classify/classify.ts'
import type { LearningClassifier } from '../../models/local/classify/learner.ts'
import { classifiedText } from '../../models/local/compose/extractor.ts'
import type { Session } from '../../store/database.ts'
import { answeredCalls, runsThatAsked } from '../../store/learning/asked.ts'
import { readRunByNo } from '../../store/runs/runs.ts'
import type { RecordedQuestion, RecordedQuestions } from './recorded-questions.ts'

/** What a classifier can learn from the journals. */
export interface LearntExamples {
  examples: Example[]
  /** How many of them a person gave. */
  fromPeople: number
}

const mostCorrections = 5000
const mostRuns = 2000

/**
 * What people answered and corrected since then, and what hosted models answered where a classifier learns from that. Of one text
 * what a person said counts, else what was answered most often. What local solvers answered is never learnt: nothing feeds itself.
 */
export async function examplesFor(
  database: Session,
  recorded: RecordedQuestions,
  learners: readonly LearningClassifier[],
  since: number,
): Promise<Map<LearningClassifier, LearntExamples>> {
  const corrected = await correctedSince(database, { since, limit: mostCorrections })
  const gathered = new Map(learners.map((learner) => [learner, new Labels()]))
  for (const each of corrected)
    if (each.what === 'answered' && each.input !== undefined)
      for (const learner of learners)
        if (learner.question === each.subject)
          gathered.get(learner)!.add(each.input, fieldIn(each.value, learner.field), 'person')
  const byRun = Map.groupBy(
    corrected.filter(({ what }) => what === 'corrected' || what === 'edited'),
    ({ runNo }) => runNo,
  )
  const asking = learners.filter(({ from }) => from === 'answers').map(({ question }) => question)
  const runs = new Set(byRun.keys())
  for (const no of await runsThatAsked(database, [...new Set(asking)], { since, limit: mostRuns }))
    runs.add(no)
  const stretch = new LoopStretch(10)
  for (const no of runs) {
    const row = await readRunByNo(database, no)
    if (!row || row.ended_at === null) continue
    const said = await saidOf(database, no, byRun.get(no) ?? [])
    for (const asked of await recorded.of(row))
      for (const learner of learners)
        if (learner.question === asked.question.name) addAsked(gathered.get(learner)!, learner, asked, said)
    await stretch.yield()
  }
  return new Map([...gathered].map(([learner, labels]) => [learner, labels.examples()]))
}

interface Said {
  /** By the name of the question and how many of that name came before: what the answer should have been. */
  answers: Map<string, Json>
  changes: Corrected['changes']
}

async function saidOf(database: Session, run: number, corrected: readonly Corrected[]): Promise<Said> {
  const answers = new Map<string, Json>()
  const changes = corrected.flatMap((each) => (each.what === 'edited' ? each.changes : []))
  const answered = corrected.filter(({ what }) => what === 'corrected')
  if (answered.length === 0) return { answers, changes }
  const calls = await answeredCalls(database, run)
  for (const { subject, call, value } of answered) {
    const nth = calls.filter(({ name }) => name === subject).findIndex(({ step }) => step === call)
    if (nth >= 0 && value !== undefined) answers.set(`${subject} ${nth}`, value)
  }
  return { answers, changes }
}

function addAsked(
  labels: Labels,
  { field, from }: LearningClassifier,
  { nth, question, answer }: RecordedQuestion,
  { answers, changes }: Said,
): void {
  const said = answers.get(`${question.name} ${nth}`)
  const given = fieldIn(answer.value as Json, field)
  // What was asked to be approved had this answer in it, and a person put another in its place.
  const changed = changes.find((each) => each.field === field && isDeepStrictEqual(each.from, given))
  if (said !== undefined) labels.add(question.input, fieldIn(said, field), 'person')
  else if (changed) labels.add(question.input, changed.to, 'person')
  else if (from === 'answers' && answer.kind === 'hosted') labels.add(question.input, given, 'model')
}

function fieldIn(value: Json | undefined, field: string): Json | undefined {
  return isRecord(value) && Object.hasOwn(value, field) ? (value[field] as Json) : undefined
}

/** Labels by text. */
class Labels {
  readonly #byText = new Map<string, { person?: string; model: Map<string, number> }>()

  add(input: Json, value: Json | undefined, by: 'person' | 'model'): void {
    if (value === undefined || value === null || typeof value === 'object') return
    const text = classifiedText(input)
    if (text.trim() === '') return
    const label = String(value)
    const known = this.#byText.get(text) ?? { model: new Map<string, number>() }
    // Corrections come the newest first.
    if (by === 'person') known.person ??= label
    else known.model.set(label, (known.model.get(label) ?? 0) + 1)
    this.#byText.set(text, known)
  }

  examples(): LearntExamples {
    const examples = [...this.#byText]
      .map(([text, { person, model }]) => ({ text, label: person ?? mostOften(model) }))
      .sort((one, other) => (one.text < other.text ? -1 : 1))
    const fromPeople = [...this.#byText.values()].filter(({ person }) => person !== undefined).length
    return { examples, fromPeople }
  }
}

function mostOften(counts: Map<string, number>): string {
  return [...counts].sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1))[0]![0]
}
