import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/base/time/time.ts'
import { checkMemory } from '../../src/inspect/health/checks/memory.ts'
import type { Database } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrations.ts'
import { PostgresDatabase } from '../../src/store/postgres/postgres.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'
import { startPostgres, type TestServer } from '../store/postgres.ts'

let server: TestServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.stop())

/** That many items, without a process that looked for pgvector's column. */
async function remember(database: Database, items: number): Promise<void> {
  await database.run(
    `with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ${items})
     insert into items (id, version, kind, scope, marks, title, heading, text, hash, title_terms, heading_terms, body_terms,
       length, embedder, source, untrusted, at)
     select 'id' || n, 1, 'fact', '', 'KFACT', '', '', 'text', 'hash', '', '', 'text', 1, 'e', 's', 1, 1 from numbers`,
  )
}

test('doctor counts what is known on SQLite, and finds nothing wrong with many items', async () => {
  const database = openSqlite({ file: ':memory:', clock: systemClock })
  await migrate(database, () => 'identity')
  await remember(database, 6000)
  expect(await checkMemory(database)).toEqual({ what: 'memory', state: 'ok', found: '6000 items' })
  await database.run(`update items set kind = 'passage' where no <= 40`)
  expect((await checkMemory(database)).found).toBe('6000 items, 40 of them passages of documents')
  await database.close()
})

test('doctor says on a Postgres that nothing is wrong with few items', async () => {
  const database = new PostgresDatabase({ url: await server.createSchema(), clock: systemClock })
  try {
    await migrate(database, () => 'identity')
    await remember(database, 5000)
    expect(await checkMemory(database)).toMatchObject({
      state: 'ok',
      found: expect.stringMatching(/^5000 items/),
    })
  } finally {
    await database.close()
  }
})
