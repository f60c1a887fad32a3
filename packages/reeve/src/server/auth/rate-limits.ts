import { ReeveError } from '../../base/errors.ts'
import type { Clock } from '../../base/time/time.ts'

export interface RateLimitOptions {
  /** Requests of one principal in a minute. Default 60,000. */
  requestsPerMinute?: number
  /** Credentials that are not known, of one address in a minute; then nothing of it is looked at. Default 60. */
  guessesPerMinute?: number
}

const minuteMs = 60_000
/** Principals and addresses that are counted at one time. */
const mostCounted = 10_000

/** How many requests come from whom. In this process alone: a limit against accidents and guessing, no quota. */
export class RateLimits {
  readonly #clock: Clock
  readonly #requests: Windows
  readonly #guesses: Windows

  constructor(clock: Clock, { requestsPerMinute = 60_000, guessesPerMinute = 60 }: RateLimitOptions = {}) {
    this.#clock = clock
    this.#requests = new Windows(requestsPerMinute)
    this.#guesses = new Windows(guessesPerMinute)
  }

  /** @throws `too-many-requests` */
  count(principal: string): void {
    const now = this.#clock.now()
    this.#requests.add(principal, now)
    this.#refuse(this.#requests, principal, now, `${principal} asks more often than this server answers`)
  }

  guessed(address: string): void {
    this.#guesses.add(address, this.#clock.now())
  }

  /** @throws `too-many-requests` */
  refuseGuesses(address: string): void {
    const now = this.#clock.now()
    this.#refuse(this.#guesses, address, now, 'Too many credentials from this address were not known')
  }

  #refuse(windows: Windows, key: string, now: number, why: string): void {
    const waitMs = windows.waitMs(key, now)
    if (waitMs === 0) return
    const seconds = Math.ceil(waitMs / 1000)
    throw new ReeveError('too-many-requests', `${why}. Ask again in ${seconds} s.`, {
      retryable: true,
      details: { retryAfterSeconds: seconds },
    })
  }
}

/** Counts by key in windows of a minute, the oldest keys forgotten first. */
class Windows {
  readonly #most: number
  readonly #counts = new Map<string, { from: number; count: number }>()

  constructor(most: number) {
    this.#most = most
  }

  add(key: string, now: number): void {
    const window = this.#counts.get(key)
    if (window && now - window.from < minuteMs) window.count++
    else {
      this.#counts.delete(key)
      this.#counts.set(key, { from: now, count: 1 })
    }
    if (this.#counts.size <= mostCounted) return
    for (const oldest of this.#counts.keys()) {
      this.#counts.delete(oldest)
      break
    }
  }

  /** 0: it may. */
  waitMs(key: string, now: number): number {
    const window = this.#counts.get(key)
    if (!window || window.count <= this.#most) return 0
    return Math.max(0, window.from + minuteMs - now)
  }
}
