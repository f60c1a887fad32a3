import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { systemClock } from '../../src/base/time/time.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import { verifyAudit } from '../../src/store/audit/audit.ts'
import { readAuthorityVersion } from '../../src/store/authority/version.ts'
import type { Database } from '../../src/store/database.ts'
import { pauseAll, readPausedAll } from '../../src/store/dispatch/queues/pause-all.ts'
import { noLimits, saveQueue, setQueuePaused } from '../../src/store/dispatch/queues/queues.ts'
import { registerWorker } from '../../src/store/dispatch/workers.ts'
import { movedTo, refuseMoved, reopen } from '../../src/store/identity/moved.ts'
import { claimDatabase, readOwner } from '../../src/store/identity/ownership.ts'
import { revokeActing } from '../../src/store/identity/principals.ts'
import { copyDatabase } from '../../src/store/keeping/copy.ts'
import { identityOf, migrate } from '../../src/store/migrations.ts'
import { PostgresDatabase } from '../../src/store/postgres/postgres.ts'
import { requireRun } from '../../src/store/runs/runs.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { mortalEngine, openTestDatabase, testEngine } from '../engine/harness.ts'
import { startPostgres, type TestServer } from './postgres.ts'

let server: TestServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.stop())

type Open = (clock: FakeClock) => Promise<Database>

const inMemory: Open = async (clock) => openSqlite({ file: ':memory:', clock })
const onPostgres: Open = async (clock) =>
  new PostgresDatabase({ url: await server.createSchema(), clock, timeFrom: 'clock' })

const anything = z.unknown()
const large = 'The quick brown fox — ünïcödé, "quotes" and \\ '.repeat(20_000)
let mended = false

const approving = defineWorkflow({
  name: 'approving',
  input: anything,
  run: async (ctx: CoreContext) => (await ctx.approve('send', { show: { to: 'Ada' } })).status,
})
const sleeping = defineWorkflow({
  name: 'sleeping',
  input: anything,
  async run(ctx: CoreContext) {
    const text = await ctx.step('large', () => large)
    await ctx.sleep('2h')
    return text.length
  },
})
const listening = defineWorkflow({
  name: 'listening',
  input: anything,
  run: (ctx: CoreContext) => ctx.waitFor('go'),
})
const failing = defineWorkflow({
  name: 'failing',
  input: anything,
  async run(ctx: CoreContext) {
    const first = await ctx.step('first', () => 1)
    const work = () => {
      if (!mended) throw new Error('broken')
      return first + 1
    }
    return ctx.step('second', work, { retry: { attempts: 1 } })
  },
})
const held = defineWorkflow({
  name: 'held',
  input: anything,
  queue: 'held',
  run: (ctx: CoreContext) => ctx.step('only', () => 'held no more'),
})
const dying = defineWorkflow({
  name: 'dying',
  input: z.object({ hang: z.boolean() }),
  async run(ctx: CoreContext) {
    const first = await ctx.step('first', () => 'kept')
    await ctx.step('second', () => (dies ? new Promise<never>(() => {}) : null))
    return first
  },
})
let dies = true

const workflows = [approving, sleeping, listening, failing, held, dying]

/** A source with a run in each state in which it may be found, and nobody at work. */
async function someLife(database: Database, clock: FakeClock) {
  mended = false
  dies = true
  await saveQueue(database, 'held', noLimits)
  await setQueuePaused(database, 'held', true)
  const { engine, die } = await mortalEngine(workflows, { database, clock })
  const names = ['approving', 'sleeping', 'listening', 'failing', 'held'] as const
  const ids: Record<string, string> = {}
  for (const name of names) ids[name] = (await engine.startRun(name, null)).id
  ids.dying = (await engine.startRun('dying', { hang: true })).id
  const there = async (name: string, status: string) =>
    (await requireRun(database, ids[name]!)).status === status
  for (const name of ['approving', 'sleeping', 'listening']) await eventually(() => there(name, 'waiting'))
  await eventually(() => there('failing', 'failed'))
  await eventually(async () => (await requireRun(database, ids.dying!)).status === 'running')
  await eventually(async () => {
    const row = await database.get<{ count: number }>(
      `select count(*) as count from events where type = 'step-completed'`,
    )
    return row!.count === 3
  })
  await die()
  return ids
}

/** Looks again until it holds, however long the database takes to answer. */
async function eventually(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve))
}

async function everythingGoesOn(engine: Engine, clock: FakeClock, ids: Record<string, string>) {
  mended = true
  dies = false
  await engine.start()
  const [approval] = await listPending(engine.database)
  await engine.control.decide(approval!.id, { verdict: 'approve', by: 'ada' })
  await engine.control.signal(ids.listening!, 'go', { now: true })
  await engine.control.retry(ids.failing!, 'ada')
  await setQueuePaused(engine.database, 'held', false)
  engine.worker.nudge()
  await clock.advance(2 * 3_600_000)
  // A timer that is registered as due fires when the clock is next moved.
  await eventually(async () => {
    await clock.advance(1000)
    const runs = await engine.database.all<{ ended_at: number | null }>('select ended_at from runs')
    return runs.every((run) => run.ended_at !== null)
  })
  const outputs: Record<string, unknown> = {}
  for (const [name, id] of Object.entries(ids)) {
    const result = await engine.resultOf(id)
    outputs[name] = result.status === 'succeeded' ? result.output : result
  }
  expect(outputs).toEqual({
    approving: 'approved',
    sleeping: large.length,
    listening: { now: true },
    failing: 2,
    held: 'held no more',
    dying: 'kept',
  })
}

test.each([
  ['SQLite', 'SQLite', inMemory, inMemory],
  ['SQLite', 'Postgres', inMemory, onPostgres],
  ['Postgres', 'SQLite', onPostgres, inMemory],
])('runs in flight go on after a copy from %s to %s', async (_from, _to, openSource, openTarget) => {
  const clock = new FakeClock()
  const source = await openSource(clock)
  const target = await openTarget(clock)
  try {
    await migrate(source, () => 'the identity')
    const ids = await someLife(source, clock)
    const report = await copyDatabase(source, target)
    expect(report).toMatchObject({ runs: 6, inFlight: { queued: 1, running: 1, waiting: 3 } })
    expect(await identityOf(target)).toBe('the identity')
    expect(await verifyAudit(target)).toEqual({ ...(await verifyAudit(source)), runs: 6 })
    const { engine } = await testEngine(workflows, {
      database: target,
      clock,
      newId: (
        (count) => () =>
          `later${count++}`
      )(0),
    })
    await everythingGoesOn(engine, clock, ids)
    const numbers = await source.get<{ value: number }>(`select value from counters where name = 'run'`)
    const newer = await engine.startRun('failing', null)
    expect((await newer.result()).status).toBe('succeeded')
    expect((await requireRun(target, newer.id)).no).toBeGreaterThan(numbers!.value)
    expect((await verifyAudit(target)).faults).toEqual([])
    await engine.stop()
  } finally {
    await source.close()
    await target.close()
  }
})

async function withPair(body: (source: Database, target: Database, clock: FakeClock) => Promise<void>) {
  const clock = new FakeClock()
  const source = await openTestDatabase(clock)
  const target = openSqlite({ file: ':memory:', clock })
  try {
    await body(source, target, clock)
  } finally {
    await source.close()
    await target.close()
  }
}

test('a source that a living worker drives is refused, and the target stays empty', () =>
  withPair(async (source, target) => {
    await registerWorker(source, 'alive')
    await expect(copyDatabase(source, target)).rejects.toMatchObject({ code: 'copy-source-busy' })
    await source.run('delete from workers')
    expect(await copyDatabase(source, target)).toMatchObject({ runs: 0, inFlight: {} })
  }))

test('a target with anything in it is refused and stays as it is', () =>
  withPair(async (source, target) => {
    await migrate(target, () => 'its own')
    await saveQueue(target, 'mail', noLimits)
    await expect(copyDatabase(source, target)).rejects.toMatchObject({ code: 'copy-target-not-empty' })
    expect(await identityOf(target)).toBe('its own')
    await migrate(target, () => 'another')
  }))

test('a copy cut short leaves a target that every use refuses', () =>
  withPair(async (source, target, clock) => {
    await someLife(source, clock)
    let pages = 0
    const cutShort = () => {
      if (++pages === 3) throw new Error('the plug was pulled')
    }
    await expect(copyDatabase(source, target, cutShort)).rejects.toThrow('the plug was pulled')
    await expect(migrate(target, () => 'x')).rejects.toMatchObject({
      code: 'database-incomplete',
      message: expect.stringContaining('copy again'),
    })
    await expect(copyDatabase(source, target)).rejects.toMatchObject({ code: 'database-incomplete' })
    await migrate(source, () => 'x')
  }))

test('a row that arrives otherwise than it was read is found', () =>
  withPair(async (source, target, clock) => {
    await someLife(source, clock)
    const tamper = (table: string) => {
      if (table === 'approvals') void target.run(`update approvals set subject = 'other'`)
    }
    await expect(copyDatabase(source, target, tamper)).rejects.toMatchObject({
      code: 'copy-differs',
      message: expect.stringContaining('Table approvals'),
    })
  }))

test('a chain that is broken at the source is named, and the target stays refused', () =>
  withPair(async (source, target, clock) => {
    const ids = await someLife(source, clock)
    await source.run(
      `update events set at = at + 1 where seq = 2 and run = (select no from runs where id = ?)`,
      [ids.failing!],
    )
    await expect(copyDatabase(source, target)).rejects.toMatchObject({
      code: 'copy-differs',
      message: expect.stringContaining(`event 2 of run ${ids.failing}`),
    })
    await expect(migrate(target, () => 'x')).rejects.toMatchObject({ code: 'database-incomplete' })
  }))

test('a source is fenced before its copy is usable, and the copy belongs to the same project', () =>
  withPair(async (source, target) => {
    const claimant = { name: 'shop', isNamed: true, isAtHome: false, workflows: [] }
    await claimDatabase(source, claimant)
    const run = target.run.bind(target)
    target.run = async (sql, parameters) => {
      if (!sql.startsWith('delete from meta')) return run(sql, parameters)
      // The last step, whose answer is lost.
      expect(await movedTo(source)).toBe(target.place)
      await run(sql, parameters)
      throw new Error('the line was cut')
    }
    await expect(copyDatabase(source, target)).rejects.toMatchObject({
      code: 'copy-unfinished',
      message: expect.stringMatching(/the line was cut.*is fenced/),
    })
    expect(await readOwner(target)).toEqual({ names: ['shop'], isNamed: true })
    await expect(
      copyDatabase(source, openSqlite({ file: ':memory:', clock: systemClock })),
    ).rejects.toMatchObject({
      code: 'database-moved',
    })
    expect(await reopen(source)).toBe(target.place)
    expect(await reopen(source)).toBeUndefined()
  }))

test('where a Postgres source went is told without the password', async () => {
  const clock = new FakeClock()
  const source = await inMemory(clock)
  const url = new URL(await server.createSchema())
  url.password = 'secret'
  const target = new PostgresDatabase({ url: url.href, clock, timeFrom: 'clock' })
  try {
    await migrate(source, () => 'identity')
    await copyDatabase(source, target)
    const refusal = await refuseMoved(source, source.place).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'database-moved', message: expect.stringContaining(url.host) })
    expect((refusal as Error).message).not.toContain('secret')
  } finally {
    await source.close()
    await target.close()
  }
})

test('nobody writes at a Postgres source while it is copied', async () => {
  const clock = new FakeClock()
  const source = await onPostgres(clock)
  const target = await inMemory(clock)
  try {
    await migrate(source, () => 'identity')
    await saveQueue(source, 'mail', noLimits)
    let late: Promise<unknown> | undefined
    const copied: string[] = []
    await copyDatabase(source, target, (table) => {
      copied.push(table)
      late ??= source
        .transaction((session) => registerWorker(session, 'late'))
        .catch((error: { code: string }) => copied.push(error.code))
    })
    await late
    expect(copied.at(-1)).toBe('database-moved')
    expect(await source.all('select id from workers')).toEqual([])
    expect(await target.all('select id from workers')).toEqual([])
  } finally {
    await source.close()
    await target.close()
  }
})

test('that everything is paused goes with the data, and by whom and why', async () => {
  const open = async (identity: string) => {
    const database = openSqlite({ file: ':memory:', clock: new FakeClock() })
    await migrate(database, () => identity)
    onTestFinished(() => database.close())
    return database
  }
  const [source, target] = [await open('one'), await open('other')]
  const acting = { by: 'ada', proof: 'local-user', at: 7, why: 'bad answers' } as const
  await source.transaction((session) => pauseAll(session, acting))
  await source.transaction((session) => revokeActing(session, 'agent:writer', acting))
  await copyDatabase(source, target)
  expect(await readPausedAll(target)).toEqual({ by: 'ada', why: 'bad answers', at: 7 })
  expect(await readAuthorityVersion(target)).toBe(await readAuthorityVersion(source))
  expect(await readAuthorityVersion(target)).toBe(1)
})
