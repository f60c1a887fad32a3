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
     insert into memories (id, scope, title, text, hash, embedder, dimensions, vector, source, untrusted, at)
     select 'id' || n, '', '', 'text', 'hash', 'e', 1, ${database.kind === 'sqlite' ? `x'0000803f'` : `'\\x0000803f'`}, 's', 1, 1
     from numbers`,
  )
}

test('SQLite compares every item, and doctor finds nothing wrong with that', async () => {
  const database = openSqlite({ file: ':memory:', clock: systemClock })
  await migrate(database, () => 'identity')
  await remember(database, 6000)
  expect(await checkMemory(database)).toEqual({
    what: 'memory',
    state: 'ok',
    found: '6000 items, exact search in the process',
  })
  await database.close()
})

test('doctor warns of many items on a Postgres that does not compare them itself, and says what to do', async () => {
  const database = new PostgresDatabase({ url: await server.createSchema(), clock: systemClock })
  try {
    await migrate(database, () => 'identity')
    const offered = await database.get(`select 1 from pg_available_extensions where name = 'vector'`)
    await remember(database, 5000)
    const few = await checkMemory(database)
    await database.run('delete from memories')
    await remember(database, 5001)
    const many = await checkMemory(database)
    const advice = expect.stringContaining('reeve migrate')
    if (offered) {
      expect(many).toMatchObject({ state: 'warning', advice, found: expect.stringContaining('5001 not in') })
    } else {
      expect(few).toEqual({ what: 'memory', state: 'ok', found: '5000 items, exact search in the process' })
      expect(many).toMatchObject({ state: 'warning', advice, found: expect.stringContaining('5001 items') })
      expect(many.advice).toContain('Install pgvector on the server')
    }
  } finally {
    await database.close()
  }
})
