import { ReeveError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import { checkOptions } from '../base/options.ts'
import { type Duration, toMs } from '../base/time/time.ts'
import type { CallRate } from '../store/spending/call-rates.ts'

/** How often a tool may be called. */
export interface ToolRate<Args = unknown> {
  /** Calls that may begin in any stretch of time as long as `per`, over all workers: a whole number from 1 on. */
  count: number
  /** Such as `1s` or `1m`. */
  per: Duration
  /** Calls with different texts are counted apart, such as by customer. Default: all together. */
  by?: (args: Args) => string
}

/** A rate as it counts. */
export interface ResolvedRate {
  count: number
  perMs: number
  by: ((args: unknown) => string) | undefined
}

/** @throws `bad-tool` `bad-duration` */
export function resolveRate(tool: string, rate: ToolRate<never> | undefined): ResolvedRate | undefined {
  if (rate === undefined) return undefined
  const what = `the rate of tool "${tool}"`
  checkOptions(rate, what, { count: 'number!', by: 'function' }, 'bad-tool')
  const { count, per, by } = rate
  const perMs = Math.ceil(toMs(per, `\`per\` of ${what}`))
  if (!Number.isSafeInteger(count) || count < 1 || count > most || perMs < 1) {
    throw new ReeveError(
      'bad-tool',
      `Tool "${tool}" has the rate ${count} per ${per}: count must be a whole number from 1 to ${most}, and per longer than 0.`,
    )
  }
  return { count, perMs, by: by as ResolvedRate['by'] }
}

const most = 100_000

/** What one call is counted by. @throws `bad-tool` */
export function rateOf(tool: string, rate: ResolvedRate, args: unknown): CallRate {
  const key = rate.by ? rate.by(args) : ''
  if (typeof key !== 'string') {
    throw new ReeveError('bad-tool', `rate.by of tool "${tool}" gave ${typeof key}; it must give a text.`)
  }
  // What it is counted by may be long, or a secret.
  const counted = key === '' ? '' : sha256(key)
  return { name: `tool:${tool}`, key: counted, count: rate.count, perMs: rate.perMs }
}
