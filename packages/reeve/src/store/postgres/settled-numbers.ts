import type { Session } from '../database.ts'

/** A statement that has drawn a number has been given its transaction's id by then. */
const drawnWithinMs = 2_000
/** Whatever other transactions do meanwhile: the server ends those that fall silent. */
const surelyAfterMs = 60_000

interface Watch {
  no: number
  at: number
  /** The first transaction that had not begun once what had drawn a lower number had begun. */
  next?: number
}

/**
 * Up to which number of a sequence no row will appear any more: on Postgres a lower number may become visible after a higher
 * one, for as long as the transaction that drew it takes.
 */
export class SettledNumbers {
  readonly #session: Session
  readonly #now: () => number
  #watch: Watch | undefined
  #settled = 0

  /** @param now of a clock that never goes back (ms) */
  constructor(session: Session, now: () => number = () => performance.now()) {
    this.#session = session
    this.#now = now
  }

  /** As it was found to be last. */
  get upTo(): number {
    return this.#settled
  }

  /** @param lastNo the highest number that is visible */
  async look(lastNo: number): Promise<number> {
    if (lastNo <= this.#settled) return this.#settled
    const watch = this.#watch
    if (!watch) {
      this.#watch = { no: lastNo, at: this.#now() }
      return this.#settled
    }
    const age = this.#now() - watch.at
    if (age < drawnWithinMs) return this.#settled
    const { oldest, next } = (await this.#session.get<{ oldest: number; next: number }>(
      `select cast(cast(pg_snapshot_xmin(pg_current_snapshot()) as text) as bigint) as oldest,
         cast(cast(pg_snapshot_xmax(pg_current_snapshot()) as text) as bigint) as next`,
    ))!
    if (watch.next === undefined) watch.next = next
    if (oldest >= watch.next || age >= surelyAfterMs) {
      this.#settled = watch.no
      this.#watch = { no: lastNo, at: this.#now() }
    }
    return this.#settled
  }
}
