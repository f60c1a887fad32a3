import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { Database } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrations.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { storeContract } from './contract.ts'

const folder = mkdtempSync(join(tmpdir(), 'reeve-store-'))
let files = 0

afterAll(() => rmSync(folder, { recursive: true }))

async function open(file: string): Promise<Database> {
  const database = openSqlite({ file, clock: new FakeClock() })
  await migrate(database, () => 'identity')
  return database
}

storeContract('SQLite in memory', () => open(':memory:'))
storeContract('SQLite in a file', () => open(join(folder, `${files++}.db`)))
