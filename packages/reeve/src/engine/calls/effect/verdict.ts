import { ReeveError } from '../../../base/errors.ts'
import type { Row } from '../../../store/database.ts'
import type { RecordedRuling } from '../../../store/journal/events.ts'
import {
  type EffectReservation,
  releasingRow,
  reservingRows,
} from '../../../store/spending/effect-budgets.ts'
import { fail } from '../fail.ts'
import type { Judge } from './judge.ts'
import type { Unresolved } from './unknown/unknown-outcome.ts'

/** An effect, as far as its verdict goes. */
type Judged = Pick<Unresolved, 'site' | 'call' | 'args' | 'key' | 'givenBack' | 'mayHaveHappenedBefore'>

/** So often a call that found its budget taken by others at the same moment is judged again. */
const mostTries = 50

/**
 * What is decided of one call, from before its intent to its settlement:
 *
 *   judged → refused (the call settles: denied, or to be asked)
 *          ↘ allowed → reserved in the commit of the intent → looked up once more → acts
 *                                                           ↘ others were faster, or a right moved → judged again
 */
export class Verdict {
  readonly #effect: Judged
  readonly #judge: Judge
  #allowed: { ruling: RecordedRuling; reservations: readonly EffectReservation[] } | undefined
  #tries = 0

  constructor(effect: Judged, judge: Judge) {
    this.#effect = effect
    this.#judge = judge
  }

  /** Whether the call may go on; else it is settled. */
  async allows(isRepeat: boolean): Promise<boolean> {
    const { site, args, key: id } = this.#effect
    const judgement = await this.#judge.judge({ id, args, isRepeat })
    if (site.aborted) return this.#refuse(site.signal.reason)
    if (!judgement.isAllowed) return this.#refuse(judgement.error, judgement.asks)
    this.#allowed = judgement
    return true
  }

  get ruling(): RecordedRuling | undefined {
    return this.#allowed?.ruling
  }

  get reserves(): boolean {
    return (this.#allowed?.reservations.length ?? 0) > 0
  }

  /** For the commit of the intent. */
  get rows(): readonly Row[] {
    const { site, key } = this.#effect
    if (!this.#allowed || !this.reserves) return []
    return reservingRows(key, { run: site.run.no, at: site.services.clock.now() }, this.#allowed.reservations)
  }

  /** Whether the intent, which is durable now, has what it takes. Without it, nothing was sent, and the call is judged again. */
  async stands(): Promise<boolean> {
    const { site, key } = this.#effect
    const count = this.#allowed?.reservations.length ?? 0
    if (count > 0 && !(await site.services.records.isReserved(key, count))) {
      // What an attempt of before had reserved stays taken.
      if (!this.#effect.mayHaveHappenedBefore) await site.services.records.release(key)
      if (++this.#tries < mostTries) return false
      throw new ReeveError(
        'call-denied',
        `The effect budget of "${this.#effect.call.name}" was taken by others ${mostTries} times. Nothing was sent; try later.`,
      )
    }
    return this.#judge.stillHolds()
  }

  /** Of an intent that a process left behind: whether it may have been sent. */
  async mayHaveBeenSent(reserved: number): Promise<boolean> {
    return reserved === 0 || (await this.#effect.site.services.records.isReserved(this.#effect.key, reserved))
  }

  #refuse(error: ReeveError, asks = false): false {
    const { site, call, givenBack } = this.#effect
    fail(site, call, asks ? 'effect-asked' : 'effect-failed', error, givenBack)
    return false
  }

  /** For the commit of a settlement that says that the effect did not happen. */
  get released(): readonly Row[] {
    const { call, key } = this.#effect
    const wasReserved = this.reserves || (call.recorded?.opened.length ?? 0) > 0
    return wasReserved ? [releasingRow(key)] : []
  }
}
