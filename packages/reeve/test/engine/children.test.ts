import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Duration } from '../../src/base/time/time.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { mortalEngine, rowOf, testEngine, typesOf } from './harness.ts'

const child = defineWorkflow({
  name: 'child',
  input: z.object({
    sleep: z.custom<Duration>((given) => typeof given === 'string').optional(),
    fail: z.boolean().optional(),
  }),
  async run(ctx: CoreContext, { sleep, fail }) {
    if (sleep) await ctx.sleep(sleep)
    if (fail) throw new TypeError('the child broke')
    return `child ${ctx.runId}`
  },
})

function parentOf(input: unknown): Workflow {
  return defineWorkflow({
    name: 'parent',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      const started = await ctx.start('child', input)
      return started.result()
    },
  }) as Workflow
}

async function family(input: unknown) {
  const opened = await testEngine([child as Workflow, parentOf(input)])
  await opened.engine.start()
  const handle = await opened.engine.startRun('parent', {})
  await opened.clock.advance(10)
  const kids = await opened.database.all<{ id: string }>('select id from runs where parent is not null')
  return { ...opened, handle, kids: kids.map((kid) => kid.id) }
}

test('a child that ends at once gives its result', async () => {
  const { engine, handle, kids } = await family({})
  expect(await handle.result()).toEqual({ status: 'succeeded', output: `child ${kids[0]}` })
  await engine.stop()
})

test('parent and child both park while the child waits', async () => {
  const { engine, handle, kids, clock, database } = await family({ sleep: '1m' })
  expect(engine.worker.active).toBe(0)
  expect(await rowOf(database, handle.id)).toMatchObject({ status: 'waiting' })
  await clock.advance(60_001)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: `child ${kids[0]}` })
  await engine.stop()
})

test('a child’s failure is an error that names it and that the parent can catch', async () => {
  const { engine, handle, kids } = await family({ fail: true })
  const result = await handle.result()
  expect(result).toMatchObject({
    status: 'failed',
    error: { code: 'child-failed', message: expect.stringContaining('the child broke') },
  })
  expect((result as { error: Error }).error.message).toContain(kids[0])
  await engine.stop()
})

test('a child that fails before anybody looks at its result harms nothing', async () => {
  const flow = defineWorkflow({
    name: 'late',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      const result = (await ctx.start(child, { fail: true })).result()
      await ctx.sleep('1m')
      return result.catch((error) => error.code)
    },
  })
  const { engine, clock } = await testEngine([child as Workflow, flow as Workflow])
  await engine.start()
  const handle = await engine.startRun(flow, {})
  await clock.advance(60_001)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: 'child-failed' })
  await engine.stop()
})

test('a child whose input does not fit is not started, by field, and the same way on replay', async () => {
  const flow = defineWorkflow({
    name: 'misfit',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      const message = await ctx.start('child', { sleep: 5 }).catch((error) => error.message)
      await ctx.step('after', () => 1)
      await ctx.sleep('1m')
      return message
    },
  })
  const { engine, clock, database } = await testEngine([child as Workflow, flow as Workflow])
  await engine.start()
  const handle = await engine.startRun(flow, {})
  await clock.advance(60_001)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: expect.stringContaining('sleep') })
  expect(await database.all('select * from runs')).toHaveLength(1)
  await engine.stop()
})

test('cancelling a parent cancels the children that are still going, however deep', async () => {
  const middle = defineWorkflow({
    name: 'middle',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      await ctx.start(child, {})
      return (await ctx.start(child, { sleep: '1m' })).result()
    },
  })
  const top = defineWorkflow({
    name: 'top',
    input: z.unknown(),
    run: async (ctx: CoreContext) => (await ctx.start(middle, {})).result(),
  })
  const { engine, clock, database } = await testEngine([child, middle, top] as Workflow[])
  await engine.start()
  const handle = await engine.startRun(top, {})
  await clock.advance(10)
  await engine.control.cancel(handle.id, 'ada')
  await clock.advance(120_000)
  const rows = await database.all<{ workflow: string; status: string }>(
    'select workflow, status from runs order by no',
  )
  expect(rows).toEqual([
    { workflow: 'top', status: 'cancelled' },
    { workflow: 'middle', status: 'cancelled' },
    { workflow: 'child', status: 'succeeded' },
    { workflow: 'child', status: 'cancelled' },
  ])
  await engine.stop()
})

test('a cancelled child is told to its parent', async () => {
  const { engine, handle, kids } = await family({ sleep: '1m' })
  await engine.control.cancel(kids[0]!, 'ada')
  expect(await handle.result()).toMatchObject({ status: 'failed', error: { code: 'child-cancelled' } })
  await engine.stop()
})

test('a child is started once, whenever the parent’s process dies', async () => {
  const workflows = [child as Workflow, parentOf({ sleep: '1m' })]
  for (const turns of [0, 1, 2, 3, 4, 6]) {
    const first = await mortalEngine(workflows)
    const { database, clock } = first
    const handle = await first.engine.startRun('parent', {})
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
    await first.die()
    const { engine } = await testEngine(workflows, { database, clock })
    await engine.start()
    await clock.advance(120_000)
    expect(await engine.resultOf(handle.id)).toMatchObject({ status: 'succeeded' })
    expect(await database.all('select id from runs')).toHaveLength(2)
    await engine.stop()
  }
})

test('of a race the first wins; the others are journaled and change nothing', async () => {
  const flow = defineWorkflow({
    name: 'race',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      const first = await ctx.race([
        ctx.sleep('10m').then(() => 'slow'),
        ctx.sleep('1m').then(() => 'fast'),
        ctx.waitFor('never').then(() => 'never'),
      ])
      await ctx.sleep('20m')
      return first
    },
  })
  const { engine, clock, database } = await testEngine([flow as Workflow])
  await engine.start()
  const handle = await engine.startRun(flow, {})
  await clock.advance(22 * 60_000)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: 'fast' })
  expect((await typesOf(database, handle.id)).filter((type) => type === 'timer-fired')).toHaveLength(3)
  await engine.stop()
})

test('all keeps the order of its items and its limit', async () => {
  let now = 0
  let most = 0
  const flow = defineWorkflow({
    name: 'all',
    input: z.unknown(),
    run: (ctx: CoreContext) =>
      ctx.all(
        [5, 1, 3, 2, 4].map(
          (n) => () =>
            ctx.step(`work ${n}`, async () => {
              most = Math.max(most, ++now)
              for (let turn = 0; turn < n; turn++) await new Promise((resolve) => setImmediate(resolve))
              now--
              return n
            }),
        ),
        { concurrency: 2 },
      ),
  })
  const { engine } = await testEngine([flow as Workflow])
  await engine.start()
  const result = await (await engine.startRun(flow, {})).result()
  expect(result).toEqual({ status: 'succeeded', output: [5, 1, 3, 2, 4] })
  expect(most).toBe(2)
  await engine.stop()
})
