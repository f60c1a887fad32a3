import { errorOf, payloadOf } from '../../../../store/journal/events.ts'
import type { JournalEvent } from '../../../../store/journal/journal.ts'

/**
 * Whether an effect may have happened by what was done for it so far:
 *
 *   intended → not sent, or certainly refused → as before this attempt
 *            ↘ failed otherwise, or its process died → it may have happened, whatever later attempts come to
 *            ↘ unknown → somebody says that it did not happen: it has not
 *
 * Only what certainly did not happen is given back: what it had of effect budgets, and its business key.
 */
export class Doubt {
  /** An attempt before the last one may have taken effect. */
  #before = false
  /** The attempt whose intent may have been sent, and of which nothing more is known. */
  #last: number | undefined
  #isAsked = false

  /** `events`: all that the journal has of it, before and since its run was retried. */
  constructor(events: readonly JournalEvent[]) {
    for (const event of events) this.#read(event)
  }

  /** By an attempt before the one that is under way. */
  get mayHaveHappenedBefore(): boolean {
    return this.#before
  }

  get mayHaveHappened(): boolean {
    return this.#before || this.#last !== undefined
  }

  #read(event: JournalEvent): void {
    // Nothing follows upon a question but what was answered: that it did not happen.
    if (this.#isAsked && event.type !== 'effect-unknown') this.cleared()
    if (event.type === 'effect-intended') this.intended(payloadOf(event, 'effect-intended').attempt)
    else if (event.type === 'effect-retrying') this.failed(payloadOf(event, 'effect-retrying').error?.code)
    else if (event.type === 'effect-failed') this.failed(errorOf(event).code)
    else if (event.type === 'effect-unknown') this.#isAsked = true
    else if (event.type === 'effect-paced' || event.type === 'effect-shared')
      this.notSent(payloadOf(event, 'effect-paced', 'effect-shared').attempt)
  }

  /** The same attempt is intended anew only when it was not sent. */
  intended(attempt: number): void {
    this.notSent(attempt)
    this.#last = attempt
  }

  /** This attempt; of another one before it, nothing is known. */
  notSent(attempt: number): void {
    if (this.#last !== undefined && this.#last !== attempt) this.#before = true
    this.#last = undefined
  }

  /** The attempt failed; one without an intent was not sent. */
  failed(code: string | undefined): void {
    if (this.#last !== undefined && code !== 'not-applied') this.#before = true
    this.#last = undefined
  }

  /** Somebody says that it did not happen. */
  cleared(): void {
    this.#before = false
    this.#last = undefined
    this.#isAsked = false
  }
}
