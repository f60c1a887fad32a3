import { sha256, shareOf } from '../../base/hash.ts'
import { canonical, type Json } from '../../base/json/json.ts'
import { pairedChange } from '../../evals/statistics/paired.ts'
import type { PairedChange } from '../../inspect/evals/eval-view.ts'
import { type Classifier, type Example, loadClassifier } from '../../models/local/classify/classify.ts'
import type { LearningClassifier } from '../../models/local/classify/learner.ts'
import { trainElsewhere } from '../../models/local/classify/train-elsewhere.ts'
import { keepTraining, lastTraining, setAsideTrainings } from '../../store/learning/trainings.ts'
import { propose } from '../../store/proposals/proposals.ts'
import { decideAsReeve } from './decide-as-reeve.ts'
import { examplesFor, type LearntExamples } from './examples.ts'
import type { LearningServices } from './learning-services.ts'
import { RecordedQuestions } from './recorded-questions.ts'

/** What became of the training of one classifier. */
export interface TrainingReport {
  learner: string
  /**
   * `unchanged`: there is nothing new to learn. `too-few`: held-back cases to try it on. `not-better`: on them, beyond chance.
   * `proposed`, `adopted`: it is.
   */
  outcome: 'unchanged' | 'too-few' | 'not-better' | 'proposed' | 'adopted'
  examples: number
  fromPeople: number
  heldBack: number
  /** On the held-back cases; null: it was not tried. */
  change: PairedChange | null
}

const leastHeldBack = 10
const surely = 0.5
/** Of what it is sure of, so much must be right, where the one before was sure of nothing; else as much as of that one. */
const leastPrecision = 0.8

/** Trains each classifier with what was learnt since then, tries it, and exchanges or proposes those that got better. */
export async function trainLearners(
  internals: LearningServices,
  learners: readonly LearningClassifier[],
  { since, adopts }: { since: number; adopts: boolean },
): Promise<TrainingReport[]> {
  if (learners.length === 0) return []
  const recorded = await RecordedQuestions.open(internals)
  try {
    const learnt = await examplesFor(internals.database, recorded, learners, since)
    const reports: TrainingReport[] = []
    for (const [learner, found] of learnt) reports.push(await trainOne(internals, learner, found, adopts))
    return reports
  } finally {
    await recorded.close()
  }
}

async function trainOne(
  internals: LearningServices,
  learner: LearningClassifier,
  { examples, fromPeople }: LearntExamples,
  adopts: boolean,
): Promise<TrainingReport> {
  const { database, clock, engine } = internals
  const held = examples.filter(isHeldBack)
  const known = { learner: learner.name, examples: examples.length, fromPeople, heldBack: held.length }
  if (held.length < leastHeldBack) return { ...known, outcome: 'too-few', change: null }
  const dataHash = sha256(canonical([learner.examples, examples] as unknown as Json))
  if ((await lastTraining(database, learner.name))?.data_hash === dataHash)
    return { ...known, outcome: 'unchanged', change: null }
  const bytes = await trainElsewhere([...learner.examples, ...examples.filter((each) => !isHeldBack(each))])
  const candidate = loadClassifier(bytes)
  const change = pairedChange(pairsOf(held, learner, candidate))
  // What it was told by the project itself it must still know.
  const own = pairedChange(pairsOf(learner.examples, learner, candidate))
  const isPrecise = precisionOf(held, candidate) >= Math.min(leastPrecision, precisionOf(held, learner))
  const isBetter = change.verdict === 'better' && own.verdict !== 'worse' && isPrecise
  const id = engine.services.newId()
  const at = clock.now()
  const right = (classifier: Classifier) => held.filter((each) => scoreOf(classifier, each) === 1).length
  const [before, now] = [right(learner), right(candidate)]
  const { question, field } = learner
  const summary = { ...known, question, field, right: { before, now }, change, own } as unknown as {
    [name: string]: Json
  }
  await database.transaction(async (session) => {
    await setAsideTrainings(session, learner.name)
    const status = isBetter ? 'proposed' : 'discarded'
    await keepTraining(session, {
      ...{ id, learner: learner.name, made_at: at, data_hash: dataHash, status },
      summary: JSON.stringify(summary),
      bytes: isBetter ? bytes : null,
    })
    if (!isBetter) return
    const title = `Exchange the classifier "${learner.name}": right and sure on ${now} of ${held.length} held-back cases, ${before} before`
    const key = `training:${learner.name}`
    await propose(
      session,
      { kind: 'training', title, body: { ...summary, dataHash }, key, by: 'reeve' },
      { id, at },
    )
  })
  if (!isBetter) return { ...known, outcome: 'not-better', change }
  if (adopts) await decideAsReeve(internals, id, 'adopted', 'it is better on held-back cases beyond chance')
  return { ...known, outcome: adopts ? 'adopted' : 'proposed', change }
}

/** One in four, by its text: the same one each time, so that no classifier is ever tried on what it was trained with. */
function isHeldBack({ text }: Example): boolean {
  return shareOf(text) < 0.25
}

function pairsOf(cases: readonly Example[], before: Classifier, now: Classifier) {
  return cases.map((each) => ({ before: scoreOf(before, each), now: scoreOf(now, each) }))
}

/** Right, wrong, or between them where it is not sure: then the route asks somebody else. */
function scoreOf(classifier: Classifier, { text, label }: Example): number {
  const said = classifier.classify(text)
  if (said.confidence < surely) return 0.5
  return said.label === label ? 1 : 0
}

/** Of what a classifier is sure of, how much is right. One that is sure of nothing is never wrong. */
function precisionOf(cases: readonly Example[], classifier: Classifier): number {
  const sure = cases.map((each) => scoreOf(classifier, each)).filter((score) => score !== 0.5)
  return sure.length === 0 ? 1 : sure.filter((score) => score === 1).length / sure.length
}
