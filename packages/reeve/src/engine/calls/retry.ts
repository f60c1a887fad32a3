import { ReeveError } from '../../base/errors.ts'
import { checkOption, optionNames, refuseUnknownOptions } from '../../base/options.ts'
import { backoffMs } from '../../base/time/backoff.ts'
import { type Duration, toMs } from '../../base/time/time.ts'

/** How often, and how far apart, a failing step is tried. */
export interface RetryPolicy {
  /** All attempts together. Default 3. */
  attempts?: number | undefined
  /** Before the second attempt. Default `500ms`. */
  delay?: Duration | undefined
  /** The delay grows by this factor with each attempt: a finite number from 1 on. Default 2. */
  factor?: number | undefined
  /** The longest delay. Default `5m`. */
  maxDelay?: Duration | undefined
  /** The longest wait that a receiver may ask for (`retryAfterMs` of its error); more is cut to it. Default `1h`. */
  maxRetryAfter?: Duration | undefined
}

const policyOptions = optionNames<RetryPolicy>({
  attempts: true,
  delay: true,
  factor: true,
  maxDelay: true,
  maxRetryAfter: true,
})

export interface ResolvedRetry {
  attempts: number
  delayMs: number
  factor: number
  maxDelayMs: number
  maxRetryAfterMs: number
}

const standard: ResolvedRetry = {
  attempts: 3,
  delayMs: 500,
  factor: 2,
  maxDelayMs: 300_000,
  maxRetryAfterMs: 3_600_000,
}

/** @throws `bad-retry` `bad-duration` */
export function resolveRetry(policy: RetryPolicy | undefined): ResolvedRetry {
  if (policy === undefined) return standard
  checkOption(policy, 'A retry policy (`retry`)', 'object', 'bad-retry')
  refuseUnknownOptions(policy, 'A retry policy (`retry`)', policyOptions, 'bad-retry')
  const attempts = policy.attempts ?? standard.attempts
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new ReeveError(
      'bad-retry',
      `retry.attempts is ${String(attempts)}; it must be a whole number from 1 on (1: no retry).`,
    )
  }
  const factor = policy.factor ?? standard.factor
  if (!Number.isFinite(factor) || factor < 1) {
    throw new ReeveError(
      'bad-retry',
      `retry.factor is ${String(factor)}; it must be a finite number from 1 on (1: the delay stays the same).`,
    )
  }
  return {
    attempts,
    delayMs: policy.delay === undefined ? standard.delayMs : toMs(policy.delay, '`retry.delay`'),
    factor,
    maxDelayMs:
      policy.maxDelay === undefined ? standard.maxDelayMs : toMs(policy.maxDelay, '`retry.maxDelay`'),
    maxRetryAfterMs:
      policy.maxRetryAfter === undefined
        ? standard.maxRetryAfterMs
        : toMs(policy.maxRetryAfter, '`retry.maxRetryAfter`'),
  }
}

/**
 * The delay after the failed attempt number `attempt`: exponential, spread over ±20 % so that runs that failed
 * together do not come back together. `random` is 0..1. A receiver that names a time is obeyed, within bounds.
 */
export function delayAfter(policy: ResolvedRetry, attempt: number, random: number, error: unknown): number {
  const { delayMs: firstMs, factor, maxDelayMs: longestMs } = policy
  const grown = backoffMs({ firstMs, factor, longestMs }, attempt)
  const spread = grown * (0.8 + 0.4 * random)
  return Math.max(Math.min(askedOr0(error), policy.maxRetryAfterMs), spread)
}

/** None where the error cannot be read. */
function askedOr0(error: unknown): number {
  try {
    return askedMs(error) ?? 0
  } catch {
    return 0
  }
}

/** So far back a wait is looked for; causes may go round in a circle. */
const mostCauses = 10

/** `retryAfterMs` of an error, of its `details`, or of what caused it. */
function askedMs(error: unknown, depth = 0): number | undefined {
  if (!(error instanceof Error) || depth > mostCauses) return undefined
  const own = 'retryAfterMs' in error ? error.retryAfterMs : undefined
  const asked = error instanceof ReeveError ? (error.details?.retryAfterMs ?? own) : own
  return typeof asked === 'number' && asked > 0 ? asked : askedMs(error.cause, depth + 1)
}
