import type { CallRate } from '../../../../store/spending/call-rates.ts'
import type { CallSite } from '../../../call-site.ts'
import type { FirstArrival } from '../definition.ts'

/** For how long a rate's token allows a call to begin, at first: a twentieth of the rate's stretch, within these (ms). */
const leastSlackMs = 10
const mostSlackMs = 1000

export function slackOf({ perMs }: CallRate): number {
  return Math.min(Math.max(perMs / 20, leastSlackMs), mostSlackMs)
}

/**
 * When one rated call may begin.
 *
 *   asked → allowed until a moment → begun
 *       ↘ put off (until the rate has room) → asked …
 *                                   ↘ late → asked …     this process took too long since
 *
 * Where a rate is kept by what arrives, its place is free again once the attempt's first request has arrived.
 */
export class Pace {
  /** What the attempt has of its rate, until that has arrived where it goes. */
  #token: number | undefined
  readonly #site: CallSite
  readonly #rate: CallRate
  /** Until when the call may begin that its rate allowed (ms). */
  #until = Number.POSITIVE_INFINITY
  #slackMs: number
  /** Whether it waited for its rate, in this process or another. */
  #waited: boolean

  constructor(site: CallSite, rate: CallRate, waited: boolean) {
    this.#site = site
    this.#rate = rate
    this.#waited = waited
    this.#slackMs = slackOf(rate)
  }

  /** Undefined: the call may begin now. Otherwise when to ask again (ms). */
  async ask(): Promise<number | undefined> {
    const { callRates, clock } = this.#site.services
    const request = { rate: this.#rate, slackMs: Math.ceil(this.#slackMs), waited: this.#waited }
    const answer = await callRates.take(request)
    if ('turns' in answer) {
      const { until, token } = answer.turns[0]!
      this.#until = until
      this.#token = token
      return undefined
    }
    this.#waited = true
    return Math.max(answer.retryAt, Math.ceil(clock.now() + 1))
  }

  /**
   * Whether this process took so long since the rate allowed the call that it could begin beside later ones. It asks anew
   * then, and for longer, so that a slow process comes through too.
   */
  isLate(): boolean {
    if (this.#site.services.clock.now() <= this.#until) return false
    this.#slackMs *= 2
    this.arrived(false)
    return true
  }

  /** What the rate allowed has arrived, at the latest when the attempt is over. `isUsed` false: nothing was sent. */
  readonly arrived: FirstArrival = Object.assign(
    (isUsed = true): void => {
      const token = this.#token
      this.#token = undefined
      if (token === undefined || this.#rate.onWayMs === undefined) return
      this.#site.services.callRates.arrived({ rate: this.#rate, token, isUsed })
    },
    // Half of the longest way is left to the request itself.
    {
      isStale: () =>
        this.#site.services.clock.now() > this.#until + (this.#rate.onWayMs ?? Number.POSITIVE_INFINITY) / 2,
    },
  )
}
