import type { Clock } from '../base/time.ts'

/** The clock may be set meanwhile: what is far off is looked at again after this time. */
const longestNapMs = 10_000

/** A run's timers while a process holds it: one clock timer for the earliest, whatever their number. */
export class Timers {
  readonly #clock: Clock
  readonly #due = new Map<number, { at: number; fire: () => void }>()
  #cancel: (() => void) | undefined
  #armedAt = Number.POSITIVE_INFINITY
  #next = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#due.size
  }

  /** When the first of them is due (ms). */
  get earliest(): number | undefined {
    let earliest: number | undefined
    for (const { at } of this.#due.values()) if (earliest === undefined || at < earliest) earliest = at
    return earliest
  }

  dueWithin(ms: number): boolean {
    const earliest = this.earliest
    return earliest !== undefined && earliest <= this.#clock.now() + ms
  }

  /** Calls back at `at` or soon after, never before. Returns the way to drop it. */
  set(at: number, fire: () => void): () => void {
    const id = this.#next++
    this.#due.set(id, { at, fire })
    this.#arm()
    return () => {
      this.#due.delete(id)
      if (this.#due.size === 0) this.stop()
    }
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#armedAt = Number.POSITIVE_INFINITY
  }

  #arm(): void {
    const earliest = this.earliest
    if (earliest === undefined || earliest >= this.#armedAt) return
    this.stop()
    this.#armedAt = earliest
    this.#cancel = this.#clock.after(Math.min(earliest - this.#clock.now(), longestNapMs), () => this.#fire())
  }

  #fire(): void {
    this.#armedAt = Number.POSITIVE_INFINITY
    const now = this.#clock.now()
    for (const [id, timer] of [...this.#due]) {
      if (timer.at > now) continue
      this.#due.delete(id)
      timer.fire()
    }
    this.#arm()
  }
}
