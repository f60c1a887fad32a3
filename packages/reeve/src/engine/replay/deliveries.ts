import type { LoopStretch } from '../../base/time/loop-stretch.ts'
import type { RecordedSettlement } from './history.ts'

/** Where completions are delivered to. */
export interface Delivering<Live> {
  /** Answers false when the code does not make the call that the journal settles next: then nothing more is delivered. */
  recorded(settlement: RecordedSettlement): boolean
  live(settlement: Live): void
  /** All that the journal has is delivered. */
  replayed(): void
  /** There is nothing to deliver, and the code has come to rest. */
  quiet(): void
}

/**
 * Hands completions to a workflow one at a time, each only after the code that the one before it set going has come to
 * rest: first those of the journal, then the live ones, in journal order.
 *
 * "Come to rest" means that the microtask queue ran empty. `process.nextTick` from inside a microtask is called just
 * then, without a turn of the event loop. A long replay lets others go first between two completions.
 */
export class Deliveries<Live> {
  readonly #recorded: (RecordedSettlement | undefined)[]
  readonly #stretch: LoopStretch
  readonly #to: Delivering<Live>
  #position = 0
  #live: Live[] = []
  #pumping = false
  #replayed = false

  constructor(recorded: (RecordedSettlement | undefined)[], stretch: LoopStretch, to: Delivering<Live>) {
    this.#recorded = recorded
    this.#stretch = stretch
    this.#to = to
  }

  /** Nothing is to be delivered, and what was delivered has come to rest. */
  get empty(): boolean {
    return !this.#pumping
  }

  /** Goes on until there is nothing to deliver and the code is at rest; then tells that it is quiet. */
  start(): void {
    if (this.#pumping) return
    this.#pumping = true
    this.#afterRest()
  }

  add(settlement: Live): void {
    if (this.#pumping) {
      this.#live.push(settlement)
      return
    }
    this.#pumping = true
    this.#to.live(settlement)
    this.#afterRest()
  }

  #afterRest(): void {
    queueMicrotask(this.#tick)
  }

  readonly #tick = (): void => {
    process.nextTick(this.#next)
  }

  readonly #next = (): void => {
    if (this.#position < this.#recorded.length) {
      const rest = this.#stretch.rest()
      if (rest) {
        void rest.then(this.#next)
        return
      }
      const settlement = this.#recorded[this.#position]!
      // Nobody needs it again, and it may be large.
      this.#recorded[this.#position++] = undefined
      if (!this.#to.recorded(settlement)) return
      this.#afterRest()
      return
    }
    if (!this.#replayed) {
      this.#replayed = true
      this.#to.replayed()
    }
    const live = this.#live.shift()
    if (live !== undefined) {
      this.#to.live(live)
      this.#afterRest()
      return
    }
    this.#pumping = false
    this.#to.quiet()
  }
}
