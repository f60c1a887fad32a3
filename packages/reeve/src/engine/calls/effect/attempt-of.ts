import type { CallSite } from '../../call-site.ts'
import type { Call } from '../../replay/call.ts'
import type { Effect, EffectAttempt } from './definition.ts'
import { revealFor } from './secrets-of-effect.ts'

/** The effect, as far as its attempts show it to a tool. */
export interface AttemptOf {
  readonly site: CallSite
  readonly call: Call
  readonly effect: Effect
  readonly key: string
}

/** `arrived`: of one that its rate allowed. */
export function attemptOf(
  of: AttemptOf,
  attempt: number,
  signal: AbortSignal,
  arrived?: EffectAttempt['arrived'],
): EffectAttempt {
  const { site, call, effect, key } = of
  return {
    key,
    attempt,
    signal,
    secrets: site.services.secrets,
    reveal: (secret) => revealFor(site, effect, secret),
    account: effect.account,
    host: site.services.host,
    arrived,
    // Only tools that send something ask for it.
    get traceparent() {
      return site.traceparentOf(call)
    },
  }
}
