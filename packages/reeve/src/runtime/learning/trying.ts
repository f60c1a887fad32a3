import { isDeepStrictEqual } from 'node:util'
import type { RunFact } from '../../autonomy/lessons/facts.ts'
import { holds } from '../../autonomy/lessons/features.ts'
import { type FoundLesson, isHeldBack, type LessonTrial } from '../../autonomy/lessons/lesson.ts'
import { sentencesOf } from '../../autonomy/lessons/words.ts'
import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { pairedChange } from '../../evals/statistics/paired.ts'
import type { Corrected } from '../../inspect/failures/corrected.ts'
import type { Database } from '../../store/database.ts'
import { readRunByNo } from '../../store/runs/runs.ts'
import type { RecordedQuestion, RecordedQuestions } from './recorded-questions.ts'

/** Of each kind so many held-back runs are asked anew. */
const mostCases = 15

interface Pair {
  before: number
  now: number
}

/** What of a project lessons are tried with. */
export interface TryParts {
  database: Database
  recorded: RecordedQuestions
  facts: readonly RunFact[]
  corrected: readonly Corrected[]
}

/**
 * Tries a lesson on recorded runs that it was not found in. What is to be avoided: by how those ended that it would have kept from being
 * started. What is to be told: the questions of corrected runs, and of runs that were right, are asked anew with it. Answers the trial
 * (null: nothing to try it on), and the question that it belongs to.
 */
export async function tryLesson(
  lesson: FoundLesson,
  parts: TryParts,
): Promise<{ trial: LessonTrial | null; question: string | null }> {
  if (lesson.act === 'avoid') return { trial: tryAvoiding(lesson, parts.facts), question: null }
  const questions = lesson.matter === null ? [] : await questionsOf(lesson, parts)
  const [question, other] = questions
  if (question === undefined) return { trial: null, question: lesson.question }
  const trial = await tryTelling(lesson, question, parts)
  return { trial, question: other === undefined ? question : null }
}

function tryAvoiding({ workflow, condition }: FoundLesson, facts: readonly RunFact[]): LessonTrial | null {
  const kept = facts.filter(
    (each) =>
      each.workflow === workflow &&
      isHeldBack(each.run) &&
      condition !== null &&
      holds(condition, each.features),
  )
  const pairs = kept.map(({ isFailure }): Pair => (isFailure ? { before: 0, now: 1 } : { before: 1, now: 0 }))
  return trialOf(pairs, 0)
}

/**
 * The questions whose answers people changed, the one that they changed most often first: of the newest runs that it was found in, those
 * whose answer stands in what was changed. Where several are, the lesson is for all that the workflow asks.
 */
async function questionsOf({ workflow, matter }: FoundLesson, parts: TryParts): Promise<string[]> {
  const changes = changesOf(parts.corrected, { workflow, matter }).filter(({ of }) => !isHeldBack(of.run))
  const times = new Map<string, number>()
  for (const { of, from } of changes.slice(0, mostCases)) {
    const asked = (await recordedOf(parts, of.runNo)).find(({ answer }) =>
      stands(answer.value as Json, matter!.field, from),
    )
    if (asked) times.set(asked.question.name, (times.get(asked.question.name) ?? 0) + 1)
  }
  return [...times].sort((one, another) => another[1] - one[1]).map(([name]) => name)
}

async function tryTelling(
  lesson: FoundLesson,
  question: string,
  parts: TryParts,
): Promise<LessonTrial | null> {
  const { workflow, matter, text, rule } = lesson
  const { field, from } = matter!
  const pairs: Pair[] = []
  let costUsd = 0
  const ask = async (
    runNo: number,
    score: (value: Json) => number | null,
    isIt: (asked: RecordedQuestion) => boolean,
  ) => {
    const before = (await recordedOf(parts, runNo)).find(
      (asked) => asked.question.name === question && isIt(asked),
    )
    const row = before && (await readRunByNo(parts.database, runNo))
    if (!before || !row) return
    const anew = await parts.recorded.of(row, { question, lesson: text })
    const now = anew.find((asked) => asked.question.name === question && asked.nth === before.nth)
    costUsd += now?.answer.usage?.costUsd ?? 0
    const scores = now && { before: score(before.answer.value as Json), now: score(now.answer.value as Json) }
    if (scores && scores.before !== null && scores.now !== null) pairs.push(scores as Pair)
  }
  const changed = changesOf(parts.corrected, { workflow, matter }).filter(({ of }) => isHeldBack(of.run))
  for (const change of changed.slice(0, mostCases)) {
    const score = (value: Json) =>
      rule === 'people-change'
        ? Number(isDeepStrictEqual(fieldIn(value, field), change.to))
        : Number(hasSentence(value, field, from as string) === (rule === 'people-add'))
    await ask(change.of.runNo, score, ({ answer }) => stands(answer.value as Json, field, change.from))
  }
  // What was right must stay right.
  const right = parts.facts.filter(
    (each) => each.workflow === workflow && each.isGood && isHeldBack(each.run),
  )
  if (rule === 'people-change')
    for (const { no } of right.slice(0, mostCases)) {
      const known = (await recordedOf(parts, no)).find((asked) => asked.question.name === question)
      const was = known && fieldIn(known.answer.value as Json, field)
      if (was !== undefined)
        await ask(
          no,
          (value) => Number(isDeepStrictEqual(fieldIn(value, field), was)),
          () => true,
        )
    }
  return trialOf(pairs, costUsd)
}

interface ChangedField {
  of: Corrected
  from: Json
  to: Json
}

function changesOf(
  corrected: readonly Corrected[],
  { workflow, matter }: Pick<FoundLesson, 'workflow' | 'matter'>,
): ChangedField[] {
  return corrected
    .filter((each) => each.workflow === workflow && each.subject === matter?.subject)
    .flatMap((of) =>
      of.changes.flatMap(({ field, from, to }) =>
        field === matter!.field && from !== undefined && to !== undefined ? [{ of, from, to }] : [],
      ),
    )
}

async function recordedOf({ database, recorded }: TryParts, runNo: number): Promise<RecordedQuestion[]> {
  const row = await readRunByNo(database, runNo)
  return row && row.ended_at !== null ? recorded.of(row) : []
}

/** Whether an answer is what stood there: the same field, or, of a text, the text itself. */
function stands(answer: Json, field: string, value: Json): boolean {
  const own = fieldIn(answer, field)
  return isDeepStrictEqual(own ?? answer, value)
}

function hasSentence(answer: Json, field: string, sentence: string): boolean {
  const text = fieldIn(answer, field) ?? answer
  return typeof text === 'string' && sentencesOf(text).includes(sentence)
}

function fieldIn(value: Json, field: string): Json | undefined {
  return isRecord(value) && Object.hasOwn(value, field) ? (value[field] as Json) : undefined
}

function trialOf(pairs: readonly Pair[], costUsd: number): LessonTrial | null {
  if (pairs.length === 0) return null
  return {
    cases: pairs.length,
    better: pairs.filter(({ before, now }) => now > before).length,
    worse: pairs.filter(({ before, now }) => now < before).length,
    change: pairedChange(pairs),
    costUsd,
  }
}

/** What a trial says: `open` leaves it to a person. */
export function verdictOf(trial: LessonTrial | null): 'adopt' | 'discard' | 'open' {
  if (trial === null) return 'open'
  const { better, worse, change } = trial
  if (better >= 2 && worse <= better / 4 && change.verdict !== 'worse') return 'adopt'
  return better + worse >= 2 || trial.cases >= 5 ? (better > worse ? 'open' : 'discard') : 'open'
}
