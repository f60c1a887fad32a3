import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Duration } from '../../src/base/time/time.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import { Timers } from '../../src/engine/waiting/timers.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { FakeClock, settle } from '../../src/testing/fake-clock.ts'
import { eventsOf, mortalEngine, rowOf, testEngine, typesOf } from './harness.ts'

const anything = z.unknown()

const waiting = defineWorkflow({
  name: 'waiting',
  input: z.object({ signals: z.array(z.string()), timeout: z.custom<Duration>().optional() }),
  async run(ctx: CoreContext, { signals, timeout }) {
    const got: unknown[] = []
    for (const name of signals) {
      const payload = await ctx.waitFor(name, timeout === undefined ? {} : { timeout })
      got.push(payload === undefined ? 'timed out' : payload)
    }
    return got
  },
})

test('a signal wakes the parked run that waits for it', async () => {
  const { engine, database } = await testEngine([waiting])
  await engine.start()
  const handle = await engine.startRun(waiting, { signals: ['go'] })
  await settle()
  expect(await rowOf(database, handle.id)).toMatchObject({ status: 'waiting', reason: 'signal "go"' })
  expect(engine.worker.active).toBe(0)
  expect(await engine.control.signal(handle.id, 'go', { n: 1 })).toBe(true)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: [{ n: 1 }] })
  await engine.stop()
})

test('early signals are kept, first in first out by name, duplicates dropped', async () => {
  const { engine } = await testEngine([waiting])
  const handle = await engine.startRun(waiting, { signals: ['a', 'b', 'a'] })
  expect(await engine.control.signal(handle.id, 'a', 1, { id: 'one' })).toBe(true)
  expect(await engine.control.signal(handle.id, 'a', 2)).toBe(true)
  expect(await engine.control.signal(handle.id, 'a', 3, { id: 'one' })).toBe(false)
  await engine.control.signal(handle.id, 'b', 4)
  await engine.start()
  expect(await handle.result()).toEqual({ status: 'succeeded', output: [1, 4, 2] })
  await engine.stop()
})

test('each signal is taken once, over parks and deaths', async () => {
  const first = await mortalEngine([waiting])
  const { database, clock } = first
  const handle = await first.engine.startRun(waiting, { signals: ['a', 'a'] })
  await settle()
  await first.engine.control.signal(handle.id, 'a', 1)
  await settle()
  expect(await rowOf(database, handle.id)).toMatchObject({ status: 'waiting' })
  await first.die()
  const { engine } = await testEngine([waiting], { database, clock })
  await engine.start()
  await settle()
  expect(await rowOf(database, handle.id)).toMatchObject({ status: 'waiting' })
  await engine.control.signal(handle.id, 'a', 2)
  expect(await engine.resultOf(handle.id)).toEqual({ status: 'succeeded', output: [1, 2] })
  await engine.stop()
})

test('without a signal the wait ends at its timeout, not before', async () => {
  const { engine, clock, database } = await testEngine([waiting])
  await engine.start()
  const handle = await engine.startRun(waiting, { signals: ['go'], timeout: '10m' })
  await clock.advance(599_999)
  expect(await rowOf(database, handle.id)).toMatchObject({ status: 'waiting' })
  await clock.advance(2)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: ['timed out'] })
  await engine.stop()
})

test('a signal that was in the inbox before the timeout was journaled wins, however late it is read', async () => {
  const first = await mortalEngine([waiting])
  const { database, clock } = first
  const handle = await first.engine.startRun(waiting, { signals: ['go'], timeout: '10m' })
  await settle()
  await first.die()
  await first.database.run(`update runs set paused = 1`)
  const { engine } = await testEngine([waiting], { database, clock })
  await engine.control.signal(handle.id, 'go', 'in time')
  clock.jump(clock.now() + 3_600_000)
  await engine.start()
  await engine.control.resume(handle.id)
  expect(await engine.resultOf(handle.id)).toEqual({ status: 'succeeded', output: ['in time'] })
  await engine.stop()
})

test('a wait that got its signal early leaves no timer behind', async () => {
  const flow = defineWorkflow({
    name: 'early',
    input: anything,
    async run(ctx: CoreContext) {
      const got = await ctx.waitFor('go', { timeout: '1s' })
      await ctx.sleep('2s')
      await ctx.sleep('1h')
      return got ?? null
    },
  })
  const { engine, clock, database } = await testEngine([flow])
  const handle = await engine.startRun(flow, {})
  await engine.control.signal(handle.id, 'go', 'early')
  await engine.start()
  await clock.advance(3_700_000)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: 'early' })
  expect(await typesOf(database, handle.id)).not.toContain('signal-timed-out')
  await engine.stop()
})

const paid = defineWorkflow({
  name: 'paid',
  input: z.object({ timeout: z.custom<Duration>().optional() }),
  async run(ctx: CoreContext, { timeout }) {
    const schema = z.object({ amount: z.number().refine((amount) => BigInt(amount) > 0n) })
    const payment = await (timeout === undefined
      ? ctx.waitFor('pay', { schema })
      : ctx.waitFor('pay', { schema, timeout }))
    await ctx.sleep('5m')
    return payment?.amount ?? 'timed out'
  },
})

test('a signal that does not fit is set aside, by field, and the run waits on for one that does', async () => {
  const { engine, clock, database } = await testEngine([paid])
  await engine.start()
  const { id } = await engine.startRun(paid, {})
  await engine.control.signal(id, 'pay', { amount: 'much' })
  await settle()
  // Its check throws on it.
  await engine.control.signal(id, 'pay', { amount: 0.5 }, { id: 'half' })
  await settle()
  expect(await rowOf(database, id)).toMatchObject({ status: 'waiting', reason: 'signal "pay"' })
  expect(await engine.control.signal(id, 'pay', { amount: 0.5 }, { id: 'half' })).toBe(false)
  await engine.control.signal(id, 'pay', { amount: 5 })
  await clock.advance(300_001)
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: 5 })
  const refused = (await eventsOf(database, id)).filter(({ type }) => type === 'signal-refused')
  expect(refused.map(({ step, payload }) => ({ step, ...JSON.parse(payload!) }))).toMatchObject([
    { step: 1, problem: expect.stringContaining('amount: '), payload: { amount: 'much' } },
    { step: 1, problem: expect.stringContaining('RangeError'), payload: { amount: 0.5 } },
  ])
  await engine.stop()
})

test('signals that do not fit and came early are passed over, and a death between changes nothing', async () => {
  const first = await mortalEngine([paid])
  const { clock, database } = first
  const { id } = await first.engine.startRun(paid, {})
  await settle()
  await first.die()
  const { engine } = await testEngine([paid], { clock, database })
  for (const amount of ['a', 'b', 7, 8]) await engine.control.signal(id, 'pay', { amount })
  await engine.start()
  await clock.advance(400_000)
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: 7 })
  expect((await typesOf(database, id)).filter((type) => type.startsWith('signal-'))).toEqual([
    'signal-awaited',
    'signal-refused',
    'signal-refused',
    'signal-received',
  ])
  await engine.stop()
})

test('a signal that does not fit leaves the timeout of its wait as it was', async () => {
  const { engine, clock } = await testEngine([paid])
  await engine.start()
  const { id } = await engine.startRun(paid, { timeout: '1h' })
  await clock.advance(3_599_000)
  await engine.control.signal(id, 'pay', { amount: 'much' })
  await clock.advance(2000)
  await clock.advance(300_001)
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: 'timed out' })
  await engine.stop()
})

test('what a check cannot say at once ends its wait, not the process', async () => {
  const flow = defineWorkflow({
    name: 'slow-check',
    input: anything,
    run: (ctx: CoreContext) =>
      ctx
        .waitFor('it', { schema: z.string().refine(() => Promise.reject(new Error('no'))) })
        .catch((error) => error.code),
  })
  const { engine } = await testEngine([flow])
  await engine.start()
  const { id } = await engine.startRun(flow, {})
  await settle()
  await engine.control.signal(id, 'it', 'x')
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: 'async-schema' })
  await engine.stop()
})

test('a wait with a length that cannot be read fails where it is made, and the same way on replay', async () => {
  const flow = defineWorkflow({
    name: 'bad-sleep',
    input: anything,
    async run(ctx: CoreContext) {
      const code = await ctx.sleep('soon' as never).catch((error) => error.code)
      await ctx.step('after', () => 1)
      await ctx.sleep('5m')
      return code
    },
  })
  const { engine, clock } = await testEngine([flow])
  await engine.start()
  const handle = await engine.startRun(flow, {})
  await clock.advance(300_001)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: 'bad-duration' })
  await engine.stop()
})

test('a copy of a signal that was taken is known as one when the run has ended', async () => {
  const flow = defineWorkflow({
    name: 'flow',
    input: z.unknown(),
    run: (ctx: CoreContext) => ctx.waitFor('go'),
  })
  const { engine } = await testEngine([flow])
  await engine.start()
  const handle = await engine.startRun(flow, {})
  expect(await engine.control.signal(handle.id, 'go', 1, { id: 'one' })).toBe(true)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: 1 })
  expect(await engine.control.signal(handle.id, 'go', 1, { id: 'one' })).toBe(false)
  await expect(engine.control.signal(handle.id, 'go', 1, { id: 'two' })).rejects.toMatchObject({
    code: 'run-ended',
  })
  await engine.stop()
})

test('a signal to an unknown or an ended run is refused', async () => {
  const { engine } = await testEngine([waiting])
  await engine.start()
  const handle = await engine.startRun(waiting, { signals: [] })
  await handle.result()
  await expect(engine.control.signal('nope', 'go', 1)).rejects.toMatchObject({ code: 'unknown-run' })
  await expect(engine.control.signal(handle.id, 'go', 1)).rejects.toMatchObject({ code: 'run-ended' })
  await engine.stop()
})

test('waiting for the end of an unknown run is refused', async () => {
  const { engine } = await testEngine([waiting])
  await engine.start()
  await expect(engine.resultOf('nope')).rejects.toMatchObject({ code: 'unknown-run' })
  await engine.stop()
})

test('timers fire in their order and never early, in memory as over a park', async () => {
  const fired: [string, number][] = []
  let now = () => 0
  const flow = defineWorkflow({
    name: 'timers',
    input: anything,
    async run(ctx: CoreContext) {
      const start = ctx.now().getTime()
      await ctx.all(
        (['300ms', '100ms', '8m', '900ms', '4m'] as const).map(async (length) => {
          await ctx.sleep(length)
          await ctx.step(length, () => {
            fired.push([length, now() - start])
          })
        }),
      )
    },
  })
  const { engine, clock } = await testEngine([flow])
  now = () => clock.now()
  await engine.start()
  const handle = await engine.startRun(flow, {})
  await clock.advance(600_000)
  expect(await handle.result()).toMatchObject({ status: 'succeeded' })
  expect(fired).toEqual([
    ['100ms', 100],
    ['300ms', 300],
    ['900ms', 900],
    ['4m', 240_000],
    ['8m', 480_000],
  ])
  await engine.stop()
})

test('a sleep until a moment that has passed ends at once', async () => {
  const flow = defineWorkflow({
    name: 'past',
    input: anything,
    async run(ctx: CoreContext) {
      await ctx.sleep(new Date(0))
      return 'on'
    },
  })
  const { engine, clock } = await testEngine([flow])
  await engine.start()
  const handle = await engine.startRun(flow, {})
  await clock.advance(1)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: 'on' })
  await engine.stop()
})

test('a clock that jumps ahead wakes everything once; one that jumps back wakes nothing early', async () => {
  const flow = defineWorkflow({
    name: 'jump',
    input: anything,
    async run(ctx: CoreContext) {
      await ctx.sleep('1h')
      return 'woke'
    },
  })
  const { engine, clock, database } = await testEngine([flow])
  await engine.start()
  const handle = await engine.startRun(flow, {})
  await settle()
  const born = clock.now()
  clock.jump(born - 86_400_000)
  await clock.advance(3_600_001)
  expect(await rowOf(database, handle.id)).toMatchObject({ status: 'waiting' })
  clock.jump(born + 3_600_000)
  await clock.advance(5000)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: 'woke' })
  await engine.stop()
})

test('2,000 parked runs hold nothing in memory, and each still hears its own signal', async () => {
  const { engine, database } = await testEngine([waiting])
  await engine.start()
  const handles = await Promise.all(
    Array.from({ length: 2000 }, () => engine.startRun(waiting, { signals: ['go'] })),
  )
  await settle()
  await settle()
  expect(engine.worker.active).toBe(0)
  const counted = await database.get(`select count(*) as count from runs where status = 'waiting'`)
  expect(counted).toEqual({ count: 2000 })
  for (const index of [0, 1234, 1999]) await engine.control.signal(handles[index]!.id, 'go', index)
  for (const index of [0, 1234, 1999]) {
    expect(await handles[index]!.result()).toEqual({ status: 'succeeded', output: [index] })
  }
  await engine.stop()
})

test('signals that come at one moment to a run in mid-work are each taken once', async () => {
  let release = () => {}
  const flow = defineWorkflow({
    name: 'busy',
    input: anything,
    async run(ctx: CoreContext) {
      const gate = ctx.step('gate', () => new Promise<void>((resolve) => (release = resolve)))
      const got: unknown[] = []
      for (let index = 0; index < 3; index++)
        got.push((await ctx.waitFor('go', { timeout: '5m' })) ?? 'timed out')
      await gate
      return got
    },
  })
  const { engine, clock } = await testEngine([flow])
  await engine.start()
  const handle = await engine.startRun(flow, {})
  await settle()
  await Promise.all([1, 2].map((n) => engine.control.signal(handle.id, 'go', n)))
  await clock.advance(301_000)
  release()
  expect(await handle.result()).toEqual({ status: 'succeeded', output: [1, 2, 'timed out'] })
  await engine.stop()
})

test('a timer that falls due while its run ends leaves the outcome the last word', async () => {
  const due: (() => void)[] = []
  class OpenClock extends FakeClock {
    override after(delayMs: number, callback: () => void): () => void {
      due.push(callback)
      return super.after(delayMs, callback)
    }
  }
  const clock = new OpenClock()
  const flow = defineWorkflow({
    name: 'photo-finish',
    input: anything,
    async run(ctx: CoreContext) {
      const winner = await ctx.race([ctx.sleep('100ms').then(() => 'timer'), ctx.step('quick', () => 'step')])
      // After this function has returned and before its outcome is written.
      process.nextTick(() => {
        clock.jump(clock.now() + 200)
        for (const call of due.splice(0)) call()
      })
      return winner
    },
  })
  const { engine, database } = await testEngine([flow], { clock })
  await engine.start()
  const handle = await engine.startRun(flow, {})
  expect(await handle.result()).toEqual({ status: 'succeeded', output: 'step' })
  expect((await typesOf(database, handle.id)).at(-1)).toBe('run-succeeded')
  expect(await engine.resultOf(handle.id)).toEqual({ status: 'succeeded', output: 'step' })
  await engine.stop()
})

test('what fell due when the clock was set forward goes on at the next heartbeat', async () => {
  const flow = defineWorkflow({
    name: 'overnight',
    input: anything,
    run: (ctx: CoreContext) => ctx.sleep('8h').then(() => 'morning'),
  })
  const time = new FakeClock()
  let shiftMs = 0
  const clock = Object.assign(Object.create(time) as FakeClock, {
    now: () => time.now() + shiftMs,
    after: (delayMs: number, callback: () => void) => time.after(delayMs, callback),
  })
  const { engine, database } = await testEngine([flow], { clock })
  await engine.start()
  const handle = await engine.startRun(flow, {})
  await settle()
  shiftMs = 9 * 3_600_000
  await time.advance(3_100)
  expect(await rowOf(database, handle.id)).toMatchObject({ status: 'succeeded' })
  await engine.stop()
})

test('a timer in memory keeps to a clock that was set back and right again', async () => {
  const time = new FakeClock()
  let shiftMs = 0
  const clock = Object.assign(Object.create(time) as FakeClock, {
    now: () => time.now() + shiftMs,
    after: (delayMs: number, callback: () => void) => time.after(delayMs, callback),
  })
  const timers = new Timers(clock)
  let fired = 0
  timers.set(clock.now() + 5_000, () => fired++)
  shiftMs = -8 * 3_600_000
  await time.advance(6_000)
  expect(fired).toBe(0)
  shiftMs = 0
  await time.advance(10_000)
  expect(fired).toBe(1)
})

test('a run that acts beside a long wait stays with its process', async () => {
  let release = () => {}
  let bodies = 0
  const flow = defineWorkflow({
    name: 'busy-waiter',
    input: anything,
    run: (ctx: CoreContext) =>
      ctx.all([
        ctx.sleep('1h').then(() => 'slept'),
        ctx.step('slow', async () => {
          bodies++
          await new Promise<void>((resolve) => (release = resolve))
          return 'done'
        }),
      ]),
  })
  const { engine, database, clock } = await testEngine([flow])
  await engine.start()
  const handle = await engine.startRun(flow, {})
  await settle()
  expect(await rowOf(database, handle.id)).toMatchObject({ status: 'running' })
  release()
  await settle()
  expect(await typesOf(database, handle.id)).toContain('step-completed')
  expect(await rowOf(database, handle.id)).toMatchObject({ status: 'waiting', reason: 'timer "1h"' })
  await clock.advance(3_600_001)
  expect(await handle.result()).toMatchObject({ status: 'succeeded' })
  expect(bodies).toBe(1)
  await engine.stop()
})

test('a wait until a point in time times out then, and at once when that has passed', async () => {
  const clock = new FakeClock()
  const soon = clock.now() + 60_000
  const flow = defineWorkflow({
    name: 'until',
    input: anything,
    async run(ctx: CoreContext) {
      const past = [
        await ctx.waitFor('paid', { until: new Date(soon - 86_400_000) }),
        await ctx.waitFor('paid', { until: '2020-01-01T00:00:00Z' }),
        await ctx.waitFor('paid', { timeout: -86_400_000 }),
        (await ctx.approve('pay', { show: 1, until: new Date(0) })).status,
        (await ctx.approve('pay', { show: 1, timeout: -1 })).status,
      ]
      await ctx.sleep(-5)
      await ctx.sleep({ until: new Date(5) })
      await ctx.sleep({ until: '1999-12-31' })
      const timedOut = await ctx.waitFor('paid', { until: new Date(soon).toISOString() })
      return [past.map((each) => each ?? null), timedOut ?? null, ctx.now().getTime() >= soon]
    },
  })
  const { engine, database } = await testEngine([flow], { clock })
  await engine.start()
  const handle = await engine.startRun(flow, {})
  await clock.advance(59_000)
  expect(await rowOf(database, handle.id)).toMatchObject({ status: 'waiting', wake_at: soon })
  await clock.advance(2000)
  expect(await handle.result()).toEqual({
    status: 'succeeded',
    output: [[null, null, null, 'expired', 'expired'], null, true],
  })
  await engine.stop()
})

test('a deadline that passed while nothing ran is a timeout when the run is taken up again', async () => {
  const flow = defineWorkflow({
    name: 'until',
    input: anything,
    async run(ctx: CoreContext) {
      await ctx.step('sent', () => 1)
      const due = new Date(ctx.now().getTime() + 60_000)
      await ctx.waitFor('unblock')
      const left = due.getTime() - ctx.now().getTime()
      const first = await ctx.waitFor('paid', { timeout: left })
      const second = await ctx.waitFor('paid', { until: due })
      return [left < 0, first ?? 'timed out', second ?? 'timed out']
    },
  })
  const first = await mortalEngine([flow])
  const handle = await first.engine.startRun(flow, {})
  await settle()
  await first.die()
  first.clock.jump(first.clock.now() + 7 * 86_400_000)
  const { engine } = await testEngine([flow], { database: first.database, clock: first.clock })
  await engine.start()
  await engine.control.signal(handle.id, 'unblock', null)
  await first.clock.advance(1000)
  expect(await engine.resultOf(handle.id)).toEqual({
    status: 'succeeded',
    output: [true, 'timed out', 'timed out'],
  })
  await engine.stop()
})

test.each<[string, (ctx: CoreContext) => Promise<unknown>]>([
  ['sleep', (ctx) => ctx.sleep(Number.MAX_SAFE_INTEGER)],
  ['sleep of 1e16 ms', (ctx) => ctx.sleep(1e16)],
  ['sleep without end', (ctx) => ctx.sleep(Number.POSITIVE_INFINITY)],
  ['sleep until the last date', (ctx) => ctx.sleep(new Date(8.64e15))],
  ['sleep until no date', (ctx) => ctx.sleep(new Date('x'))],
  ['sleep for a symbol', (ctx) => ctx.sleep(Symbol('x') as never)],
  ['sleep for nothing', (ctx) => ctx.sleep(Object.create(null))],
  ['wait', (ctx) => ctx.waitFor('x', { timeout: 1e300 })],
  ['wait until', (ctx) => ctx.waitFor('x', { until: '9999-12-31T00:00:00Z' })],
  ['wait until and for', (ctx) => ctx.waitFor('x', { until: new Date(0), timeout: 1 })],
  ['approval', (ctx) => ctx.approve('x', { show: 1, timeout: '99999999w' })],
  ['step timeout', (ctx) => ctx.step('x', () => 1, { timeout: 2 ** 53 })],
  ['retry delay', (ctx) => ctx.step('x', () => Promise.reject(new Error('no')), { retry: { delay: 1e18 } })],
  ['child delay', (ctx) => ctx.start('far', {}, { delay: 1e16 })],
  ['child priority', (ctx) => ctx.start('far', {}, { priority: 2 ** 53 })],
])('a far %s is refused where it is made, and the rows stay readable', async (_what, use) => {
  const flow = defineWorkflow({
    name: 'far',
    input: anything,
    async run(ctx: CoreContext) {
      const code = await (async () => use(ctx))().then(String, (error) => error.code)
      await ctx.step('after', () => 1)
      await ctx.sleep('5s')
      return code
    },
  })
  const { engine, clock, database } = await testEngine([flow as Workflow])
  await engine.start()
  const handle = await engine.startRun(flow as Workflow, {})
  await clock.advance(6000)
  expect(await handle.result()).toEqual({
    status: 'succeeded',
    output: expect.stringMatching(/^bad-(duration|moment|number|option)$/),
  })
  for (const table of ['runs', 'events', 'approvals']) await database.all(`select * from ${table}`)
  await engine.stop()
})

test('numbers beyond what is safe, on a row of before, do not keep the run from being read, set aside and cancelled', async () => {
  const flow = defineWorkflow({
    name: 'old',
    input: anything,
    run: (ctx: CoreContext) => ctx.race([ctx.sleep('5d'), ctx.waitFor('go')]),
  })
  const first = await mortalEngine([flow])
  const handle = await first.engine.startRun(flow, {})
  await settle()
  await first.die()
  const far = '9007201000000000'
  const { no } = await rowOf(first.database, handle.id)
  const set = (await first.database.get<{ payload: string }>(
    `select payload from events where type = 'timer-set'`,
  ))!
  await first.database.run(
    `update runs set wake_at = ${far}, priority = ${far}, status = 'queued' where no = ?`,
    [no],
  )
  await first.database.run(`update events set payload = ? where type = 'timer-set'`, [
    set.payload.replace(/\d+/, far),
  ])
  expect((await rowOf(first.database, handle.id)).wake_at).toBe(Number(far))
  // Or it would be a start that is put off until then.
  await first.database.run('update runs set wake_at = null where no = ?', [no])
  const { engine } = await testEngine([flow], { database: first.database, clock: first.clock })
  await engine.start()
  await settle()
  // Its chain no longer verifies, as somebody wrote into it: the run is set aside, and nothing else suffers.
  expect(await rowOf(first.database, handle.id)).toMatchObject({ status: 'stuck', priority: Number(far) })
  await engine.control.cancel(handle.id, 'ada')
  expect(await rowOf(first.database, handle.id)).toMatchObject({ status: 'cancelled', wake_at: null })
  await engine.stop()
})

test('a signal whose schema is asynchronous fails its wait', async () => {
  const flow = defineWorkflow({
    name: 'slow-schema',
    input: anything,
    run: (ctx: CoreContext) =>
      ctx.waitFor('it', { schema: z.string().refine(async () => true) }).catch((error) => error.code),
  })
  const { engine } = await testEngine([flow])
  await engine.start()
  expect(await (await engine.startRun(flow, {})).result()).toEqual({
    status: 'succeeded',
    output: 'async-schema',
  })
  await engine.stop()
})
