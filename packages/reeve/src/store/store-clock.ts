import type { Clock, TimerKind } from '../base/time/time.ts'

/** More than this between a process's date and the store's is worth a warning. */
export const clockSlackMs = 2000

/**
 * The store's clock as a process knows it: readings of the store, carried on by this process's monotonic time. What
 * this machine believes the date to be never enters.
 *
 * It does not run ahead of the store: a reading is taken to be as old as its whole round trip. It goes back only when a
 * reading shows that it had got ahead, because the store's clock was set or the two drifted apart.
 */
export class StoreClock implements Clock {
  readonly #timers: Clock
  readonly #elapsedMs: () => number
  /** The store's time at the moment 0 of the monotonic time; undefined before the first reading. */
  #offsetMs: number | undefined
  #last = Number.NEGATIVE_INFINITY
  #skewMs: number | undefined

  constructor(timers: Clock, elapsedMs: () => number = () => performance.now()) {
    this.#timers = timers
    this.#elapsedMs = elapsedMs
  }

  now(): number {
    if (this.#offsetMs === undefined) return this.#timers.now()
    this.#last = Math.max(this.#last, Math.floor(this.#offsetMs + this.#elapsedMs()))
    return this.#last
  }

  after(delayMs: number, callback: () => void, kind?: TimerKind): () => void {
    return this.#timers.after(delayMs, callback, kind)
  }

  /**
   * How far this process's date was ahead of the store's (negative: behind it) at the last reading, as far as that is
   * sure: the reading may be as old as its round trip. Undefined before the first.
   */
  get skewMs(): number | undefined {
    return this.#skewMs
  }

  /** Reads the store's clock. */
  async measure(read: () => Promise<number>): Promise<void> {
    const asked = this.#elapsedMs()
    const storeMs = await read()
    const answered = this.#elapsedMs()
    const ownMs = this.#timers.now()
    this.#skewMs = Math.max(ownMs - (answered - asked) - storeMs - 1, Math.min(0, ownMs - storeMs))
    const lowest = storeMs - answered
    const highest = storeMs + 1 - asked
    const known = this.#offsetMs
    if (known === undefined || lowest > known || known > highest) this.#offsetMs = lowest
    if (this.#last > highest + answered) this.#last = Number.NEGATIVE_INFINITY
  }
}
