import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import type { RunningStandIn, SandboxOptions } from '../shape/sandbox.ts'

/** Marks a file whose tables are made. */
const isMade = 1

/** A database in the place of the real one: beside the other state of the sandbox, or for as long as the process lives. */
export async function startSqlStandIn(
  schema: string,
  { file }: SandboxOptions = {},
): Promise<RunningStandIn> {
  const folder = file === undefined ? await mkdtemp(join(tmpdir(), 'reeve-sql-')) : undefined
  const path = folder === undefined ? file!.replace(/(?:\.json)?$/, '.db') : join(folder, 'stand-in.db')
  const database = new DatabaseSync(path, { timeout: 5_000 })
  try {
    database.exec('pragma journal_mode = wal; begin immediate')
    const { user_version: version } = database.prepare('pragma user_version').get() as {
      user_version: number
    }
    if (version !== isMade) database.exec(`${schema};pragma user_version = ${isMade}`)
    database.exec('commit')
  } finally {
    database.close()
  }
  return {
    url: pathToFileURL(path).href,
    close: async () => {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    },
  }
}
