import type { Environment } from '../base/config.ts'
import { type Clock, systemClock } from '../base/time.ts'
import type { Database } from './database.ts'
import { PostgresDatabase } from './postgres.ts'
import { openSqlite } from './sqlite.ts'

/**
 * Opens the database that the environment names. With another clock than the system's, that clock's time rules in
 * Postgres too. `onBroken` is told when a disk under SQLite failed a write; a server of Postgres sees to its own.
 * @throws `sqlite-too-old` `database-unusable`; Postgres reports what is wrong with it at its first use
 */
export function openDatabase(
  place: Environment['database'],
  clock: Clock,
  onBroken?: (error: unknown) => void,
): Database {
  if (place.kind === 'sqlite') return openSqlite({ file: place.file, clock, onBroken })
  return new PostgresDatabase({
    url: place.url,
    clock,
    timeFrom: clock === systemClock ? 'server' : 'clock',
  })
}
