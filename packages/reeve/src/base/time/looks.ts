import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Clock } from './time.ts'

/** For tests: knows which looks are under way. */
export interface LookWatch {
  /** @param what is looked at, in words */
  look<T>(what: string, look: () => Promise<T>): Promise<T>
}

/** After a look that failed (ms). */
const againMs = 5_000

/**
 * Looks for something again and again, one look after the other: at once where there may be more, else after a while, and
 * after a failure a little later.
 */
export class Looks {
  readonly #clock: Clock
  readonly #log: Log
  readonly #watch: LookWatch | undefined
  readonly #what: string
  readonly #everyMs: number
  readonly #look: () => Promise<boolean>
  #round: Promise<void> = Promise.resolve()
  #cancel = () => {}
  #isEnded = false

  /** @param what is looked at, for the log @param look answers whether there may be more to do at once */
  constructor(
    { clock, log, bodies }: { clock: Clock; log: Log; bodies?: LookWatch | undefined },
    what: string,
    everyMs: number,
    look: () => Promise<boolean>,
  ) {
    this.#clock = clock
    this.#log = log
    this.#watch = bodies
    this.#what = what
    this.#everyMs = everyMs
    this.#look = look
  }

  /** Resolves when it has looked once. */
  begin(): Promise<void> {
    this.#round = this.#watch?.look(this.#what, () => this.#once()) ?? this.#once()
    return this.#round
  }

  /** Resolves when no look is under way. */
  async end(): Promise<void> {
    this.#isEnded = true
    this.#cancel()
    await this.#round
  }

  async #once(): Promise<void> {
    let waitMs = this.#everyMs
    try {
      if (await this.#look()) waitMs = 0
    } catch (error) {
      waitMs = againMs
      this.#log.warn(`${this.#what} could not be looked at; it is tried again`, { error: messageOf(error) })
    }
    if (!this.#isEnded) this.#cancel = this.#clock.after(waitMs, () => void this.begin(), 'upkeep')
  }
}
