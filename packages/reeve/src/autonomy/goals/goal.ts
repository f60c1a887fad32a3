import { ReeveError } from '../../base/errors.ts'
import { toUsd, type Usd } from '../../base/money.ts'
import { checkOptions } from '../../base/options.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { checkText } from '../../base/text/text.ts'
import { type Duration, toMs } from '../../base/time/time.ts'

/** The six metrics that a goal may be measured by without code of its own. */
export const goalMetrics = [
  'taskSuccess',
  'humanCorrectionRate',
  'iterationsPerCompletedTask',
  'costPerSuccessfulRunUsd',
  'escalationRate',
  'blockedToolCalls',
] as const

/** One of the six metrics. */
export type GoalMetric = (typeof goalMetrics)[number]

/** By what a goal is measured: one of the six metrics, of one workflow or of all. */
export interface NamedMetric {
  metric: GoalMetric
  /** Default: all workflows together. */
  workflow?: string
  /** The time up to now that counts. Default `7d`. */
  over?: Duration
}

/** What the value must be: no less, or no more than this. */
export type GoalTarget = { atLeast: number } | { atMost: number }

/** A standing goal as its file declares it. */
export interface GoalDefinition {
  /** Default: the file's name. */
  name?: string
  /** What it is good for, in a sentence: daemons read it. */
  aim: string
  /** Who answers for it: a person. */
  owner: string
  /**
   * By what it is measured: one of the six metrics, or a function that gives the value now (null: not known). It is called
   * at each wake, outside of any run: it must be quick, and change nothing.
   */
  metric: NamedMetric | ((signal: AbortSignal) => number | null | Promise<number | null>)
  /** What the value must be. */
  target: GoalTarget
  /** When a person looks whether it is still the right one: `2027-03-01`. */
  review: string
  /** The most that decisions which serve it may cost in a day (UTC). Default: no limit of its own. */
  budget?: Usd
}

/** A goal as daemons serve it. */
export interface Goal extends Required<Omit<GoalDefinition, 'budget' | 'metric'>> {
  readonly kind: 'reeve-goal'
  metric: GoalDefinition['metric']
  /** US dollars a day; null: no limit of its own. */
  dayUsd: number | null
}

/**
 * Declares a standing goal: a file in `goals/` exports it as its default.
 * @throws `bad-goal` `bad-amount` `bad-duration`
 * @example
 * import { goal } from 'reeve'
 *
 * export default goal({
 *   aim: 'Tickets are answered without a person having to correct them',
 *   owner: 'ada',
 *   metric: { metric: 'humanCorrectionRate', workflow: 'support-triage', over: '30d' },
 *   target: { atMost: 0.05 },
 *   review: '2027-03-01',
 * })
 */
export function goal(definition: GoalDefinition): Goal {
  const what = typeof definition?.name === 'string' ? `goal ${describeValue(definition.name)}` : 'a goal'
  const rules = {
    name: 'text',
    aim: 'text!',
    owner: 'text!',
    metric: ['object', 'function'],
    target: 'object!',
    review: 'text!',
  } as const
  checkOptions(definition, what, rules, 'bad-goal')
  const { name, aim, owner, metric, target, review, budget } = definition
  if (name !== undefined) checkText(name, 'The name of a goal')
  checkText(owner, `\`owner\` of ${what}`)
  checkMetric(metric, what)
  checkTarget(target, what)
  checkReview(review, what)
  const dayUsd = budget === undefined ? null : toUsd(budget, `\`budget\` of ${what}`)
  return { kind: 'reeve-goal', name: name ?? '', aim, owner, metric, target, review, dayUsd }
}

export function isGoal(value: unknown): value is Goal {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'reeve-goal'
}

function checkMetric(metric: unknown, what: string): void {
  if (typeof metric === 'function') return
  const rules = { metric: 'text!', workflow: 'text' } as const
  checkOptions(metric, `\`metric\` of ${what}`, rules, 'bad-goal')
  const { metric: name, over } = metric as NamedMetric
  if (!goalMetrics.includes(name))
    throw new ReeveError(
      'bad-goal',
      `\`metric\` of ${what} is ${describeValue(name)}; it must be a function, or one of: ${goalMetrics.join(', ')}.`,
    )
  if (over !== undefined) toMs(over, `\`over\` of ${what}`)
}

/** @throws `bad-goal` */
export function checkTarget(target: unknown, what: string): void {
  const entries = Object.entries(target as object)
  const [side, value] = entries[0] ?? []
  const isOne = entries.length === 1 && (side === 'atLeast' || side === 'atMost') && Number.isFinite(value)
  if (isOne) return
  throw new ReeveError(
    'bad-goal',
    `\`target\` of ${what} is ${JSON.stringify(target)}; write { atLeast: 0.9 } or { atMost: 0.1 }.`,
  )
}

/** @throws `bad-goal` */
export function checkReview(review: string, what: string): void {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(review) && !Number.isNaN(Date.parse(review))
  if (!isDay)
    throw new ReeveError(
      'bad-goal',
      `\`review\` of ${what} is ${describeValue(review)}; write a day, such as 2027-03-01.`,
    )
}
