import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from '../../src/base/config.ts'
import { systemClock } from '../../src/base/time/time.ts'
import { removeDeadWorkers } from '../../src/store/dispatch/workers.ts'
import { copyDatabase } from '../../src/store/keeping/copy.ts'
import { openDatabase } from '../../src/store/open.ts'
import { startOwnPostgres, type TestServer } from '../store/postgres.ts'

/** Where the rows of a trial are. */
export type StorePlace = Environment['database']

/** Gives each trial an empty store. */
export interface Stores {
  create(folder: string): Promise<StorePlace>
  /** Deletes what a sound trial left outside its folder. */
  discard(place: StorePlace): Promise<void>
  /** Leaves what a failed trial wrote in its folder, as a SQLite file. */
  keep(place: StorePlace, folder: string): Promise<void>
  close(): Promise<void>
}

export function sqliteIn(folder: string): StorePlace {
  return { kind: 'sqlite', file: join(folder, 'reeve.db') }
}

export const sqliteStores: Stores = {
  create: async (folder) => sqliteIn(folder),
  async discard() {},
  async keep() {},
  async close() {},
}

/** A server of its own, and a schema of it for each trial. */
export async function startPostgresStores(): Promise<Stores> {
  const server = await startOwnPostgres()
  return { ...schemasOf(server), close: () => server.stop() }
}

export function schemasOf(server: TestServer): Omit<Stores, 'close'> {
  return {
    create: async () => ({ kind: 'postgres', url: await server.createSchema() }),
    async discard(place) {
      if (place.kind === 'postgres') await server.dropSchema(place.url)
    },
    async keep(place, folder) {
      const file = join(folder, 'reeve.db')
      rmSync(file, { force: true })
      const [source, target] = [place, sqliteIn(folder)].map((one) => openDatabase(one, systemClock))
      try {
        await source!.transaction((session) => removeDeadWorkers(session, 0))
        await copyDatabase(source!, target!)
      } finally {
        await source!.close()
        await target!.close()
      }
    },
  }
}
