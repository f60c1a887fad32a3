/** How many requests a stand-in takes. */
export interface StandInLimit {
  count: number
  perMs: number
}

/** Where an account stands in its window. */
export interface RateStanding {
  limit: number
  /** How many more are taken in this window. */
  remaining: number
  /** When the window ends (ms since 1970). */
  resetAt: number
  /** This one is over the limit. */
  isOver: boolean
}

/** Counts in windows of fixed length, for each account. */
export class RateWindows {
  readonly #windows = new Map<string, { count: number; resetAt: number }>()
  /** The most requests that any account had in one window, refused ones included. */
  busiest = 0

  take(account: string, { count, perMs }: StandInLimit, now: number): RateStanding {
    const known = this.#windows.get(account)
    const window = known && known.resetAt > now ? known : { count: 0, resetAt: now + perMs }
    window.count += 1
    this.#windows.set(account, window)
    this.busiest = Math.max(this.busiest, window.count)
    const remaining = Math.max(0, count - window.count)
    return { limit: count, remaining, resetAt: window.resetAt, isOver: window.count > count }
  }
}
