import { unpairedChange } from '../../evals/statistics/unpaired.ts'
import type { PairedChange } from '../../inspect/evals/eval-view.ts'
import type { LessonInForce } from '../../store/learning/lessons.ts'
import type { RunFact } from './facts.ts'
import { type Condition, holds } from './features.ts'
import { isWithheld } from './lesson.ts'

/** How runs with a lesson did against those without, since it was adopted. */
export interface MeasuredLesson {
  with: { runs: number; good: number }
  without: { runs: number; good: number }
  /** Of the share that went well; null: one of the two has no run. */
  change: Pick<PairedChange, 'mean' | 'low' | 'high' | 'p' | 'verdict'> | null
  /** Why it is to be withdrawn; null: it stays. */
  against: string | null
}

/** So many runs with a lesson, and so many without, in which it may show what it is good for. */
const patience = { with: 80, without: 20 }
/** Runs of what is to be avoided that went well all the same. */
const leastAgainst = 3

/**
 * Measures a lesson by the runs that went with and without it. One that makes things worse beyond chance is withdrawn, and so is one that
 * had its time and made nothing better. What is to be avoided is still done by those that go without: once most of that goes well, the
 * lesson does not hold any more.
 */
export function measureLesson(lesson: LessonInForce, facts: readonly RunFact[]): MeasuredLesson {
  const since = facts.filter(({ createdAt }) => createdAt >= lesson.adopted_at)
  return lesson.act === 'avoid' ? measureAvoided(lesson, since) : measureTold(lesson, since)
}

function measureTold(lesson: LessonInForce, facts: readonly RunFact[]): MeasuredLesson {
  // What a daemon is told counts by what came of its decisions.
  const own = facts.filter(({ workflow, decidedBy }) => [workflow, decidedBy].includes(lesson.workflow))
  const isWithout = ({ run, cycle, decidedBy }: RunFact) =>
    isWithheld(lesson.id, decidedBy === lesson.workflow ? cycle! : run, lesson.withheld)
  const [told, kept] = [own.filter((each) => !isWithout(each)), own.filter(isWithout)]
  const good = (runs: readonly RunFact[]) => runs.filter(({ isGood }) => isGood).length
  const arms = {
    with: { runs: told.length, good: good(told) },
    without: { runs: kept.length, good: good(kept) },
  }
  if (told.length === 0 || kept.length === 0) return { ...arms, change: null, against: null }
  const change = unpairedChange(arms.without, arms.with)
  const hadItsTime = told.length >= patience.with && kept.length >= patience.without
  const against =
    change.verdict === 'worse'
      ? 'runs with it do worse than those without it'
      : hadItsTime && change.mean <= 0
        ? `${told.length} runs with it did no better than ${kept.length} without it`
        : null
  return { ...arms, change, against }
}

function measureAvoided(lesson: LessonInForce, facts: readonly RunFact[]): MeasuredLesson {
  const condition = JSON.parse(lesson.condition ?? 'null') as Condition | null
  const own = facts.filter(({ workflow }) => workflow === lesson.workflow)
  const isDone = ({ features }: RunFact) => condition !== null && holds(condition, features)
  const done = own.filter(isDone)
  const others = own.filter((each) => !isDone(each))
  const good = done.filter(({ isFailure }) => !isFailure).length
  const otherGood = others.filter(({ isFailure }) => !isFailure).length
  const isOver = good >= leastAgainst && good / done.length > 0.5
  return {
    with: { runs: others.length, good: otherGood },
    without: { runs: done.length, good },
    change: null,
    against: isOver ? `${good} of ${done.length} such runs went well since: it does not hold any more` : null,
  }
}
