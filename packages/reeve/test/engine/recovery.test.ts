import { expect, test } from 'vitest'
import { z } from 'zod'
import { silentLog } from '../../src/base/log.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import { Liveness } from '../../src/engine/worker/liveness.ts'
import { defineWorkflow, type Workflow, WorkflowRegistry } from '../../src/engine/workflow.ts'
import { verifyAudit } from '../../src/store/audit/audit.ts'
import { mostRecovered } from '../../src/store/dispatch/recovery.ts'
import { heartbeatMs, leaseMs, liveWorkers } from '../../src/store/dispatch/workers.ts'
import { FakeClock, settle } from '../../src/testing/fake-clock.ts'
import { mortalEngine, openTestDatabase, rowOf, testEngine, typesOf } from './harness.ts'

/** Hangs, as a run does in a process that it kills, unless told to be good. */
function poison() {
  const state = { good: false, begun: 0 }
  const workflow = defineWorkflow({
    name: 'poison',
    input: z.unknown(),
    run: (ctx: CoreContext) =>
      ctx.step('explode', () => {
        state.begun++
        return state.good ? 'well' : new Promise<string>(() => {})
      }),
  }) as Workflow
  return { state, workflow }
}

const healthy = defineWorkflow({
  name: 'healthy',
  input: z.unknown(),
  run: (ctx: CoreContext) => ctx.step('work', () => 'done'),
}) as Workflow

test('a run that its worker dies on again and again is set aside; the others go on', async () => {
  const { state, workflow } = poison()
  const workflows = [workflow, healthy]
  const clock = new FakeClock()
  const database = await openTestDatabase(clock)
  const starter = await testEngine(workflows, { database, clock })
  const bad = await starter.engine.startRun('poison', {})
  const good: string[] = []
  for (let death = 1; death <= 5; death++) {
    good.push((await starter.engine.startRun('healthy', {})).id)
    const mortal = await mortalEngine(workflows, { database, clock })
    await settle()
    expect(state.begun).toBe(death)
    await mortal.die()
  }
  const { engine } = await testEngine(workflows, { database, clock })
  await engine.start()
  await settle()
  const result = await engine.resultOf(bad.id)
  expect(result).toMatchObject({ status: 'stuck' })
  expect((result as { reason: string }).reason).toContain('died 5 times')
  expect(state.begun).toBe(5)
  for (const id of good) expect(await engine.resultOf(id)).toMatchObject({ status: 'succeeded' })
  state.good = true
  await engine.control.retry(bad.id, 'ada')
  await settle()
  expect(await engine.resultOf(bad.id)).toEqual({ status: 'succeeded', output: 'well' })
  await engine.stop()
})

test('of many suspects the innocent all finish, one beside the other', async () => {
  const { state, workflow } = poison()
  const clock = new FakeClock()
  const database = await openTestDatabase(clock)
  const starter = await testEngine([workflow], { database, clock })
  const handles = await Promise.all([1, 2, 3].map(() => starter.engine.startRun('poison', {})))
  for (let death = 0; death < 2; death++) {
    const mortal = await mortalEngine([workflow], { database, clock })
    await settle()
    await mortal.die()
  }
  expect(state.begun).toBe(6)
  state.good = true
  const { engine } = await testEngine([workflow], { database, clock })
  await engine.start()
  await settle()
  for (const { id } of handles) expect(await engine.resultOf(id)).toMatchObject({ status: 'succeeded' })
  await engine.stop()
})

test('a run whose journal cannot be read is set aside; those claimed with it go on', async () => {
  const clock = new FakeClock()
  const database = await openTestDatabase(clock)
  const { engine } = await testEngine([healthy], { database, clock })
  const handles = []
  for (let index = 0; index < 3; index++) handles.push(await engine.startRun('healthy', {}))
  await database.run(`delete from events where run = (select no from runs where id = ?)`, [handles[0]!.id])
  await database.run(`update events set payload = '{' where run = (select no from runs where id = ?)`, [
    handles[1]!.id,
  ])
  await engine.start()
  await settle()
  expect(await engine.resultOf(handles[0]!.id)).toMatchObject({ status: 'stuck' })
  expect(await engine.resultOf(handles[1]!.id)).toMatchObject({ status: 'stuck' })
  expect(await engine.resultOf(handles[2]!.id)).toEqual({ status: 'succeeded', output: 'done' })
  await engine.stop()
})

test('a run whose writing the database refuses is set aside; those written with it go on', async () => {
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const flow = defineWorkflow({
    name: 'flow',
    input: z.unknown(),
    run: (ctx: CoreContext) => ctx.step('work', () => held.then(() => 'done')),
  }) as Workflow
  const { engine, database } = await testEngine([flow])
  await engine.start()
  const [bad, good] = [await engine.startRun('flow', {}), await engine.startRun('flow', {})]
  await settle()
  await database.run(
    `insert into events (run, seq, type, at, hash) select no, 2, 'log-written', 0, 'forged' from runs where id = ?`,
    [bad.id],
  )
  release()
  expect(await good.result()).toEqual({ status: 'succeeded', output: 'done' })
  const result = await bad.result()
  expect(result).toMatchObject({ status: 'stuck' })
  expect((result as { reason: string }).reason).toContain('refused')
  expect(engine.worker.active).toBe(0)
  await engine.stop()
})

test('a worker whose process hung past its lease loses its runs and writes nothing more', async () => {
  const { state, workflow } = poison()
  const clock = new FakeClock()
  const database = await openTestDatabase(clock)
  let release = (_value: string) => {}
  let begun = 0
  const slow = defineWorkflow({
    name: 'slow',
    input: z.unknown(),
    run: (ctx: CoreContext) =>
      ctx.step('work', () => {
        if (begun++ > 0) return 'by the second'
        return new Promise<string>((resolve) => {
          release = resolve
        })
      }),
  }) as Workflow
  const asleep = await testEngine([slow, workflow], { database, clock: new FakeClock(clock.now()) })
  await asleep.engine.start()
  const handle = await asleep.engine.startRun('slow', {})
  await settle()
  clock.jump(clock.now() + 20_000)
  const awake = await testEngine([slow, workflow], { database, clock })
  await awake.engine.start()
  await settle()
  expect(begun).toBe(1)
  await clock.advance(leaseMs + 2 * heartbeatMs)
  expect(await awake.engine.resultOf(handle.id)).toEqual({ status: 'succeeded', output: 'by the second' })
  const before = await typesOf(database, handle.id)
  release('by the first')
  await settle()
  expect(await typesOf(database, handle.id)).toEqual(before)
  expect(asleep.engine.worker.active).toBe(0)
  expect((await verifyAudit(database)).faults).toEqual([])
  expect(state.begun).toBe(0)
  await awake.engine.stop()
})

test('stop lets what acts finish, begins nothing more, gives the run back and signs off', async () => {
  let release = () => {}
  let after = 0
  const flow = defineWorkflow({
    name: 'flow',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      await ctx.step('gate', () => new Promise<void>((resolve) => (release = resolve)))
      return ctx.step('after', () => ++after)
    },
  }) as Workflow
  const { engine, database, clock } = await testEngine([flow])
  await engine.start()
  const handle = await engine.startRun('flow', {})
  await settle()
  const stopped = engine.stop()
  const late = await engine.startRun('flow', {})
  await settle()
  expect((await rowOf(database, handle.id)).status).toBe('running')
  release()
  await stopped
  expect(await rowOf(database, handle.id)).toMatchObject({ status: 'queued', worker: null })
  expect(await rowOf(database, late.id)).toMatchObject({ status: 'queued', worker: null })
  expect(await typesOf(database, handle.id)).toEqual(['run-started', 'step-completed'])
  expect(after).toBe(0)
  expect(await liveWorkers(database)).toEqual([])
  const next = await testEngine([flow], { database, clock })
  await next.engine.start()
  await settle()
  expect(await next.engine.resultOf(handle.id)).toEqual({ status: 'succeeded', output: 1 })
  release()
  await next.engine.stop()
})

test('what is seen to at a heartbeat may take longer than the lease: the worker goes on beating', async () => {
  const clock = new FakeClock()
  const database = await openTestDatabase(clock)
  const failed: unknown[] = []
  const liveness = new Liveness({
    ...{ worker: 'busy', database, clock, random: Math.random, workflows: new WorkflowRegistry() },
    log: { ...silentLog, error: (message) => failed.push(message) },
  })
  await liveness.register()
  let looks = 0
  const { promise: over, reject: end } = Promise.withResolvers<void>()
  liveness.begin(() => {
    looks++
    return looks === 1 ? over : Promise.resolve()
  })
  await clock.advance(2 * leaseMs)
  const [worker] = await liveWorkers(database)
  expect(clock.now() - worker!.heartbeat_at).toBeLessThan(2 * heartbeatMs)
  expect(looks).toBe(1)
  end(new Error('the database was closed'))
  await clock.advance(2 * heartbeatMs)
  expect(looks).toBeGreaterThan(1)
  expect(failed).toHaveLength(1)
  await liveness.end()
})

test('a worker that drains for longer than its lease goes on beating, and is gone in the end', async () => {
  let release = () => {}
  const slow = defineWorkflow({
    name: 'slow',
    input: z.unknown(),
    run: (ctx: CoreContext) =>
      ctx.step('work', () => new Promise<null>((resolve) => (release = () => resolve(null)))),
  }) as Workflow
  const { engine, clock, database } = await testEngine([slow])
  await engine.start()
  const { id } = await engine.startRun('slow', {})
  await settle()
  const stopped = engine.stop(2 * leaseMs)
  await clock.advance(leaseMs + heartbeatMs)
  const [worker] = await liveWorkers(database)
  expect(clock.now() - worker!.heartbeat_at).toBeLessThan(2 * heartbeatMs)
  release()
  await stopped
  expect(await liveWorkers(database)).toEqual([])
  expect(await rowOf(database, id)).toMatchObject({ status: 'succeeded' })
  await clock.advance(2 * heartbeatMs)
  expect(await liveWorkers(database)).toEqual([])
})

test('stop waits for what acts no longer than its grace; the next worker takes over', async () => {
  const { state, workflow } = poison()
  const first = await testEngine([workflow])
  await first.engine.start()
  const handle = await first.engine.startRun('poison', {})
  await settle()
  const stopped = first.engine.stop(5000)
  await first.clock.advance(5000)
  await stopped
  state.good = true
  const next = await testEngine([workflow], { database: first.database, clock: first.clock })
  await next.engine.start()
  await settle()
  expect(await next.engine.resultOf(handle.id)).toEqual({ status: 'succeeded', output: 'well' })
  await next.engine.stop()
})

test('a run that waits for nothing of ours when its worker stops is queued, not parked for ever', async () => {
  let release = () => {}
  const flow = defineWorkflow({
    name: 'flow',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      await ctx.step('a', () => 1)
      await new Promise<void>((resolve) => (release = resolve))
      return 'done'
    },
  }) as Workflow
  const first = await testEngine([flow])
  await first.engine.start()
  const handle = await first.engine.startRun('flow', {})
  await settle()
  await first.engine.stop()
  expect((await rowOf(first.database, handle.id)).status).toBe('queued')
  const next = await testEngine([flow], { database: first.database, clock: first.clock })
  await next.engine.start()
  await settle()
  release()
  await settle()
  expect(await next.engine.resultOf(handle.id)).toEqual({ status: 'succeeded', output: 'done' })
  await next.engine.stop()
})

test('the runs of a worker that held very many are taken back in slices, all at one heartbeat', async () => {
  const clock = new FakeClock()
  const database = await openTestDatabase(clock)
  const { engine } = await testEngine([healthy], { database, clock })
  await database.run(
    `with recursive n (i) as (select 1 union all select i + 1 from n where i < 1700)
     insert into runs (no, id, workflow, version, status, worker, queue, priority, available_at, fresh, principal, epoch,
       created_at) select i, 'run' || i, 'elsewhere', '1', 'running', 'dead', 'default', 0, 0, 0, 'operator', 1, 0 from n`,
  )
  const running = async () =>
    (await database.get<{ count: number }>(`select count(*) as count from runs where status = 'running'`))!
      .count
  await engine.start()
  expect(await running()).toBe(1700 - mostRecovered)
  await clock.advance(2 * heartbeatMs)
  expect(await running()).toBe(0)
  await engine.stop()
})
