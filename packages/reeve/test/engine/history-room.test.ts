import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { CoreContext } from '../../src/engine/context.ts'
import { HistoryRoom } from '../../src/engine/worker/claiming/history-room.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { mortalEngine, rowOf, testEngine } from './harness.ts'

const kib = 1024

test('long histories are held as far as they fit, and one that is larger than all is held alone', () => {
  const room = new HistoryRoom(1000 * kib)
  const sized = (no: number, size: number) => ({ no, journal_bytes: size * kib })
  const first = room.open(0)
  expect([sized(1, 600), sized(2, 300), sized(3, 1), sized(4, 2000)].map(first.admits)).toEqual([
    true,
    true,
    true,
    false,
  ])
  expect(first.isFull).toBe(true)
  // The large one is next: a middling one that would fit does not go before it.
  const second = room.open(300 * kib)
  expect([sized(5, 100), sized(4, 2000), sized(6, 2)].map(second.admits)).toEqual([false, false, true])
  const third = room.open(0)
  expect([sized(4, 2000), sized(5, 100)].map(third.admits)).toEqual([true, false])
})

test('runs with long journals that wake at one moment are driven a few at a time, and all of them', async () => {
  let driven = 0
  let most = 0
  const heavy = defineWorkflow({
    name: 'heavy',
    input: z.any(),
    async run(ctx: CoreContext) {
      await ctx.step('much', () => 'x'.repeat(200 * kib))
      await ctx.waitFor('go')
      await ctx.step('after', async () => {
        most = Math.max(most, ++driven)
        await new Promise((resolve) => clock.after(10, () => resolve(null)))
        driven--
      })
      return 'done'
    },
  }) as Workflow
  const { engine, database, clock } = await testEngine([heavy], { historyBytes: 500 * kib })
  await engine.start()
  onTestFinished(() => engine.stop())
  const runs = []
  for (let index = 0; index < 12; index++) runs.push(await engine.startRun(heavy, {}))
  await clock.advance(1)
  expect((await rowOf(database, runs[0]!.id)).journal_bytes).toBeGreaterThan(200 * kib)
  await engine.control.pause(runs[0]!.id)
  await Promise.all(runs.map(({ id }) => engine.control.signal(id, 'go', null)))
  await engine.control.resume(runs[0]!.id)
  await clock.advance(1000)
  for (const run of runs) expect(await run.result()).toEqual({ status: 'succeeded', output: 'done' })
  expect(most).toBe(2)
})

test('a row knows the size of what was written before its worker died, and of what comes from outside', async () => {
  const heavy = defineWorkflow({
    name: 'heavy',
    input: z.any(),
    async run(ctx: CoreContext) {
      await ctx.step('much', () => 'x'.repeat(100 * kib))
      await ctx.step('little', () => 1)
      await ctx.step('never', () => new Promise(() => {}))
    },
  }) as Workflow
  const first = await mortalEngine([heavy])
  const run = await first.engine.startRun(heavy, {})
  await first.clock.advance(1)
  expect((await rowOf(first.database, run.id)).journal_bytes).toBe(0)
  await first.die()
  const other = await testEngine([], { database: first.database, clock: first.clock })
  await other.engine.start()
  onTestFinished(() => other.engine.stop())
  const size = (await rowOf(first.database, run.id)).journal_bytes
  expect(size).toBeGreaterThan(100 * kib)
  expect(size).toBeLessThan(110 * kib)
  const fork = await other.engine.control.fork(run.id, 2, 'somebody')
  const forked = await rowOf(first.database, fork)
  expect(forked.journal_bytes).toBeGreaterThan(100 * kib)
  expect(forked.bytes_seq).toBe(forked.head_seq)
})

test('a long replay lets others go first, between two completions', async () => {
  let turns = 0
  const long = defineWorkflow({
    name: 'long',
    input: z.any(),
    limits: { steps: 10_000 },
    async run(ctx: CoreContext) {
      for (let index = 0; index < 3000; index++) await ctx.step('one', () => index)
      await ctx.waitFor('go')
      return 'done'
    },
  }) as Workflow
  const { engine, database, clock } = await testEngine([long])
  await engine.start()
  onTestFinished(() => engine.stop())
  const run = await engine.startRun(long, {})
  while ((await rowOf(database, run.id)).status !== 'waiting') await clock.advance(1)
  // As if ten milliseconds passed with every twentieth completion.
  let asked = 0
  const turned = () => new Promise<void>((resolve) => setImmediate(resolve))
  engine.services.stretch.rest = () => (++asked % 20 === 0 ? turned() : undefined)
  let ended = false
  const count = () => {
    turns++
    if (!ended) setImmediate(count)
  }
  setImmediate(count)
  await engine.control.signal(run.id, 'go', null)
  expect(await run.result()).toEqual({ status: 'succeeded', output: 'done' })
  ended = true
  expect(asked).toBeGreaterThan(3000)
  expect(turns).toBeGreaterThan(3000 / 20)
})
