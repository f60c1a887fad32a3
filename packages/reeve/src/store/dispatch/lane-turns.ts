import type { Session } from '../database.ts'
import { type Lane, readLanes } from './lanes.ts'

/** Lanes that one claim looks at. */
const mostLanes = 250

/**
 * The lanes that a worker's claims look at: all of them; where there are very many, some in each claim, by turns. Between
 * these the others write and the event loop turns, and no claim costs more for the lanes that it leaves to the next.
 *
 * Nothing is left out: `isMore` holds until every lane was looked at since something was claimed.
 */
export class LaneTurns {
  readonly #most: number
  /** The lane that was looked at last; undefined: the first is next. */
  #last: Lane | undefined
  /** Lanes since the first one was looked at, and what that came to the last time. */
  #passed = 0
  #total = 0
  /** Lanes that gave nothing since `begin`, and whether the last of all was among them. */
  #fruitless = 0
  #reachedEnd = false
  #looked: Lane[] = []

  constructor(most = mostLanes) {
    this.#most = most
  }

  /** Every lane is to be looked at from now on. */
  begin(): void {
    this.#fruitless = 0
    this.#reachedEnd = false
  }

  /** The next lanes. They count as looked at by `done`: a transaction may be undone and come again. */
  async look(session: Session): Promise<Lane[]> {
    this.#looked = await readLanes(session, { after: this.#last, most: this.#most })
    return this.#looked
  }

  /** What `look` answered was claimed from; something came of it, or nothing. */
  done(claimed: number): void {
    const { length } = this.#looked
    this.#passed += length
    this.#fruitless += length
    this.#last = this.#looked.at(-1)
    if (claimed > 0) this.begin()
    if (length === this.#most) return
    this.#last = undefined
    this.#total = this.#passed
    this.#passed = 0
    this.#reachedEnd = claimed === 0
  }

  /** Whether some lane was not looked at since something was claimed. */
  get isMore(): boolean {
    return !this.#reachedEnd || this.#fruitless < this.#total
  }
}
