import { statSync } from 'node:fs'
import type { Database } from '../../store/database.ts'
import { countItems } from '../../store/memory/items.ts'
import { schemaVersion } from '../../store/migrations.ts'

/** Where everything is kept, and how much of it there is. */
export interface StorageView {
  kind: 'sqlite' | 'postgres'
  /** The file; of Postgres the address, without its password. */
  place: string
  schemaVersion: number
  /** Null: the database does not say. */
  bytes: number | null
  /** Counted to 100,000. */
  runs: number
  /** How many were written so far; those that retention deleted are among them. */
  events: number
  /** Items of memory that hold now. */
  items: number
}

export async function storageView(database: Database): Promise<StorageView> {
  const number = async (sql: string) => (await database.get<{ number: number | null }>(sql))?.number ?? 0
  return {
    kind: database.kind,
    place: database.place,
    schemaVersion,
    bytes: await bytesOf(database),
    runs: await number(
      `select count(*) as number from (select no from runs limit ${mostCounted}) as counted`,
    ),
    events: await number('select max(id) as number from events'),
    items: await countItems(database),
  }
}

const mostCounted = 100_000

async function bytesOf(database: Database): Promise<number | null> {
  if (database.kind === 'postgres') {
    const row = await database.get<{ bytes: number }>('select pg_database_size(current_database()) as bytes')
    return row?.bytes ?? null
  }
  // What was written last lies in the log beside it.
  const sizes = [database.place, `${database.place}-wal`].map(
    (file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0,
  )
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  return bytes === 0 ? null : bytes
}
