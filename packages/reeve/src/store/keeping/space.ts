import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import type { Database, Session } from '../database.ts'
import { writerPragmas } from '../sqlite/connection.ts'

/** Pages in one transaction: some milliseconds, so that whoever writes beside it hardly notices. */
const slicePages = 200
const pauseMs = 10
/** New runs take these before the file grows; to give them back would only make it grow again. */
const leastSpare = 2_500
const spareShare = 0.2

/** What a SQLite file is made of, in pages. */
export interface Space {
  pageBytes: number
  pages: number
  /** Of them, those that hold nothing. */
  free: number
  /** Whether free pages can be given back piece by piece; else only by writing the whole file anew. */
  inSlices: boolean
}

export async function spaceOf(database: Database): Promise<Space> {
  const pragma = async (name: string) =>
    (await database.get<Record<string, number>>(`pragma ${name}`))?.[name] ?? 0
  return {
    pageBytes: await pragma('page_size'),
    pages: await pragma('page_count'),
    free: await pragma('freelist_count'),
    inSlices: (await pragma('auto_vacuum')) === 2,
  }
}

/**
 * Gives pages of a SQLite file that hold nothing back to the disk, in small transactions with room for others between;
 * the file shrinks with the next checkpoint. Leaves what new runs soon take, or with `all` nothing. An aborted `signal`
 * ends it after the slice that is under way. Answers how many pages went. Postgres sees to its own files.
 */
export async function giveBackSpace(
  database: Database,
  { all = false, signal }: { all?: boolean; signal?: AbortSignal | undefined } = {},
): Promise<number> {
  if (database.kind !== 'sqlite') return 0
  const { pages, free, inSlices } = await spaceOf(database)
  if (!inSlices) return 0
  const spare = all ? 0 : Math.max(leastSpare, Math.ceil(pages * spareShare))
  let given = 0
  // What others free meanwhile is left to the next time, so that this ends.
  while (given < free - spare && !signal?.aborted) {
    if (given > 0) await delay(pauseMs)
    const before = (await spaceOf(database)).free
    const size = Math.min(slicePages, free - spare - given, before - spare)
    if (size <= 0) break
    await database.transaction((session) => session.all(`pragma incremental_vacuum(${size})`))
    given += size
  }
  return given
}

/** Room that `rewrite` needs on the disk, in bytes: what is in use is written twice, to a temporary file and to the log. */
export function roomToRewrite({ pageBytes, pages, free }: Space): number {
  return 2 * (pages - free) * pageBytes + 16 * 1024 * 1024
}

/** Writes a whole SQLite file anew, without what holds nothing. Nobody else can write until it has ended. */
export function rewrite(file: string): void {
  const database = new DatabaseSync(file, { timeout: 5000 })
  try {
    for (const pragma of writerPragmas) database.exec(`pragma ${pragma}`)
    // Its temporary file belongs where there is room, which was looked at.
    database.prepare(`pragma temp_store_directory = '${dirname(file).replaceAll("'", "''")}'`).all()
    database.exec('vacuum')
  } finally {
    database.close()
  }
  emptyLog(file)
}

/**
 * Brings what is in the log of a SQLite file into the file, and cuts the log. What somebody reads just now stays in the log
 * until the next checkpoint: others wait 100 ms for this at most.
 */
export function emptyLog(file: string): void {
  const database = new DatabaseSync(file, { timeout: 100 })
  try {
    // The first one holds nobody up and leaves little to the second, which does.
    for (const how of ['passive', 'truncate']) database.prepare(`pragma wal_checkpoint(${how})`).all()
  } finally {
    database.close()
  }
}

/** What a Postgres database takes on its server's disk (bytes). */
export async function postgresBytes(session: Session): Promise<number | null> {
  const row = await session.get<{ bytes: number }>('select pg_database_size(current_database()) as bytes')
  return row?.bytes ?? null
}
