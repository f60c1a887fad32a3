import { wait } from '../../base/time/abort.ts'
import { type FirstArrival, PutOff } from '../../engine/calls/effect/definition.ts'
import type { Turn } from '../../store/spending/call-rates.ts'
import type { CallPlace } from '../shape/host.ts'
import type { DoorServices } from './door-services.ts'

/** A request waits for its rate in the run's own time no longer than this; then the run is parked. */
const mostHeldMs = 10_000

/** What of a services turns need. */
type TurnServices = Pick<DoorServices, 'clock' | 'take' | 'arrived'>

/** Says that the request has arrived that had its turn. `isUsed` false: nothing was sent. */
export type Arrived = (isUsed?: boolean) => void

/**
 * The turns of one attempt's requests in their rates. Where the attempt has a token that it began with, this is the first request's; for
 * all others tokens are set aside, also before calls that begin later, so that whoever has begun comes to an end.
 *
 *   set aside → its time has come: asked for → sent → arrived
 *          ↖ the one before it is still under way
 */
export class RequestTurns {
  readonly #services: TurnServices
  readonly #place: CallPlace
  readonly #signal: AbortSignal
  /** Of the token that the attempt began with, until a request has it. */
  #begun: FirstArrival | undefined
  /** What is set aside, by the class of requests; `tokens`: for how many it asks next. */
  readonly #ahead = new Map<string, { tokens: number; turns: Turn[] }>()

  constructor(
    services: TurnServices,
    place: CallPlace,
    { signal, arrived }: { signal: AbortSignal; arrived?: FirstArrival | undefined },
  ) {
    this.#services = services
    this.#place = place
    this.#signal = signal
    this.#begun = arrived
  }

  expects(requests: number): void {
    const tokens = this.#begun ? requests - 1 : requests
    this.#aheadOf(this.#place).tokens = Math.max(1, tokens)
  }

  /** Resolves when a request may go. `mustGo`: however long that takes. @throws `PutOff` where it takes too long */
  async next(className: string | undefined, mustGo: boolean): Promise<Arrived> {
    const begun = this.#begun
    if (begun && className === undefined) {
      this.#begun = undefined
      if (!begun.isStale()) return begun
      begun(false)
    }
    const { clock } = this.#services
    const place = { ...this.#place, class: className ?? this.#place.class }
    const since = clock.now()
    for (let late = 0, aside: number | undefined; ; ) {
      const { from, until, token, isNow } = await this.#turn(place, { late, aside, mustGo })
      const arrived = (isUsed = true) => this.#services.arrived(place, { token, isUsed })
      if (!isNow) {
        if (!mustGo && from - since > 2 * mostHeldMs) {
          arrived(false)
          throw this.#tooLong(place, from)
        }
        await wait(Math.max(from - clock.now(), 1), { clock, signal: this.#signal })
        aside = token
      } else if (clock.now() <= until) return arrived
      else {
        arrived(false)
        aside = undefined
        late++
      }
    }
  }

  /** After the service said that it takes no more: when to come back (ms). Calls come back one after the other. */
  async back(place: CallPlace, at: number): Promise<number> {
    const answer = await this.#services.take(place, { late: 0 })
    if ('retryAt' in answer) return Math.max(answer.retryAt, at)
    for (const { token } of answer.turns) this.#services.arrived(place, { token, isUsed: false })
    return at
  }

  async #turn(
    place: CallPlace,
    { late, aside, mustGo }: { late: number; aside: number | undefined; mustGo: boolean },
  ): Promise<Turn> {
    const ahead = this.#aheadOf(place)
    if (aside === undefined)
      for (let turn = ahead.turns.shift(); turn; turn = ahead.turns.shift())
        if (this.#services.clock.now() <= turn.until) return turn
    const withinMs = mustGo ? Number.MAX_SAFE_INTEGER : mostHeldMs
    const begun = { tokens: ahead.tokens, withinMs }
    const answer = await this.#services.take(place, { begun, late, ...(aside !== undefined && { aside }) })
    if ('retryAt' in answer) throw this.#tooLong(place, answer.retryAt)
    const [first, ...others] = answer.turns
    if (first!.token !== aside) {
      ahead.tokens = 1
      ahead.turns.push(...others)
    }
    return first!
  }

  #tooLong({ connection }: CallPlace, at: number): PutOff {
    return new PutOff(`the rate of ${connection.definition.title} is used up`, { at })
  }

  #aheadOf({ class: name }: CallPlace): { tokens: number; turns: Turn[] } {
    const known = this.#ahead.get(name)
    if (known) return known
    const none = { tokens: 1, turns: [] }
    this.#ahead.set(name, none)
    return none
  }
}
