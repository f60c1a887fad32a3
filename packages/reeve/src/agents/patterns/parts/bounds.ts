import { formatUsd, toUsd, type Usd } from '../../../base/money.ts'
import { wholeNumber } from '../../../base/numbers.ts'
import { type Duration, formatMs, toWaitMs } from '../../../base/time/time.ts'
import type { PatternContext } from './doer.ts'

/**
 * Where a pattern stops going on, besides its count of rounds. Looked at between its parts: what is under way is
 * finished, so give hard ceilings to its agents or to the workflow.
 */
export interface Bounds {
  /** What the whole run may spend from the pattern's start on. */
  cost?: Usd
  /** From the pattern's start. */
  time?: Duration
}

/**
 * A pattern's counts (rounds, branches, the most of a plan) as whole numbers from 1 on: with another it would end at once
 * with nothing done, or never.
 * @throws `bad-number`
 */
export function checkCounts(pattern: string, counts: Record<string, number>): void {
  for (const [count, value] of Object.entries(counts)) wholeNumber(value, `\`${count}\` of ${pattern}`)
}

export interface BoundReached {
  why: 'cost' | 'time'
  reason: string
}

/** Starts to measure; the returned function says which bound is reached. The same on replay. */
export function startBounds(ctx: PatternContext, bounds: Bounds): () => BoundReached | undefined {
  const costUsd = bounds.cost === undefined ? Number.POSITIVE_INFINITY : toUsd(bounds.cost)
  const timeMs =
    bounds.time === undefined ? Number.POSITIVE_INFINITY : toWaitMs(bounds.time, '`time` of a pattern')
  const { spentUsd } = ctx
  const startedAt = ctx.now().getTime()
  return () => {
    const cost = ctx.spentUsd - spentUsd
    if (cost >= costUsd)
      return { why: 'cost', reason: `${formatUsd(cost)} of ${formatUsd(costUsd)} are spent` }
    const ms = ctx.now().getTime() - startedAt
    if (ms >= timeMs) return { why: 'time', reason: `${formatMs(ms)} of ${formatMs(timeMs)} have gone by` }
    return undefined
  }
}
