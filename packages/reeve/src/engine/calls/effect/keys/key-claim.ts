import { ReeveError } from '../../../../base/errors.ts'
import type { Row } from '../../../../store/database.ts'
import { newEvent } from '../../../../store/journal/events.ts'
import { type KeyHolder, settlingRow, takingRows } from '../../../../store/spending/business-keys.ts'
import { delayAfter, resolveRetry } from '../../retry.ts'
import { again } from '../../step.ts'
import type { EffectKey } from '../definition.ts'
import type { Unresolved } from '../unknown/unknown-outcome.ts'
import type { HolderState } from './business-keys.ts'

/** The effect, as far as its key goes. */
type Keyed = Pick<Unresolved, 'site' | 'call' | 'effect' | 'attempt' | 'complete' | 'fail' | 'givenBack'>

/** How often it is looked what the other call came to: a durable wait each time. */
const looks = resolveRetry({ delay: '1s', factor: 2, maxDelay: '5m' })

/**
 * The business key of one effect.
 *
 *   looked up → free → taken in the commit of the intent → looked up once more → ours: the effect acts
 *             ↘ another's → completed: its result is told · under way: looked up again later · unclear: the call fails
 *
 * Of two that find a key free at one moment only one commit takes it; the other finds that before it has sent anything.
 */
export class KeyClaim {
  readonly #effect: Keyed
  readonly #key: EffectKey
  #looks: number

  constructor(effect: Keyed, key: EffectKey) {
    this.#effect = effect
    this.#key = key
    const opened = effect.call.recorded?.opened ?? []
    this.#looks = opened.filter(({ type }) => type === 'effect-shared').length
  }

  /** What takes the key, for the commit of the intent. */
  get rows(): readonly Row[] {
    const { site } = this.#effect
    const { no, id } = site.run
    const at = site.services.clock.now()
    return takingRows(this.#key, { run: no, run_id: id, step: this.#effect.call.step, at })
  }

  /** For the commit of the settlement. */
  settled(status: 'completed' | 'failed' | 'released'): readonly Row[] {
    const { site, call, effect } = this.#effect
    // Whoever makes it again has the same idempotency key, and so it may be made again.
    const isRepeatable = status === 'failed' && effect.effect === 'idempotent' && effect.key !== undefined
    const holder = { run: site.run.no, step: call.step }
    return [settlingRow(this.#key, holder, isRepeatable ? 'released' : status)]
  }

  /** Whether the commit of the intent has taken the key. */
  async isOurs(): Promise<boolean> {
    const holder = await this.#effect.site.services.businessKeys.holder(this.#key)
    return holder !== undefined && this.#isUs(holder)
  }

  /** Whether a person has said, since its run was driven last, that this very call happened; then that settles it. */
  async isToldDone(): Promise<boolean> {
    const { businessKeys } = this.#effect.site.services
    const holder = await businessKeys.holder(this.#key)
    if (holder?.status !== 'completed' || !this.#isUs(holder)) return false
    const found = await businessKeys.stateOf(this.#key, holder)
    if (found.state === 'completed') this.#complete(found, holder)
    else this.#failForgotten(holder)
    return true
  }

  /** Whether another call has the key; then what that comes to settles the call, now or when it is looked up again. */
  async isAnothers(attempt: number): Promise<boolean> {
    const { businessKeys } = this.#effect.site.services
    const holder = await businessKeys.holder(this.#key)
    if (!holder) return false
    if (this.#isUs(holder)) return this.isToldDone()
    if (this.#key.again === 'fail' && holder.status === 'completed') {
      this.#effect.fail(new ReeveError('done-before', this.#told(holder, 'it was done'), detailsOf(holder)))
      return true
    }
    const found = await businessKeys.stateOf(this.#key, holder)
    switch (found.state) {
      case 'free':
        await businessKeys.release(this.#key, holder)
        return this.isAnothers(attempt)
      case 'moved':
        return this.isAnothers(attempt)
      case 'completed':
        this.#note(holder, attempt, this.#effect.site.services.clock.now())
        this.#complete(found, holder)
        return true
      case 'under-way':
        this.#waitFor(holder, attempt)
        return true
      case 'forgotten':
        this.#failForgotten(holder)
        return true
      case 'unclear': {
        const asked = await businessKeys.ask(this.#key, holder, this.#effect.effect.result?.schema() ?? null)
        if (asked === 'moved') return this.isAnothers(attempt)
        const what = this.#told(holder, 'it may have been done: nobody knows')
        const advice = asked
          ? `Say what became of it, by the key that it was sent with, then do this again: reeve answer ${asked} happened, or: reeve answer ${asked} failed`
          : 'Nothing is kept of that call any more, so that nobody can be asked about it: look at its receiver.'
        this.#effect.fail(new ReeveError('done-unclear', `${what} ${advice}`, detailsOf(holder)))
        return true
      }
    }
  }

  /** As the holder's call came to, with its marked texts; a person may have said what such a call does not give. */
  #complete({ result: kept, marks }: Extract<HolderState, { state: 'completed' }>, holder: KeyHolder): void {
    const { site, effect } = this.#effect
    const problemOf = (result: unknown) => effect.result?.problem(result)
    let result: unknown = kept === null ? undefined : JSON.parse(kept)
    let problem = problemOf(result)
    // For a tool that gives nothing, nothing is what was told.
    if (problem !== undefined && result === null && problemOf(undefined) === undefined) {
      result = undefined
      problem = undefined
    }
    if (problem !== undefined) {
      const what = `${this.#told(holder, 'it was done')} What is known of its result does not fit: ${problem}`
      this.#effect.fail(new ReeveError('done-before', what, detailsOf(holder)))
      return
    }
    if (marks) site.marks.share(marks, kept)
    this.#effect.complete(result)
  }

  #failForgotten(holder: KeyHolder): void {
    const what = `${this.#told(holder, 'it was done')} Its result is not kept any more.`
    this.#effect.fail(new ReeveError('done-before', what, detailsOf(holder)))
  }

  #isUs({ run, step }: KeyHolder): boolean {
    return run === this.#effect.site.run.no && step === this.#effect.call.step
  }

  #waitFor(holder: KeyHolder, attempt: number): void {
    const { site, call } = this.#effect
    const { clock, random } = site.services
    const dueAt = Math.ceil(clock.now() + delayAfter(looks, ++this.#looks, random(), undefined))
    this.#note(holder, attempt, dueAt)
    again(site, call, dueAt, () => this.#effect.attempt(attempt))
  }

  #note(holder: KeyHolder, attempt: number, dueAt: number): void {
    const { site, call } = this.#effect
    const event = newEvent('effect-shared', { attempt, dueAt, run: holder.run_id, holder: holder.step })
    site.append(call, event, { rows: this.#effect.givenBack })
  }

  #told({ run_id, step }: KeyHolder, how: string): string {
    return `"${this.#effect.effect.name}" is done once for this value, and by call ${step} of run ${run_id} ${how}. Nothing was sent.`
  }
}

function detailsOf({ run_id, step }: KeyHolder): { details: Record<string, string | number> } {
  return { details: { run: run_id, call: step } }
}
