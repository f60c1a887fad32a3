import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/base/time/time.ts'
import { lockSchema } from '../../src/store/dialect.ts'
import { identityOf, migrate, schemaVersion, versionOf } from '../../src/store/migrations.ts'
import { PostgresDatabase, type PostgresOptions } from '../../src/store/postgres/postgres.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { startOwnPostgres, type TestServer } from './postgres.ts'
import { transactionPooler } from './transaction-pooler.ts'

let server: TestServer

beforeAll(async () => {
  server = await startOwnPostgres()
})

afterAll(() => server.stop())

/** Opens and migrates, as the runtime does; closes again. */
async function use(url: string, options: Partial<PostgresOptions> = {}): Promise<void> {
  const database = new PostgresDatabase({ url, clock: systemClock, ...options })
  try {
    await migrate(database, () => 'identity')
  } finally {
    await database.close()
  }
}

function changed(url: string, change: (url: URL) => void): string {
  const other = new URL(url)
  change(other)
  return other.href
}

test.each([
  ['postgres://reeve@127.0.0.1', /names no database/],
  ['postgres://reeve@127.0.0.1:99999/x', /is not a URL/],
  ['postgres://reeve@127.0.0.1/x?sslmode=maybe', /sslmode=maybe is not one of disable, prefer/],
])('the URL %s is refused with how to write one', async (url, why) => {
  await expect(use(url)).rejects.toMatchObject({
    code: 'bad-database-url',
    message: expect.stringMatching(
      new RegExp(`${why.source}.*Write postgres://USER:PASSWORD@HOST:PORT/DATABASE`),
    ),
  })
})

test('a wrong password is refused without being printed', async () => {
  const url = await server.createDatabase()
  await server.query(`create role ada login password 'right'; set password_encryption = 'scram-sha-256'`)
  const { rows } = await server.query('show hba_file')
  const file = (rows[0] as { hba_file: string }).hba_file
  await server.query(
    `copy (select 'host all ada 127.0.0.1/32 scram-sha-256' union all select 'host all all 127.0.0.1/32 trust') to '${file}'`,
  )
  await server.query('select pg_reload_conf()')
  const wrong = changed(url, (one) => {
    one.username = 'ada'
    one.password = 'wrong-secret'
  })
  const refusal = await use(wrong).catch((error: unknown) => error)
  expect(refusal).toMatchObject({
    code: 'database-refused',
    message: expect.stringMatching(/password authentication failed.*check user and password in DATABASE_URL/),
  })
  expect(String((refusal as Error).message)).not.toContain('wrong-secret')
  const none = changed(url, (one) => {
    one.username = 'ada'
  })
  await expect(use(none)).rejects.toMatchObject({ code: 'database-refused' })
})

test('a database that is not there is refused with how to make it', async () => {
  const url = changed(server.url, (one) => {
    one.pathname = '/nowhere'
  })
  await expect(use(url)).rejects.toMatchObject({
    code: 'database-missing',
    message: expect.stringMatching(/"nowhere" does not exist\. Create it first: createdb nowhere/),
  })
})

test('a server that cannot be reached is named, and may be tried again', async () => {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  await expect(use(`postgres://reeve:secret@127.0.0.1:${port}/x`)).rejects.toMatchObject({
    code: 'database-unreachable',
    retryable: true,
    message: expect.stringMatching(
      new RegExp(
        `^postgres://reeve@127\\.0\\.0\\.1:${port}/x cannot be reached: .*ECONNREFUSED.*Check that the server runs`,
      ),
    ),
  })
})

test('TLS that the server does not offer is refused, not dropped', async () => {
  const url = `${await server.createDatabase()}?sslmode=require`
  await expect(use(url)).rejects.toMatchObject({
    code: 'database-tls',
    message: expect.stringMatching(/does not support SSL.*Turn TLS on at the server/),
  })
})

test('a role without the right to create tables is told which right it lacks', async () => {
  const url = await server.createDatabase()
  await server.query('create role bob login', url)
  const restricted = changed(url, (one) => {
    one.username = 'bob'
  })
  await expect(use(restricted)).rejects.toMatchObject({
    code: 'database-unusable',
    message: expect.stringMatching(
      /permission denied for schema public.*grant it "usage, create".*Nothing was changed/,
    ),
  })
  const { rows } = await server.query(
    `select count(*)::int as count from pg_tables where schemaname = 'public'`,
    url,
  )
  expect(rows).toEqual([{ count: 0 }])
})

test('a least-privilege role may use a database that its owner migrated', async () => {
  const url = await server.createDatabase()
  await use(url)
  await server.query(
    `create role carol login; grant usage on schema public to carol;
     grant select, insert, update, delete on all tables in schema public to carol;
     grant usage on all sequences in schema public to carol`,
    url,
  )
  await use(
    changed(url, (one) => {
      one.username = 'carol'
    }),
  )
})

test('a server that only answers reads is refused', async () => {
  const url = await server.createDatabase()
  const name = new URL(url).pathname.slice(1)
  await server.query(`alter database ${name} set default_transaction_read_only = on`)
  await expect(use(url)).rejects.toMatchObject({
    code: 'database-read-only',
    message: expect.stringMatching(/only answers reads.*Point DATABASE_URL at the primary/),
  })
})

test('a server older than 15 is refused', async () => {
  const url = await server.createDatabase()
  await expect(use(url, { serverVersion: 140012 })).rejects.toMatchObject({
    code: 'database-too-old',
    message: expect.stringMatching(/is Postgres 14\.12; Reeve needs 15 or newer/),
  })
})

test('a schema newer than the code is refused and left as it was', async () => {
  const url = await server.createDatabase()
  await use(url)
  await server.query(`update meta set value = '99' where name = 'schema'`, url)
  await expect(use(url)).rejects.toMatchObject({
    code: 'database-newer',
    message: expect.stringMatching(/version 99.*Update Reeve/),
  })
  const { rows } = await server.query(`select value from meta where name = 'schema'`, url)
  expect(rows).toEqual([{ value: '99' }])
})

test("tables that are not Reeve's are left alone", async () => {
  const url = await server.createDatabase()
  await server.query('create table customers (id int)', url)
  await expect(use(url)).rejects.toMatchObject({
    code: 'database-foreign',
    message: expect.stringMatching(/not Reeve's \(customers\).*database of its own/),
  })
})

test('processes that start at once on an empty database migrate it once', async () => {
  const url = await server.createDatabase()
  await Promise.all(Array.from({ length: 6 }, () => use(url)))
  const database = new PostgresDatabase({ url, clock: systemClock })
  expect(await versionOf(database)).toBe(schemaVersion)
  expect(await identityOf(database)).toBe('identity')
  await database.close()
})

test('a process waits for another one that migrates for longer than for any other lock', async () => {
  const url = await server.createDatabase()
  const holder = new PostgresDatabase({ url, clock: systemClock })
  const impatient = changed(url, (one) => one.searchParams.set('options', '-c lock_timeout=50'))
  let waiting: Promise<void> | undefined
  await holder.transaction(async (session) => {
    for (const statement of lockSchema.postgres) await session.all(statement)
    waiting = use(impatient)
    waiting.catch(() => {})
    const isAsked = `select count(*)::int as count from pg_locks where locktype = 'advisory' and not granted`
    await expect
      .poll(async () => (await session.get<{ count: number }>(isAsked))?.count, { timeout: 60_000 })
      .toBe(1)
    await session.all('select pg_sleep(0.2)')
  })
  await waiting
  await holder.close()
})

test('behind a pooler in transaction mode everything works, and changes are found by looking', async () => {
  const url = await server.createDatabase()
  const pooler = await transactionPooler(url)
  const [here, there] = [0, 1].map(() => new PostgresDatabase({ url: pooler.url, clock: systemClock }))
  try {
    await migrate(here!, () => 'identity')
    const heard = Promise.withResolvers<number>()
    const began = performance.now()
    here!.onOutsideChange(() => heard.resolve(performance.now() - began))
    await here!.changes.ready()
    expect(here!.changes.state).toBe('polling')
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        (index % 2 === 0 ? here! : there!).transaction(async (session) => {
          await session.run('insert into queues (name) values (?)', [`q${index}`])
          expect(await session.get('select name from queues where name = ?', [`q${index}`])).toEqual({
            name: `q${index}`,
          })
        }),
      ),
    )
    expect(await there!.get('select count(*) as count from queues')).toEqual({ count: 40 })
    expect(await heard.promise).toBeLessThan(2000)
  } finally {
    await here!.close()
    await there!.close()
    await pooler.close()
  }
})

test('a lost listener is replaced, and changes are found by looking meanwhile', async () => {
  const url = await server.createDatabase()
  // The next look comes when the clock is moved, so that nothing is replaced before it is seen to be lost.
  const clock = new FakeClock()
  const database = new PostgresDatabase({ url, clock })
  await migrate(database, () => 'identity')
  let calls = 0
  const stop = database.onOutsideChange(() => calls++)
  await database.changes.ready()
  expect(database.changes.state).toBe('listening')
  await server.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where query = 'select 1' or query like 'listen %'`,
  )
  const state = () => database.changes.state
  await expect.poll(state, { timeout: 60_000 }).toBe('connecting')
  const before = calls
  await clock.advance(250)
  expect(calls).toBeGreaterThan(before)
  await expect.poll(() => clock.advance(250).then(state), { timeout: 60_000 }).toBe('listening')
  stop()
  await database.close()
})
