import type { Log } from '../../base/log.ts'
import type { Clock } from '../../base/time/time.ts'
import type { Database } from '../../store/database.ts'

const retryDelayMs = 500

/** A database with the clock and the log of whoever asks it. */
export interface Asking {
  database: Database
  clock: Clock
  log: Log
}

/**
 * Asks until the database can be asked: a call must not fail because it could not be reached just then. What is asked may be
 * done twice. Rejects with what no repetition would help.
 * @param failing what is said while it fails: `calls could not be counted now`
 */
export async function untilAnswered<T>(
  { database, clock, log }: Asking,
  failing: string,
  ask: (database: Database) => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await ask(database)
    } catch (error) {
      const kind = database.classify(error)
      if (kind !== 'retry' && kind !== 'unknown') throw error
      log.warn(`${failing}; it is tried again`, { error: String(error) })
      await new Promise<void>((resolve) => clock.after(retryDelayMs, resolve, 'pause'))
    }
  }
}
