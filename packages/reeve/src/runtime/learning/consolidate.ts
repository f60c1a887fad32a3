import { contradict } from '../../autonomy/lessons/contradictions.ts'
import { runFacts } from '../../autonomy/lessons/facts.ts'
import { type FoundLesson, isHeldBack, keyOfLesson, type LessonBody } from '../../autonomy/lessons/lesson.ts'
import { type ContradictionBody, lessonOf } from '../../autonomy/lessons/lesson-effects.ts'
import { measureLesson } from '../../autonomy/lessons/measure.ts'
import { lessonsOfPeople } from '../../autonomy/lessons/mine-corrections.ts'
import { costlyWhen, failuresWhen } from '../../autonomy/lessons/mine-runs.ts'
import type { Json } from '../../base/json/json.ts'
import type { BudgetPlan } from '../../models/asking/budget.ts'
import { lessonsInForce, noteMeasured } from '../../store/learning/lessons.ts'
import { listProposals, type ProposalRow, propose } from '../../store/proposals/proposals.ts'
import { decideAsReeve } from './decide-as-reeve.ts'
import { isFounded } from './founded.ts'
import type { LearningServices } from './learning-services.ts'
import { RecordedQuestions } from './recorded-questions.ts'
import { tryLesson, verdictOf } from './trying.ts'

const dayMs = 86_400_000
/** What was decided against is not brought up again for so long. */
const restMs = { person: 90 * dayMs, reeve: 7 * dayMs }
const mostKnown = 1000

/** A lesson that was found, with its sentence as somebody words it. */
export type WordedLesson = FoundLesson & { wording: string }

/** Measures the lessons in force by the runs since then, and withdraws those that do not help. Answers the ids of those. */
export async function measureLessons(internals: LearningServices, since: number): Promise<string[]> {
  const { database } = internals
  const lessons = await lessonsInForce(database)
  if (lessons.length === 0) return []
  const { facts } = await runFacts(database, Math.min(since, ...lessons.map(({ adopted_at }) => adopted_at)))
  const withdrawn: string[] = []
  for (const lesson of lessons) {
    const measured = measureLesson(lesson, facts)
    await noteMeasured(database, lesson.id, JSON.stringify(measured))
    if (measured.against === null) continue
    await decideAsReeve(internals, lesson.id, 'withdrawn', measured.against)
    withdrawn.push(lesson.id)
  }
  return withdrawn
}

/** What the rules find in failures, costs and corrections since then, and nobody decided about lately. */
export async function findLessons(
  { database, clock }: LearningServices,
  since: number,
): Promise<FoundLesson[]> {
  const { facts, corrected } = await runFacts(database, since)
  const learnt = facts.filter(({ run }) => !isHeldBack(run))
  const found = [
    ...failuresWhen(learnt),
    ...costlyWhen(learnt),
    ...lessonsOfPeople(corrected.filter(({ run }) => !isHeldBack(run))),
  ]
  const known = await listProposals(database, { kind: 'lesson', limit: mostKnown })
  const news = found.filter((each) => isNews(each, known, clock.now()))
  const founded: FoundLesson[] = []
  for (const each of news) if (await isFounded(database, each)) founded.push(each)
  return founded
}

function isNews(found: FoundLesson, known: readonly ProposalRow[], now: number): boolean {
  const key = keyOfLesson(found)
  const last = known.find((each) => each.key === key)
  if (!last) return true
  if (last.status === 'open') return sizeOf(found) >= 1.5 * sizeOf(lessonOf(last))
  if (last.status === 'adopted') return false
  return (
    now - (last.decided_at ?? last.made_at) >= (last.decided_by === 'reeve' ? restMs.reeve : restMs.person)
  )
}

function sizeOf({ evidence: { figures } }: FoundLesson): number {
  return figures.times ?? figures.failed ?? figures.runs ?? 0
}

/** What became of a lesson that was found. */
export interface TriedLesson {
  id: string
  text: string
  outcome: 'adopted' | 'discarded' | 'open' | 'contradicts'
}

/**
 * Tries a lesson on held-back runs, proposes it with what that came to, and adopts or discards it where that is clear. What it cannot
 * tell, and what contradicts another lesson, waits for a person.
 */
export async function tryAndPropose(
  internals: LearningServices,
  found: WordedLesson,
  { since, adopts, budgets }: { since: number; adopts: boolean; budgets: BudgetPlan },
): Promise<TriedLesson> {
  const { database, clock, engine } = internals
  const { facts, corrected } = await runFacts(database, since)
  const recorded = await RecordedQuestions.open(internals, budgets)
  const { trial, question } = await tryLesson(found, { database, recorded, facts, corrected }).finally(() =>
    recorded.close(),
  )
  const body: LessonBody = { ...found, question: found.question ?? question, trial }
  const at = clock.now()
  const key = keyOfLesson(found)
  const { id } = await database.transaction((session) =>
    propose(
      session,
      {
        kind: 'lesson',
        title: body.text.slice(0, 200),
        body: body as unknown as { [name: string]: Json },
        key,
        by: 'reeve',
      },
      { id: engine.services.newId(), at },
    ),
  )
  const told = { id, text: body.text }
  const verdict = verdictOf(trial)
  if (verdict === 'discard') {
    await decideAsReeve(internals, id, 'rejected', 'on runs that it was not found in it made nothing better')
    return { ...told, outcome: 'discarded' }
  }
  const against = await contradicted(internals, id, body)
  if (against) {
    await flag(internals, against, { id, body })
    return { ...told, outcome: 'contradicts' }
  }
  if (verdict !== 'adopt' || !adopts) return { ...told, outcome: 'open' }
  await decideAsReeve(
    internals,
    id,
    'adopted',
    `better in ${trial!.better} of ${trial!.cases} runs that it was not found in, worse in ${trial!.worse}`,
  )
  return { ...told, outcome: 'adopted' }
}

/** An adopted or open lesson that cannot be followed together with this one. */
async function contradicted(
  { database }: LearningServices,
  id: string,
  body: LessonBody,
): Promise<ProposalRow | undefined> {
  const others = (await listProposals(database, { kind: 'lesson', limit: mostKnown })).filter(
    ({ status, id: other }) => other !== id && (status === 'adopted' || status === 'open'),
  )
  return others.find((other) => contradict(lessonOf(other), body))
}

async function flag(
  { database, clock, engine }: LearningServices,
  older: ProposalRow,
  { id, body }: { id: string; body: LessonBody },
): Promise<void> {
  const before = lessonOf(older)
  const sides: ContradictionBody = {
    one: { id: older.id, text: before.text, status: older.status, evidence: before.evidence },
    other: { id, text: body.text, evidence: body.evidence },
    adopting: 'takes the other one, and gives up the one',
    rejecting: 'keeps the one, and rejects the other',
  }
  const proposal = {
    kind: 'contradiction' as const,
    title: `Two lessons about ${body.workflow} contradict each other`,
    body: sides as unknown as { [name: string]: Json },
    key: `contradiction:${[older.id, id].sort().join(':')}`,
    by: 'reeve',
  }
  await database.transaction((session) =>
    propose(session, proposal, { id: engine.services.newId(), at: clock.now() }),
  )
}
