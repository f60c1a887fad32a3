import type { Clock } from '../../src/base/time/time.ts'

/** Time that moves only when a test moves it. */
export class FakeClock implements Clock {
  #now = 1_700_000_000_000
  #timers: Array<{ at: number; callback: () => void }> = []

  now(): number {
    return this.#now
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Delays of the timers that are waiting now. */
  get waiting(): number[] {
    return this.#timers.map((timer) => timer.at - this.#now)
  }

  /** Lets everything that is ready happen, then moves the time and fires what is due. */
  async advance(ms: number): Promise<void> {
    await settled()
    this.#now += ms
    for (const timer of this.#timers.filter(({ at }) => at <= this.#now)) {
      this.#timers = this.#timers.filter((other) => other !== timer)
      timer.callback()
    }
    await settled()
  }
}

/** All promise reactions that are ready have run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
