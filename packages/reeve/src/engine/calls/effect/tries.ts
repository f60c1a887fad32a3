import { ReeveError } from '../../../base/errors.ts'
import { payloadOf } from '../../../store/journal/events.ts'
import type { JournalEvent } from '../../../store/journal/journal.ts'
import { type ResolvedRetry, resolveRetry } from '../retry.ts'
import type { Effect } from './definition.ts'

/** After these waits, some four minutes together, an outage counts as a failure for good. */
export const ofOutage: ResolvedRetry = { ...resolveRetry({ delay: '500ms', maxDelay: '1m' }), attempts: 11 }

/**
 * How often an effect may be tried. Only failures count; an attempt that its process did not survive is made again without counting.
 * Where nobody says how often, failures by an outage of its service count by themselves: they are tried for some minutes, and anew
 * each time that the effect has waited until its account was there again.
 */
export class Tries {
  readonly #policy: ResolvedRetry
  readonly #outlasts: boolean
  #failures = 0
  #outages = 0

  /** `opened`: what the journal has of it since its run was retried. */
  constructor({ retry, outlastsOutages = false }: Effect, opened: readonly JournalEvent[]) {
    this.#policy = resolveRetry(retry)
    this.#outlasts = outlastsOutages && retry === undefined
    for (const event of opened) {
      if (event.type === 'effect-retrying')
        this.#count(payloadOf(event, 'effect-retrying').error ?? { code: '' })
      else if (event.type === 'effect-paced' && payloadOf(event, 'effect-paced').until !== undefined)
        this.waited()
    }
  }

  /** Whether there may be one more after this error; without one, after any that is no outage. */
  isLeft(error?: unknown): boolean {
    if (this.#outlasts && error instanceof ReeveError && isOutage(error))
      return this.#outages + 1 < ofOutage.attempts
    return this.#failures + 1 < this.#policy.attempts
  }

  /** One failed. Answers which failure of its kind it was, and how long such are waited after. */
  failed(error: unknown): { policy: ResolvedRetry; failure: number } {
    const its = error instanceof ReeveError ? error : { code: '' }
    return this.#count(its)
  }

  /** It waited until what it needs was there. */
  waited(): void {
    this.#outages = 0
  }

  #count(error: { code: string; details?: unknown }): { policy: ResolvedRetry; failure: number } {
    if (this.#outlasts && isOutage(error)) return { policy: ofOutage, failure: ++this.#outages }
    return { policy: this.#policy, failure: ++this.#failures }
  }
}

/** Nobody answered, or not what the service answers when it is well: it may soon. */
function isOutage({ code, details }: { code: string; details?: unknown }): boolean {
  return code === 'timeout' || (details as { outage?: unknown } | undefined)?.outage === true
}
