import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { effect } from '../../src/engine/calls/effect/effect.ts'
import { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import { FakeClock, settle } from '../../src/testing/fake-clock.ts'
import { eventsOf, mortalEngine, openTestDatabase, rowOf, testEngine, typesOf } from './harness.ts'

const anything = z.unknown()

/** A workflow with a step that takes no notice of its signal, and ends when it is let. */
function deaf() {
  let begun = 0
  const gate = Promise.withResolvers<string>()
  const workflow = defineWorkflow({
    name: 'deaf',
    input: anything,
    run: async (ctx: CoreContext) => {
      await ctx.step('first', () => 1)
      return ctx.step('deaf', () => {
        begun++
        return gate.promise
      })
    },
  }) as Workflow
  return { workflow, begun: () => begun, open: () => gate.resolve('done') }
}

test('a run whose step outlasts five graceful stops is given back each time and no death is counted', async () => {
  const { workflow, begun, open } = deaf()
  const clock = new FakeClock()
  const database = await openTestDatabase(clock)
  let id = ''
  for (let stop = 1; stop <= 6; stop++) {
    const { engine } = await testEngine([workflow], { database, clock })
    await engine.start()
    if (stop === 1) id = (await engine.startRun('deaf', {})).id
    await settle()
    expect(begun()).toBe(stop)
    const stopped = engine.stop(10_000)
    await settle()
    await clock.advance(9_000)
    expect((await rowOf(database, id)).status).toBe('running')
    await clock.advance(1_001)
    await stopped
    expect(await rowOf(database, id)).toMatchObject({ status: 'queued', worker: null, crashes: 0 })
    expect(await database.all('select id from workers')).toEqual([])
  }
  const released = (await eventsOf(database, id)).filter(({ type }) => type === 'run-released')
  expect(released).toHaveLength(6)
  expect(released[0]!.payload).toContain('did not end within 10.0 s')
  const { engine } = await testEngine([workflow], { database, clock })
  await engine.start()
  onTestFinished(() => engine.stop())
  await settle()
  open()
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: 'done' })
})

test('what ends within the grace is kept, and only then the run is given back', async () => {
  const { workflow, open } = deaf()
  const { engine, database, clock } = await testEngine([workflow])
  await engine.start()
  const { id } = await engine.startRun('deaf', {})
  await settle()
  const stopped = engine.stop(10_000)
  await settle()
  open()
  await stopped
  expect(await typesOf(database, id)).not.toContain('run-released')
  const { engine: next } = await testEngine([workflow], { database, clock })
  await next.start()
  onTestFinished(() => next.stop())
  expect(await next.resultOf(id)).toEqual({ status: 'succeeded', output: 'done' })
  expect((await typesOf(database, id)).filter((type) => type === 'step-completed')).toHaveLength(2)
})

test('in a hurry nothing is waited for, and the runs are given back all the same', async () => {
  const { workflow } = deaf()
  const { engine, database } = await testEngine([workflow])
  await engine.start()
  const { id } = await engine.startRun('deaf', {})
  await settle()
  const stopped = engine.stop(10_000)
  engine.hurry()
  await stopped
  expect(await rowOf(database, id)).toMatchObject({ status: 'queued', crashes: 0 })
})

test('a `once` effect under way at a graceful stop is asked about, and not made again', async () => {
  let made = 0
  const pay = { name: 'pay', effect: 'once', run: () => new Promise<never>(() => made++) } as const
  const paying = defineWorkflow({
    name: 'paying',
    input: anything,
    run: (ctx: CoreContext) => effect(CoreContext.callSiteOf(ctx), pay, {}),
  }) as Workflow
  const { engine, database, clock } = await testEngine([paying])
  await engine.start()
  const { id } = await engine.startRun('paying', {})
  await settle()
  const stopped = engine.stop(1_000)
  await settle()
  await clock.advance(1_001)
  await stopped
  const { engine: next } = await testEngine([paying], { database, clock })
  await next.start()
  onTestFinished(() => next.stop())
  await settle()
  expect(made).toBe(1)
  expect(await typesOf(database, id)).toEqual([
    'run-started',
    'effect-intended',
    'run-released',
    'effect-unknown',
  ])
  expect(await listPending(database, 9)).toMatchObject([{ kind: 'outcome', subject: 'pay' }])
  expect(await rowOf(database, id)).toMatchObject({ status: 'waiting', crashes: 0 })
})

test('a graceful stop does not wipe out the deaths that a run has caused, nor count as its progress', async () => {
  const { workflow } = deaf()
  const clock = new FakeClock()
  const database = await openTestDatabase(clock)
  let id = ''
  for (let death = 1; death <= 2; death++) {
    const { engine, die } = await mortalEngine([workflow], { database, clock })
    if (death === 1) id = (await engine.startRun('deaf', {})).id
    await settle()
    await die()
  }
  const { engine } = await testEngine([workflow], { database, clock })
  await engine.start()
  await settle()
  const counted = (await rowOf(database, id)).crashes
  expect(counted).toBe(2)
  const stopped = engine.stop(1_000)
  await settle()
  await clock.advance(1_001)
  await stopped
  expect(await rowOf(database, id)).toMatchObject({ status: 'queued', crashes: 2 })
  const last = await mortalEngine([workflow], { database, clock })
  await settle()
  await last.die()
  const { engine: after } = await testEngine([workflow], { database, clock })
  await after.start()
  onTestFinished(() => {
    after.hurry()
    return after.stop()
  })
  await settle()
  expect((await rowOf(database, id)).crashes).toBe(3)
})
