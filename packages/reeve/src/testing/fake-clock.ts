import type { Clock, TimerKind } from '../base/time/time.ts'

/** A clock that stands still until it is told to move, in whole milliseconds. */
export class FakeClock implements Clock {
  #now: number
  #next = 0
  readonly #timers = new Map<number, { at: number; callback: () => void; kind: TimerKind | undefined }>()

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#now = Math.floor(startMs)
  }

  now(): number {
    return this.#now
  }

  after(delayMs: number, callback: () => void, kind?: TimerKind): () => void {
    const id = this.#next++
    this.#timers.set(id, { at: this.#now + Math.max(0, Math.ceil(delayMs)), callback, kind })
    return () => this.#timers.delete(id)
  }

  /** Moves on by `ms`, calling what falls due in its order, and lets the event loop come to rest after each. */
  async advance(ms: number): Promise<void> {
    const end = Math.floor(this.#now + ms)
    await settle()
    for (;;) {
      const next = [...this.#timers]
        .filter(([, timer]) => timer.at <= end)
        .sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0]
      if (!next) break
      this.#timers.delete(next[0])
      this.#now = Math.max(this.#now, next[1].at)
      next[1].callback()
      await settle()
    }
    this.#now = end
    await settle()
  }

  /** When something is due next (ms), signs of life and repeated looks aside; undefined: nothing is. */
  nextDue(): number | undefined {
    let next: number | undefined
    for (const { at, kind } of this.#timers.values())
      if (kind !== 'upkeep' && (next === undefined || at < next)) next = at
    return next
  }

  /**
   * Moves on by `ms` like `advance`, over the time in which nothing is due: a month of a run that sleeps takes a moment.
   * Signs of life and repeated looks that fall into such a time come once, after it.
   * @param atRest resolves when nothing is under way any more. Default: `settle`
   */
  async skip(ms: number, atRest: () => Promise<void> = settle): Promise<void> {
    const end = Math.floor(this.#now + ms)
    await atRest()
    for (let due = this.nextDue(); due !== undefined && due <= end; due = this.nextDue()) {
      this.#now = Math.max(this.#now, due)
      this.#callDue()
      await atRest()
    }
    this.#now = end
    this.#callDue()
    await atRest()
  }

  /** What these set is called the next time. */
  #callDue(): void {
    const due = [...this.#timers].filter(([, { at }]) => at <= this.#now)
    due.sort((left, right) => left[1].at - right[1].at || left[0] - right[0])
    for (const [id, { callback }] of due) if (this.#timers.delete(id)) callback()
  }

  /** Sets the time without calling anything: a clock that jumps. */
  jump(toMs: number): void {
    this.#now = Math.floor(toMs)
  }
}

/**
 * Lets everything that needs no clock and no network come to rest.
 * @example
 * import { FakeClock, settle } from 'reeve/testing'
 *
 * const clock = new FakeClock()
 * await clock.advance(60_000)
 * await settle()
 */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}
