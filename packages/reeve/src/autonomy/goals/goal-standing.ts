import { messageOf } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { type Clock, toMs } from '../../base/time/time.ts'
import type { Metrics } from '../../inspect/health/metrics.ts'
import { workflowMetrics } from '../../inspect/health/workflow-metrics.ts'
import { type GoalChangeRow, goalChanges } from '../../store/autonomy/goal-changes.ts'
import type { Session } from '../../store/database.ts'
import { isWork } from '../work.ts'
import type { Goal, GoalTarget, NamedMetric } from './goal.ts'

/** A goal as it stands now, with what people changed of it. */
export interface GoalStanding {
  name: string
  aim: string
  owner: string
  /** `taskSuccess of support-triage over 7d`, or that the project measures it itself. */
  measuredBy: string
  /** Null: it is not known. */
  value: number | null
  target: GoalTarget
  status: 'met' | 'missed' | 'unknown'
  /** How far it has come, 0 to 1; null: it is not known. */
  progress: number | null
  /** The day on which a person looks at it again. */
  review: string
  isReviewDue: boolean
  /** US dollars a day; null: no limit of its own. */
  dayUsd: number | null
  /** Why its value is not known; null: it is, or there is nothing to go by yet. */
  problem: string | null
}

/** What people may change of a goal. */
export interface GoalChange {
  owner?: string
  target?: GoalTarget
  review?: string
  dayUsd?: number | null
}

const measureWithinMs = 5_000

/** The goals with what people changed of them laid over the code, the newest change last. */
export async function changedGoals(session: Session, goals: readonly Goal[]): Promise<Goal[]> {
  if (goals.length === 0) return []
  const changes = Map.groupBy(await goalChanges(session), ({ goal }) => goal)
  return goals.map((each) => (changes.get(each.name) ?? []).reduce(withChange, each))
}

function withChange(goal: Goal, { change }: GoalChangeRow): Goal {
  return { ...goal, ...(JSON.parse(change) as GoalChange) }
}

/**
 * Measures goals. A function gets 5 seconds by the clock.
 * A goal whose function throws is unknown, with why: no daemon stops for it.
 */
export async function goalStandings(
  session: Session,
  goals: readonly Goal[],
  clock: Clock,
): Promise<GoalStanding[]> {
  const standings: GoalStanding[] = []
  for (const goal of await changedGoals(session, goals))
    standings.push(await standingOf(session, goal, clock))
  return standings
}

async function standingOf(session: Session, goal: Goal, clock: Clock): Promise<GoalStanding> {
  const { name, aim, owner, metric, target, review, dayUsd } = goal
  const { value, problem } = await measuredValue(session, metric, clock)
  return {
    name,
    aim,
    owner,
    measuredBy: typeof metric === 'function' ? 'its own function' : nameOf(metric),
    value,
    target,
    status: value === null ? 'unknown' : isMet(value, target) ? 'met' : 'missed',
    progress: value === null ? null : progressOf(value, target),
    review,
    isReviewDue: Date.parse(review) <= clock.now(),
    dayUsd,
    problem,
  }
}

async function measuredValue(
  session: Session,
  metric: Goal['metric'],
  clock: Clock,
): Promise<{ value: number | null; problem: string | null }> {
  try {
    const value =
      typeof metric === 'function'
        ? await measured(metric, clock)
        : await namedValue(session, metric, clock.now())
    if (value === null || Number.isFinite(value)) return { value, problem: null }
    return { value: null, problem: `its function gave ${String(value)}, which is not a number` }
  } catch (error) {
    return { value: null, problem: messageOf(error) }
  }
}

/** A function that does not look at its signal is not waited for either. */
async function measured(metric: Exclude<Goal['metric'], NamedMetric>, clock: Clock): Promise<number | null> {
  const controller = new AbortController()
  const late = Promise.withResolvers<never>()
  const cancel = clock.after(measureWithinMs, () => {
    const error = new DOMException(`It took longer than ${measureWithinMs} ms`, 'TimeoutError')
    controller.abort(error)
    late.reject(error)
  })
  try {
    return await Promise.race([metric(controller.signal), late.promise])
  } finally {
    cancel()
  }
}

function nameOf({ metric, workflow, over = '7d' }: NamedMetric): string {
  return `${metric} of ${workflow ?? 'all workflows'} over ${over}`
}

async function namedValue(
  session: Session,
  { metric, workflow, over = '7d' }: NamedMetric,
  now: number,
): Promise<number | null> {
  const { workflows } = await workflowMetrics(session, now - toMs(over), metric)
  const own = workflows.filter((each) =>
    workflow === undefined ? isWork(each.workflow) : each.workflow === workflow,
  )
  if (own.length === 0) return null
  if (own.length === 1) return own[0]!.total[metric]
  return meanOf(
    own.map(({ total }) => total),
    metric,
  )
}

/** Weighed by how many runs ended. */
function meanOf(all: readonly Metrics[], metric: NamedMetric['metric']): number | null {
  if (metric === 'blockedToolCalls')
    return all.reduce((sum, { blockedToolCalls }) => sum + blockedToolCalls, 0)
  const known = all.filter((each) => each[metric] !== null && each.ended > 0)
  const ended = known.reduce((sum, each) => sum + each.ended, 0)
  return ended === 0 ? null : known.reduce((sum, each) => sum + each[metric]! * each.ended, 0) / ended
}

function isMet(value: number, target: GoalTarget): boolean {
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost
}

/** 1 from the target on; below it the share of it that is reached. */
function progressOf(value: number, target: GoalTarget): number {
  if (isMet(value, target)) return 1
  const share = 'atLeast' in target ? value / target.atLeast : target.atMost / value
  return Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0
}

/** For those who only compare: of a change, what stood before of its fields. */
export function fieldsBefore(goal: Goal, change: GoalChange): { [field: string]: Json } {
  return Object.fromEntries(
    Object.keys(change).map((field) => [field, goal[field as keyof GoalChange] as Json]),
  )
}
