import { ReeveError } from '../../base/errors.ts'
import type { Database, Session } from '../../store/database.ts'
import { lockRun, type RunRow } from '../../store/runs/runs.ts'

/** Writes for a run whose row is locked. A `ReeveError` must be thrown before anything is written. */
type Body<T> = (session: Session, run: RunRow | undefined) => Promise<T>

interface Waiting {
  body: Body<unknown>
  resolve: (value: never) => void
  reject: (error: unknown) => void
}

/** Bodies of one transaction: none is long. */
const most = 100

/**
 * Transactions about one run, which would wait for the lock on its row one behind another, each with a commit of its own
 * and a connection that it keeps meanwhile. Those that wait at one moment share one instead, in their order; those about
 * other runs go on beside them.
 */
export class RunLines {
  readonly #database: Database
  readonly #lines = new Map<number, Waiting[]>()

  constructor(database: Database) {
    this.#database = database
  }

  /** Rejects as `transaction` does, or with what `body` throws. */
  transaction<T>(no: number, body: Body<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const waiting: Waiting = { body, resolve, reject }
      const line = this.#lines.get(no)
      if (line) line.push(waiting)
      else {
        const first = [waiting]
        this.#lines.set(no, first)
        void this.#serve(no, first)
      }
    })
  }

  async #serve(no: number, line: Waiting[]): Promise<void> {
    while (line.length > 0) {
      // Whoever comes before the transaction begins is in it; one that has to begin again has the same in it.
      let some: Waiting[] = []
      try {
        const tell = await this.#database.transaction((session) => {
          if (some.length === 0) some = line.splice(0, most)
          return writeAll(session, no, some)
        })
        for (const each of tell) each()
      } catch (error) {
        // The transaction itself may not have begun.
        if (some.length === 0) some = line.splice(0, most)
        await this.#failed(no, some, error)
      }
    }
    this.#lines.delete(no)
  }

  /** What one of them did wrong is no fault of the others. Whatever else was wrong may be written: nobody tries again. */
  async #failed(no: number, some: Waiting[], error: unknown): Promise<void> {
    if (some.length === 1 || this.#database.classify(error) !== 'constraint') {
      for (const { reject } of some) reject(error)
      return
    }
    for (const one of some) {
      try {
        const tell = await this.#database.transaction((session) => writeAll(session, no, [one]))
        for (const each of tell) each()
      } catch (own) {
        one.reject(own)
      }
    }
  }
}

/** Answers the ways to tell each of them, for when all is durable. */
async function writeAll(session: Session, no: number, some: Waiting[]): Promise<(() => void)[]> {
  const run = await lockRun(session, no)
  const tell: (() => void)[] = []
  for (const { body, resolve, reject } of some) {
    try {
      const value = await body(session, run)
      tell.push(() => resolve(value as never))
    } catch (error) {
      if (!(error instanceof ReeveError)) throw error
      tell.push(() => reject(error))
    }
  }
  return tell
}
