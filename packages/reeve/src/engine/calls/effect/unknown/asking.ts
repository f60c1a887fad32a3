import { isRetryable, messageOf } from '../../../../base/errors.ts'
import { newEvent, payloadOf } from '../../../../store/journal/events.ts'
import type { JournalEvent } from '../../../../store/journal/journal.ts'
import { awaitedRow } from '../../../../store/runs/awaited.ts'
import type { CallSite } from '../../../call-site.ts'
import type { Call } from '../../../replay/call.ts'
import { delayAfter } from '../../retry.ts'
import { whenDue } from '../../step.ts'
import { awaitUntil } from '../await-until.ts'
import { type Effect, PutOff } from '../definition.ts'
import { ofOutage } from '../tries.ts'

interface Asker {
  readonly site: CallSite
  readonly call: Call
  readonly effect: Effect
  stopAwaiting: () => void
}

/**
 * The outside system is asked whether an attempt took effect, and cannot be asked now: it is asked again, durably, for some
 * minutes, and as long as its account is known to be away; only then a person is.
 */
export class Asking {
  readonly #asker: Asker
  #attempt = 0
  #failures = 0

  /** `opened`: what the journal has of the effect since its run was retried. */
  constructor(asker: Asker, opened: readonly JournalEvent[]) {
    this.#asker = asker
    const last = opened.at(-1)
    if (last?.type !== 'effect-unverified') return
    const { attempt, failures } = payloadOf(last, 'effect-unverified')
    this.#attempt = attempt
    this.#failures = failures
  }

  /** Why nothing may be sent to it now. */
  async closed(): Promise<PutOff | undefined> {
    const { site, effect } = this.#asker
    return site.aborted ? undefined : effect.gate?.ask(site.services.host, site.run)
  }

  /** Whether it is asked again, by `ask`, after this error of asking; `reason`: why the outcome is not known. */
  isLater(attempt: number, reason: string, error: unknown, ask: () => Promise<void>): boolean {
    const { site, call } = this.#asker
    if (attempt !== this.#attempt) this.#failures = 0
    this.#attempt = attempt
    if (site.aborted || !isRetryable(error)) return false
    if (error instanceof PutOff) this.#failures = 0
    else if (++this.#failures >= ofOutage.attempts) return false
    const { services } = site
    const now = services.clock.now()
    const at = error instanceof PutOff ? error.at : now + this.#delayMs(error)
    const dueAt = Math.ceil(Math.max(at, now + 1))
    const until = error instanceof PutOff ? error.until : undefined
    const rows = until === undefined ? [] : [awaitedRow({ what: until, run: site.run.no, step: call.step })]
    this.#note({ reason, problem: messageOf(error), dueAt, until }, { rows })
    this.wait({ reason, dueAt, until }, ask)
    return true
  }

  /** Until it may be asked again. */
  wait(
    { reason, dueAt, until }: { reason: string; dueAt: number; until?: string | undefined },
    ask: () => Promise<void>,
  ): Promise<void> | void {
    const { site, call } = this.#asker
    if (until === undefined) return whenDue(site, call, dueAt, ask)
    this.#asker.stopAwaiting = awaitUntil(site, call, { until, dueAt }, () => {
      this.#note({ reason, dueAt: site.services.clock.now() }, { join: true })
      return ask()
    })
  }

  #delayMs(error: unknown): number {
    return delayAfter(ofOutage, this.#failures, this.#asker.site.services.random(), error)
  }

  #note(
    told: { reason: string; problem?: string; dueAt: number; until?: string | undefined },
    options: Parameters<CallSite['append']>[2],
  ): void {
    const { site, call } = this.#asker
    const { until, ...of } = told
    const event = {
      attempt: this.#attempt,
      failures: this.#failures,
      ...of,
      ...(until !== undefined && { until }),
    }
    site.append(call, newEvent('effect-unverified', event), options)
  }
}
