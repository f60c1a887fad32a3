import type { Environment } from '../base/config.ts'
import { type Clock, systemClock } from '../base/time.ts'
import type { Database } from './database.ts'
import { PostgresDatabase } from './postgres.ts'
import { openSqlite } from './sqlite.ts'

/**
 * Opens the database that the environment names. With another clock than the system's, that clock's time rules in
 * Postgres too.
 * @throws `sqlite-too-old` `database-unusable`; Postgres reports what is wrong with it at its first use
 */
export function openDatabase(place: Environment['database'], clock: Clock): Database {
  if (place.kind === 'sqlite') return openSqlite({ file: place.file, clock })
  return new PostgresDatabase({
    url: place.url,
    clock,
    timeFrom: clock === systemClock ? 'server' : 'clock',
  })
}
