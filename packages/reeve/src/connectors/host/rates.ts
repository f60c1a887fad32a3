import { sha256 } from '../../base/hash.ts'
import { retryAfterMs } from '../../base/time/retry-after.ts'
import { toMs } from '../../base/time/time.ts'
import type { CallRate } from '../../store/spending/call-rates.ts'
import type { ServiceAnswer } from '../door/service-call.ts'
import type { AnyDefinition, RateHeaders, RateSaid } from '../shape/definition.ts'
import type { Mode } from '../shape/mode.ts'

/** How the names of rates of services begin. */
export const serviceRates = 'service:'

/** The rate of one account and class of endpoints, over all workers. */
export function rateFor(
  { rate }: AnyDefinition,
  at: { connection: string; account: string; mode: Mode },
  className: string,
): CallRate {
  const { count, per } = rate.classes?.[className] ?? rate.default
  return {
    name: `${serviceRates}${at.connection}`,
    key: sha256(JSON.stringify([at.account, at.mode, className])).slice(0, 32),
    count,
    perMs: Math.ceil(toMs(per)),
    onWayMs,
  }
}

/** A request of which nothing was heard has arrived by then, or never will. */
const onWayMs = 10_000

/** What an answer says of the rate; undefined: nothing. */
export function saidOf({ rate }: AnyDefinition, answer: ServiceAnswer): RateSaid | undefined {
  const { learn } = rate
  if (learn === undefined) return undefined
  return typeof learn === 'function' ? learn(answer) : saidByHeaders(learn, answer)
}

function saidByHeaders(names: RateHeaders, { headers }: ServiceAnswer): RateSaid | undefined {
  const number = (name: string | undefined) => {
    const text = name === undefined ? undefined : headers[name]
    return text !== undefined && /^\s*\d+(?:\.\d+)?\s*(?:[,;]|$)/.test(text)
      ? Number.parseFloat(text)
      : undefined
  }
  const limit = number(names.limit)
  const remaining = number(names.remaining)
  const said: RateSaid = {}
  if (limit !== undefined && limit >= 1 && names.per !== undefined)
    said.limit = { count: Math.floor(limit), perMs: Math.ceil(toMs(names.per)) }
  if (remaining !== undefined && remaining < 1) {
    const reset = number(names.reset)
    const waitMs =
      retryAfterMs(headers) ?? (reset === undefined ? undefined : leftMs(names, reset, headers.date))
    if (waitMs !== undefined) said.waitMs = Math.min(Math.max(waitMs, 0), mostWaitMs)
  }
  return said.limit || said.waitMs !== undefined ? said : undefined
}

/** By the service's own clock, whatever ours says. */
function leftMs(
  { resetIs = 'seconds-left' }: RateHeaders,
  reset: number,
  date: string | undefined,
): number | undefined {
  if (resetIs === 'seconds-left') return reset * 1000
  const now = Date.parse(date ?? '')
  if (Number.isNaN(now)) return undefined
  return (resetIs === 'epoch-seconds' ? reset * 1000 : reset) - now
}

/** Nothing that a service says stops a connection for longer. */
const mostWaitMs = 24 * 3_600_000

/** Headers of answers that a connector's rate is read from. */
export function rateHeadersOf({ rate: { learn } }: AnyDefinition): string[] {
  if (typeof learn !== 'object') return ['retry-after-ms']
  return [
    'retry-after-ms',
    ...[learn.limit, learn.remaining, learn.reset].filter((name) => name !== undefined),
  ]
}
