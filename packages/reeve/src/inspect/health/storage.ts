import { statSync } from 'node:fs'
import type { Database } from '../../store/database.ts'
import { tailEnd } from '../../store/journal/journal.ts'
import { postgresBytes } from '../../store/keeping/space.ts'
import { countItems } from '../../store/memory/items.ts'
import { schemaVersion } from '../../store/migrations.ts'
import { countRunsUpTo } from '../../store/runs/run-counts.ts'

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
  return {
    kind: database.kind,
    place: database.place,
    schemaVersion,
    bytes: await bytesOf(database),
    runs: await countRunsUpTo(database, mostCounted),
    events: (await tailEnd(database))?.id ?? 0,
    items: await countItems(database),
  }
}

const mostCounted = 100_000

async function bytesOf(database: Database): Promise<number | null> {
  if (database.kind === 'postgres') {
    return postgresBytes(database)
  }
  // What was written last lies in the log beside it.
  const sizes = [database.place, `${database.place}-wal`].map(
    (file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0,
  )
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  return bytes === 0 ? null : bytes
}
