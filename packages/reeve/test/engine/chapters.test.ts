import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import { verifyAudit } from '../../src/store/audit/audit.ts'
import type { Bulk, Database, Session, Value } from '../../src/store/database.ts'
import { pruneChapters } from '../../src/store/keeping/chapters.ts'
import { prune } from '../../src/store/keeping/retention.ts'
import { eventsOf, mortalEngine, rowOf, testEngine, typesOf } from './harness.ts'

const minute = 60_000

/** What the chapters here go on with. */
type Given = { chapter: number; round: number; from: number }

type Run = (ctx: CoreContext, input: Given) => Promise<unknown>

function workflowOf(name: string, run: Run, more: object = {}): Workflow {
  return defineWorkflow({ name, input: z.any(), run, ...more }) as Workflow
}

async function started(workflows: Workflow[], options: Parameters<typeof testEngine>[1] = {}) {
  const opened = await testEngine(workflows, options)
  await opened.engine.start()
  onTestFinished(() => opened.engine.stop())
  return opened
}

/** As `database.all`, with every event that was read noted. */
function countingReads(database: Database): { database: Database; rows: () => number } {
  let rows = 0
  const noted = <T>(found: T[], sql: string): T[] => {
    if (/from events/.test(sql)) rows += found.length
    return found
  }
  const over = <S extends Session>(session: S, more: PropertyDescriptorMap = {}): S =>
    Object.create(session, {
      get: { value: session.get.bind(session) },
      run: { value: session.run.bind(session) },
      all: { value: async (sql: string, given?: []) => noted(await session.all(sql, given), sql) },
      bulk: {
        value: async (bulk: Bulk, given: Value[][]) => noted(await session.bulk(bulk, given), bulk.sql),
      },
      ...more,
    })
  const link = over(database, {
    transaction: {
      value: (body: (session: Session) => Promise<unknown>) =>
        database.transaction((session) => body(over(session))),
    },
  })
  return { database: link, rows: () => rows }
}

test('a run goes on from the beginning with a new input, the same run with a chain that holds', async () => {
  const counter = workflowOf('counter', async (ctx, { from }) => {
    const next = await ctx.step('add', () => from + 1)
    if (next < 5) return ctx.continueAs({ from: next })
    return next
  })
  const { engine, database } = await started([counter])
  const run = await engine.startRun(counter, { from: 0 }, { idempotencyKey: 'one' })
  expect(await run.result()).toEqual({ status: 'succeeded', output: 5 })
  expect(await rowOf(database, run.id)).toMatchObject({ chapter: 5, idempotency: 'one', chapter_call: 4 })
  const events = await eventsOf(database, run.id)
  expect(events.filter(({ type }) => type === 'run-continued').map(({ step }) => step)).toEqual([1, 2, 3, 4])
  expect(events.filter(({ type }) => type === 'step-completed').map(({ step }) => step)).toEqual([
    1, 2, 3, 4, 5,
  ])
  const again = await engine.startRun(counter, { from: 0 }, { idempotencyKey: 'one' })
  expect(again.id).toBe(run.id)
  expect(await verifyAudit(database, run.id)).toMatchObject({ faults: [] })
})

test('a wake in a late chapter reads the events of that chapter alone', async () => {
  const patient = workflowOf('patient', async (ctx, { round }) => {
    await ctx.waitFor('tick')
    await ctx.step('note', () => round)
    return round < 200 ? ctx.continueAs({ round: round + 1 }) : round
  })
  const plain = await testEngine([])
  const counting = countingReads(plain.database)
  const { engine } = await started([patient], { database: counting.database, clock: plain.clock })
  const run = await engine.startRun(patient, { round: 1 })
  const read: number[] = []
  for (let round = 1; round <= 200; round++) {
    while ((await rowOf(plain.database, run.id)).status !== 'waiting') await plain.clock.advance(1)
    const before = counting.rows()
    await engine.control.signal(run.id, 'tick', null)
    while ((await rowOf(plain.database, run.id)).status === 'queued') await plain.clock.advance(1)
    if (round < 200) {
      while ((await rowOf(plain.database, run.id)).status !== 'waiting') await plain.clock.advance(1)
    }
    read.push(counting.rows() - before)
  }
  expect(await run.result()).toEqual({ status: 'succeeded', output: 200 })
  expect(read.at(-2)).toBe(read[2])
  expect(Math.max(...read)).toBeLessThan(8)
})

test('what is open when a chapter ends is given up, and signals that nobody took stay for the next', async () => {
  const seen: unknown[] = []
  const child = workflowOf('child', (ctx) => ctx.waitFor('never'))
  const parent = workflowOf('parent', async (ctx, { chapter }) => {
    if (chapter === 2) {
      seen.push(await ctx.waitFor('early'))
      await ctx.sleep('1h')
      return 'done'
    }
    await ctx.start(child, {})
    await ctx.start(child, {}, { whenParentEnds: 'detach' })
    void ctx.approve('may it?', { show: 'this' })
    void ctx.sleep('10m').then(() => seen.push('timer'))
    void ctx.waitFor('late').then((value) => seen.push(value))
    const slow = ctx.step('slow', () => new Promise((resolve) => clock.after(50, () => resolve('slow'))))
    void slow.then((value) => seen.push(value))
    return ctx.continueAs({ chapter: 2 })
  })
  const { engine, database, clock } = await started([parent, child])
  const run = await engine.startRun(parent, { chapter: 1 })
  await engine.control.signal(run.id, 'early', 'kept')
  await clock.advance(1000)
  expect(seen).toEqual(['kept'])
  // The step that acted was awaited before the chapter ended.
  const types = await typesOf(database, run.id)
  expect(types.indexOf('step-completed')).toBeLessThan(types.indexOf('run-continued'))
  const children = await database.all(
    `select status, detached from runs where workflow = 'child' order by no`,
  )
  expect(children).toEqual([
    { status: 'cancelled', detached: 0 },
    { status: 'waiting', detached: 1 },
  ])
  expect(await database.all('select status from approvals')).toEqual([{ status: 'withdrawn' }])
  // Neither the old timer nor what was asked wakes the run of this chapter.
  const { epoch } = await rowOf(database, run.id)
  await clock.advance(20 * minute)
  expect((await rowOf(database, run.id)).epoch).toBe(epoch)
  await clock.advance(41 * minute)
  expect(await run.result()).toEqual({ status: 'succeeded', output: 'done' })
  expect(new Set(seen)).toEqual(new Set(['kept']))
})

test('children of a new chapter outlive the end of the one before', async () => {
  const child = workflowOf('child', (ctx) => ctx.waitFor('go'))
  const parent = workflowOf('parent', async (ctx, { chapter }) => {
    const own = await ctx.start(child, { chapter })
    if (chapter < 3) return ctx.continueAs({ chapter: chapter + 1 })
    return own.result()
  })
  const { engine, database, clock } = await started([parent, child])
  const run = await engine.startRun(parent, { chapter: 1 })
  await clock.advance(minute)
  const children = await database.all<{ id: string; status: string; cancelled_by: string | null }>(
    `select id, status, cancelled_by from runs where workflow = 'child' order by no`,
  )
  expect(children.map(({ status }) => status)).toEqual(['cancelled', 'cancelled', 'waiting'])
  expect(children[0]!.cancelled_by).toBe(`run ${run.id}, which continued`)
  await engine.control.signal(children[2]!.id, 'go', 'went')
  await clock.advance(1000)
  expect(await run.result()).toEqual({ status: 'succeeded', output: 'went' })
})

test('children of a new chapter outlive a look at those of the one before that comes late', async () => {
  const child = workflowOf('child', (ctx) => ctx.waitFor('go'))
  const parent = workflowOf('parent', async (ctx, { chapter }) => {
    if (chapter < 2) return ctx.continueAs({ chapter: chapter + 1 })
    return (await ctx.start(child, { chapter })).result()
  })
  const { engine, database, clock } = await started([parent, child])
  const run = await engine.startRun(parent, { chapter: 1 })
  await clock.advance(minute)
  // The process that ended the chapter died before it looked.
  await database.run('update runs set leaves_children = 1 where id = ?', [run.id])
  await clock.advance(minute)
  expect(await database.all(`select status from runs where workflow = 'child'`)).toEqual([
    { status: 'waiting' },
  ])
  expect((await rowOf(database, run.id)).leaves_children).toBe(0)
})

test('limits count anew in each chapter, and one that is exceeded says so of the chapter', async () => {
  const long = workflowOf(
    'long',
    async (ctx, { chapter }) => {
      for (let index = 0; index < 3; index++) await ctx.step('one', () => index)
      await ctx.sleep('50m')
      if (chapter < 4) return ctx.continueAs({ chapter: chapter + 1 })
      await ctx.step('one too many', () => 0)
    },
    { limits: { steps: 4, time: '1h' } },
  )
  const { engine, clock } = await started([long])
  const run = await engine.startRun(long, { chapter: 1 })
  await clock.advance(210 * minute)
  expect(await run.result()).toMatchObject({
    status: 'failed',
    error: { code: 'limit-steps', message: expect.stringContaining('made 5 calls; its workflow allows 4') },
  })
})

test('an input that does not fit is refused where it is given, and the chapter can go on', async () => {
  const strict = defineWorkflow({
    name: 'strict',
    input: z.object({ round: z.number() }),
    async run(ctx: CoreContext, { round }) {
      if (round === 2) return 'second'
      try {
        return await ctx.continueAs({ round: 'two' })
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid-input', message: expect.stringContaining('round') })
      }
      await ctx.step('after', () => 1)
      return ctx.continueAs({ round: 2 })
    },
  }) as Workflow
  const { engine } = await started([strict])
  const run = await engine.startRun(strict, { round: 1 })
  expect(await run.result()).toEqual({ status: 'succeeded', output: 'second' })
})

test('the next chapter takes the current version of the workflow where the input fits', async () => {
  const first = workflowOf('moving', async (ctx) => {
    await ctx.waitFor('go')
    return ctx.continueAs({ name: 'x' })
  })
  const second = defineWorkflow({
    name: 'moving',
    version: '2',
    input: z.object({ name: z.string() }),
    run: async (_ctx: CoreContext, { name }) => `second ${name}`,
  }) as Workflow
  const { engine, database, clock } = await started([first])
  const run = await engine.startRun(first, {})
  await clock.advance(10)
  engine.workflows.add(second)
  await engine.control.signal(run.id, 'go', null)
  expect(await run.result()).toEqual({ status: 'succeeded', output: 'second x' })
  expect((await rowOf(database, run.id)).version).toBe('2')
})

test('each chapter sees its own chance, the same in every life of it', async () => {
  const drawn: number[] = []
  const chance = workflowOf('chance', async (ctx, { chapter }) => {
    drawn.push(ctx.random())
    await ctx.waitFor('go')
    drawn.push(ctx.random())
    return chapter === 1 ? ctx.continueAs({ chapter: 2 }) : null
  })
  const first = await mortalEngine([chance])
  const run = await first.engine.startRun(chance, { chapter: 1 })
  await first.clock.advance(10)
  await first.engine.control.signal(run.id, 'go', null)
  await first.clock.advance(10)
  await first.die()
  const { engine, clock } = await started([chance], { database: first.database, clock: first.clock })
  await engine.control.signal(run.id, 'go', null)
  await clock.advance(1000)
  expect(await engine.resultOf(run.id)).toMatchObject({ status: 'succeeded' })
  expect(drawn.at(-2)).toBe(drawn.at(-3))
  expect(new Set(drawn).size).toBe(4)
})

test('a run that failed in a late chapter is retried there, and asks again only what that chapter asked', async () => {
  let broken = true
  const flaky = workflowOf('flaky', async (ctx, { chapter }) => {
    void ctx.approve(`of chapter ${chapter}`, { show: chapter })
    await ctx.step('count', () => 1)
    if (chapter === 1) return ctx.continueAs({ chapter: 2 })
    return ctx.step('flaky', () => {
      if (broken) throw new TypeError('broken')
      return 'mended'
    })
  })
  const { engine, database, clock } = await started([flaky])
  const run = await engine.startRun(flaky, { chapter: 1 })
  await clock.advance(60 * minute)
  expect((await rowOf(database, run.id)).status).toBe('failed')
  broken = false
  await engine.control.retry(run.id, 'somebody')
  const asked = await database.all(`select subject from approvals where status = 'pending'`)
  expect(asked).toEqual([{ subject: 'of chapter 2' }])
  const [open] = await listPending(database)
  await engine.control.decide(open!.id, { verdict: 'approve', by: 'ada' })
  expect(await engine.resultOf(run.id)).toEqual({ status: 'succeeded', output: 'mended' })
  expect(await verifyAudit(database)).toMatchObject({ faults: [] })
})

test('a fork shares the chapter that its origin is in, and no call of those before', async () => {
  const forked = workflowOf('forked', async (ctx, { from }) => {
    const next = await ctx.step('add', () => from + 1)
    if (next < 3) return ctx.continueAs({ from: next })
    const word = await ctx.waitFor('word')
    return `${next} ${word}`
  })
  const { engine, database, clock } = await started([forked])
  const run = await engine.startRun(forked, { from: 0 })
  await clock.advance(10)
  await expect(engine.control.fork(run.id, 1, 'somebody')).rejects.toMatchObject({
    code: 'bad-fork',
    message: expect.stringContaining('begins with call 3'),
  })
  const fork = await engine.control.fork(run.id, 4, 'somebody')
  await clock.advance(10)
  await engine.control.signal(fork, 'word', 'own')
  await clock.advance(10)
  expect(await engine.resultOf(fork)).toEqual({ status: 'succeeded', output: '3 own' })
  expect(await typesOf(database, fork)).toEqual([
    'run-started',
    'step-completed',
    'run-forked',
    'signal-awaited',
    'signal-received',
    'run-succeeded',
  ])
  expect(await verifyAudit(database)).toMatchObject({ faults: [] })
})

test('a chapter’s beginning that the row has wrong is found by the audit, and sets the run aside', async () => {
  const patient = workflowOf('patient', async (ctx, { chapter }) => {
    if (chapter === 1) return ctx.continueAs({ chapter: 2 })
    return ctx.waitFor('go')
  })
  const { engine, database, clock } = await started([patient])
  const run = await engine.startRun(patient, { chapter: 1 })
  await clock.advance(10)
  await engine.stop()
  await database.run('update runs set chapter_seq = 3 where id = ?', [run.id])
  expect((await verifyAudit(database, run.id)).faults).toMatchObject([{ seq: 3 }])
  const next = await started([patient], { database, clock })
  await next.engine.control.signal(run.id, 'go', null)
  await clock.advance(1000)
  expect(await rowOf(database, run.id)).toMatchObject({
    status: 'stuck',
    reason: expect.stringContaining('does not hold together'),
  })
})

test('a paused run does not begin its next chapter before it is resumed', async () => {
  const paused = workflowOf('paused', async (ctx, { chapter }) => {
    await ctx.step('work', () => new Promise((resolve) => clock.after(100, () => resolve(1))))
    return chapter === 1 ? ctx.continueAs({ chapter: 2 }) : 'second'
  })
  const { engine, database, clock } = await started([paused])
  const run = await engine.startRun(paused, { chapter: 1 })
  await clock.advance(10)
  await engine.control.pause(run.id)
  await clock.advance(minute)
  const row = await rowOf(database, run.id)
  expect(row.status).toBe('queued')
  await engine.control.resume(run.id)
  await clock.advance(minute)
  expect(await run.result()).toEqual({ status: 'succeeded', output: 'second' })
})

test('what came for calls of a chapter that is over is not read again', async () => {
  const child = workflowOf('child', (ctx) => ctx.step('work', () => 1))
  const daemon = workflowOf('daemon', async (ctx, { round }) => {
    await ctx.start(child, {}, { whenParentEnds: 'detach' })
    await ctx.sleep('1m')
    return round < 10 ? ctx.continueAs({ round: round + 1 }) : 'done'
  })
  const { engine, database, clock } = await started([daemon, child])
  const run = await engine.startRun(daemon, { round: 1 })
  await clock.advance(9 * minute)
  const open = await database.get('select count(*) as count from inbox where consumed_step is null')
  expect(open).toEqual({ count: 1 })
  await clock.advance(2 * minute)
  expect(await run.result()).toEqual({ status: 'succeeded', output: 'done' })
})

test('a daemon that wakes every minute leaves as many rows after its 160th chapter as after its 60th', async () => {
  const child = workflowOf('child', async () => 'done')
  const daemon = workflowOf('daemon', async (ctx, { round }) => {
    await ctx.waitFor('tick')
    await (await ctx.start(child, {})).result()
    await ctx.sleep('1m')
    return ctx.continueAs({ round: round + 1 })
  })
  const { engine, database, clock } = await started([daemon, child], { keptRuns: 0 })
  const run = await engine.startRun(daemon, { round: 1 })
  const age = 30 * minute
  const rowsAfter = async (rounds: number) => {
    for (let round = 0; round < rounds; round++) {
      await engine.control.signal(run.id, 'tick', null, { id: `${clock.now()}` })
      await clock.advance(minute)
      if (round % 20 !== 19) continue
      await pruneChapters(database, clock.now() - age, clock.now())
      await prune(database, { succeededMs: age }, clock.now())
    }
    expect((await verifyAudit(database)).faults).toEqual([])
    const counts = ['runs', 'events', 'inbox', 'blobs', 'leftovers'].map((table) =>
      database.get<{ count: number }>(`select count(*) as count from ${table}`),
    )
    return (await Promise.all(counts)).map((row) => row!.count)
  }
  const early = await rowsAfter(60)
  const late = await rowsAfter(100)
  expect((await rowOf(database, run.id)).chapter).toBeGreaterThan(150)
  expect(late).toEqual(early)
})
