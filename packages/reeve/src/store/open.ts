import type { Environment } from '../base/config.ts'
import { ReeveError } from '../base/errors.ts'
import type { Clock } from '../base/time.ts'
import type { Database } from './database.ts'
import { openSqlite } from './sqlite.ts'

/** Opens the database that the environment names. @throws `no-postgres` `sqlite-too-old` `database-unusable` */
export function openDatabase(place: Environment['database'], clock: Clock): Database {
  if (place.kind === 'sqlite') return openSqlite({ file: place.file, clock })
  throw new ReeveError(
    'no-postgres',
    'This version of Reeve keeps its data in SQLite only. Leave DATABASE_URL out, or write file:PATH.',
  )
}
