import { ReeveError } from '../base/errors.ts'
import { type Duration, toMs } from '../base/time.ts'

/** How often, and how far apart, a failing step is tried. */
export interface RetryPolicy {
  /** All attempts together. Default 3. */
  attempts?: number
  /** Before the second attempt. Default `500ms`. */
  delay?: Duration
  /** The delay grows by this factor with each attempt. Default 2. */
  factor?: number
  /** The longest delay. Default `5m`. */
  maxDelay?: Duration
}

export interface ResolvedRetry {
  attempts: number
  delayMs: number
  factor: number
  maxDelayMs: number
}

const standard: ResolvedRetry = { attempts: 3, delayMs: 500, factor: 2, maxDelayMs: 300_000 }

/** @throws `bad-retry` `bad-duration` */
export function resolveRetry(policy: RetryPolicy | undefined): ResolvedRetry {
  if (!policy) return standard
  const attempts = policy.attempts ?? standard.attempts
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new ReeveError(
      'bad-retry',
      `retry.attempts is ${attempts}; it must be a whole number from 1 on (1: no retry).`,
    )
  }
  return {
    attempts,
    delayMs: policy.delay === undefined ? standard.delayMs : toMs(policy.delay),
    factor: policy.factor ?? standard.factor,
    maxDelayMs: policy.maxDelay === undefined ? standard.maxDelayMs : toMs(policy.maxDelay),
  }
}

/**
 * The delay after the failed attempt number `attempt`: exponential, spread over ±20 % so that runs that failed
 * together do not come back together. `random` is 0..1. A receiver that names a time (`retryAfterMs`) is obeyed.
 */
export function delayAfter(policy: ResolvedRetry, attempt: number, random: number, error: unknown): number {
  const asked = error instanceof ReeveError ? error.details.retryAfterMs : undefined
  const grown = Math.min(policy.delayMs * policy.factor ** (attempt - 1), policy.maxDelayMs)
  const spread = grown * (0.8 + 0.4 * random)
  return typeof asked === 'number' ? Math.max(asked, spread) : spread
}
