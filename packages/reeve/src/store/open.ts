import type { Environment } from '../base/config.ts'
import { Secrets } from '../base/secrets/secrets.ts'
import { type Clock, systemClock } from '../base/time/time.ts'
import type { Database } from './database.ts'
import { PostgresDatabase } from './postgres/postgres.ts'
import { type AuditKeySlot, redacting } from './redacting.ts'
import { openSqlite } from './sqlite/sqlite.ts'

/** What a database tells of itself, unasked. */
export interface DatabaseListener {
  /** A disk under SQLite failed a write; a server of Postgres sees to its own. */
  onBroken?: ((error: unknown) => void) | undefined
  /** Files and folders of SQLite that others could read until now. */
  onTightened?: ((paths: string[]) => void) | undefined
  /** This process's date came to be too far ahead of the server's (ms; negative: behind). */
  onSkew?: ((skewMs: number) => void) | undefined
}

/**
 * Opens the database that the environment names. With another clock than the system's, that clock's time rules in
 * Postgres too. `secrets`: what must not be written; `slot`: what gets its audit keys.
 * @throws `sqlite-too-old` `database-unusable`; Postgres reports what is wrong with it at its first use
 */
export function openDatabase(
  place: Environment['database'],
  clock: Clock,
  {
    onBroken,
    onSkew,
    onTightened,
    secrets,
    slot,
  }: DatabaseListener & { secrets?: Secrets; slot?: AuditKeySlot } = {},
): Database {
  const database = open(place, clock, { onBroken, onSkew, onTightened })
  return secrets || slot ? redacting(database, secrets ?? new Secrets(), slot) : database
}

function open(
  place: Environment['database'],
  clock: Clock,
  { onBroken, onSkew, onTightened }: DatabaseListener,
): Database {
  if (place.kind === 'sqlite') return openSqlite({ file: place.file, clock, onBroken, onTightened })
  return new PostgresDatabase({
    url: place.url,
    clock,
    onSkew,
    timeFrom: clock === systemClock ? 'server' : 'clock',
  })
}
