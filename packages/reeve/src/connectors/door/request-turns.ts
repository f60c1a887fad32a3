import { wait } from '../../base/time/abort.ts'
import { PutOff } from '../../engine/calls/effect/definition.ts'
import type { Turn } from '../../store/ledger/call-rates.ts'
import type { CallPlace } from '../shape/host.ts'
import type { DoorHouse } from './house.ts'

/** A request waits for its rate in the run's own time no longer than this; then the run is parked. */
const mostHeldMs = 10_000

/**
 * The turns of one attempt's requests in their rates. The first request has the token that the call began with; for all others tokens
 * are set aside, also before calls that begin later, so that whoever has begun comes to an end.
 */
export class RequestTurns {
  readonly #house: Pick<DoorHouse, 'clock' | 'take'>
  readonly #place: CallPlace
  readonly #signal: AbortSignal
  /** What is set aside, by the class of requests; `tokens`: for how many it asks next. */
  readonly #ahead = new Map<string, { tokens: number; turns: Turn[] }>()
  #sent = 0

  constructor(house: Pick<DoorHouse, 'clock' | 'take'>, place: CallPlace, signal: AbortSignal) {
    this.#house = house
    this.#place = place
    this.#signal = signal
  }

  expects(requests: number): void {
    const tokens = this.#sent === 0 ? requests - 1 : requests
    this.#aheadOf(this.#place).tokens = Math.max(1, tokens)
  }

  /** Resolves when a request may go. `mustGo`: however long that takes. @throws `PutOff` where it takes too long */
  async next(className: string | undefined, mustGo: boolean): Promise<void> {
    if (this.#sent++ === 0 && className === undefined) return
    const { clock } = this.#house
    const place = { ...this.#place, class: className ?? this.#place.class }
    for (let late = 0; ; late++) {
      const { from, until } = await this.#turn(place, late, mustGo)
      const waitMs = from - clock.now()
      if (waitMs > 0) await wait(waitMs, { clock, signal: this.#signal })
      if (clock.now() <= until) return
    }
  }

  /** After the service said that it takes no more: when to come back (ms). Calls come back one after the other. */
  async back(place: CallPlace, at: number): Promise<number> {
    const answer = await this.#house.take(place, { late: 0 })
    return 'retryAt' in answer ? Math.max(answer.retryAt, at) : at
  }

  async #turn(place: CallPlace, late: number, mustGo: boolean): Promise<Turn> {
    const ahead = this.#aheadOf(place)
    for (let turn = ahead.turns.shift(); turn; turn = ahead.turns.shift())
      if (this.#house.clock.now() <= turn.until) return turn
    const withinMs = mustGo ? Number.MAX_SAFE_INTEGER : mostHeldMs
    const answer = await this.#house.take(place, { begun: { tokens: ahead.tokens, withinMs }, late })
    ahead.tokens = 1
    if ('retryAt' in answer) {
      const { title } = place.connection.definition
      throw new PutOff(`the rate of ${title} is used up`, { at: answer.retryAt })
    }
    const [first, ...others] = answer.turns
    ahead.turns.push(...others)
    return first!
  }

  #aheadOf({ class: name }: CallPlace): { tokens: number; turns: Turn[] } {
    const known = this.#ahead.get(name)
    if (known) return known
    const none = { tokens: 1, turns: [] }
    this.#ahead.set(name, none)
    return none
  }
}
