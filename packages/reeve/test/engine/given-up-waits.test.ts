import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { eventsOf, mortalEngine, rowOf, type TestEngine, testEngine, typesOf } from './harness.ts'

function flowOf(run: (ctx: CoreContext) => Promise<unknown>): Workflow {
  return defineWorkflow({ name: 'flow', input: z.unknown(), run }) as Workflow
}

async function started(flow: Workflow, ...others: Workflow[]): Promise<TestEngine & { id: string }> {
  const opened = await testEngine([flow, ...others])
  await opened.engine.start()
  onTestFinished(() => opened.engine.stop())
  const { id } = await opened.engine.startRun(flow, {})
  await settle()
  return { ...opened, id }
}

/** Goes on with the run in another process, as after a death. */
async function inNextLife(flow: Workflow, before: Awaited<ReturnType<typeof mortalEngine>>) {
  await before.die()
  const next = await testEngine([flow], { database: before.database, clock: before.clock })
  await next.engine.start()
  onTestFinished(() => next.engine.stop())
  await settle()
  return next
}

test('a wait that lost its race takes no signal any more: the next wait gets it', async () => {
  const flow = flowOf(async (ctx) => {
    const first = await ctx.race([ctx.waitFor('go'), ctx.sleep('1m').then(() => 'too late')])
    return [first, await ctx.waitFor('go')]
  })
  const { engine, clock, database, id } = await started(flow)
  await clock.advance(60_001)
  await engine.control.signal(id, 'go', 'for the second')
  await settle()
  expect(await engine.resultOf(id)).toEqual({
    status: 'succeeded',
    output: ['too late', 'for the second'],
  })
  expect(await typesOf(database, id)).toContain('signal-given-up')
})

test('a lost race is lost at the same place after a death, whatever came meanwhile', async () => {
  const flow = flowOf(async (ctx) => {
    const first = await ctx.race([ctx.waitFor('go'), ctx.step('quick', () => 'quick')])
    const second = await ctx.waitFor('go')
    await ctx.sleep('1m')
    return [first, second, await ctx.step('end', () => 'end')]
  })
  const before = await mortalEngine([flow])
  const { id } = await before.engine.startRun(flow, {})
  await settle()
  expect(await typesOf(before.database, id)).toContain('signal-given-up')
  const { engine } = await inNextLife(flow, before)
  await engine.control.signal(id, 'go', 'second')
  await before.clock.advance(60_001)
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: ['quick', 'second', 'end'] })
})

test('a wait that was lost before its giving up was durable is given up by the replay', async () => {
  const flow = flowOf(async (ctx) => {
    const first = await ctx.race([ctx.waitFor('go'), ctx.step('quick', () => 'quick')])
    return [first, await ctx.waitFor('go')]
  })
  const before = await mortalEngine([flow])
  const { id } = await before.engine.startRun(flow, {})
  await settle()
  // As if the process had died just before: the journal ends with the step that won.
  const { no } = await rowOf(before.database, id)
  await before.die()
  await before.database.run(
    `delete from events where run = ? and seq > (select seq from events where run = ? and type = 'step-completed')`,
    [no, no],
  )
  await before.database.run(
    `update runs set status = 'queued', worker = null, head = null, head_seq = null where no = ?`,
    [no],
  )
  const { engine } = await inNextLife(flow, before)
  await engine.control.signal(id, 'go', 'second')
  await settle()
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: ['quick', 'second'] })
})

test('an AbortSignal gives a wait up, which says so; a signal that came early stays for the next', async () => {
  const flow = flowOf(async (ctx) => {
    const controller = new AbortController()
    const wait = ctx.waitFor('go', { signal: controller.signal, timeout: '1d' })
    const nap = ctx.sleep('1d', { signal: controller.signal })
    await ctx.step('decide', () => 1)
    controller.abort()
    const codes = [wait, nap].map((each) => each.then(String, (error: { code: string }) => error.code))
    const gone = ctx.waitFor('go', { signal: controller.signal }).catch((error) => error.code)
    return [await Promise.all(codes), await gone, await ctx.waitFor('go')]
  })
  const { engine, clock, database, id } = await started(flow)
  expect((await rowOf(database, id)).wake_at).toBeNull()
  await engine.control.signal(id, 'go', 7)
  await clock.advance(1)
  expect(await engine.resultOf(id)).toEqual({
    status: 'succeeded',
    output: [['wait-given-up', 'wait-given-up'], 'wait-given-up', 7],
  })
})

test('an approval that lost its race is withdrawn, and a retry of the run does not ask it again', async () => {
  let broken = true
  const flow = flowOf(async (ctx) => {
    const won = await ctx.race([ctx.approve('pay', { show: { usd: 5 } }), ctx.sleep('1m')])
    await ctx.step('after', () => {
      if (broken) throw new TypeError('broken')
    })
    return won ?? 'nobody decided'
  })
  const { engine, clock, database, id } = await started(flow)
  const [asked] = await listPending(database)
  await clock.advance(60_001)
  expect(await engine.resultOf(id)).toMatchObject({ status: 'failed' })
  expect(await listPending(database)).toEqual([])
  await expect(engine.control.decide(asked!.id, { verdict: 'approve', by: 'ada' })).rejects.toMatchObject({
    code: 'already-decided',
  })
  broken = false
  await engine.control.retry(id, 'ada')
  await settle()
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: 'nobody decided' })
  expect(await listPending(database)).toEqual([])
})

test('functions in a race get a signal for the waits inside them; what acts goes on', async () => {
  const flow = flowOf(async (ctx) => {
    const won = await ctx.race([
      async (signal) => {
        const said = await ctx.waitFor('never', { signal }).catch((error) => error.code)
        await ctx.log('lost', said)
        throw new Error('nobody looks at this')
      },
      async () => {
        await ctx.sleep('1m')
        return 'slept'
      },
    ])
    await ctx.sleep('1m')
    return won
  })
  const { engine, clock, database, id } = await started(flow)
  await clock.advance(120_002)
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: 'slept' })
  expect((await typesOf(database, id)).filter((type) => type === 'log-written')).toHaveLength(1)
})

test.each([
  ['an empty array', []],
  ['no array', undefined],
  ['a promise', Promise.resolve(1)],
])('a race over %s is refused', async (_what, items) => {
  const { engine, id } = await started(flowOf((ctx) => ctx.race(items as never)))
  expect(await engine.resultOf(id)).toMatchObject({ status: 'failed', error: { code: 'empty-race' } })
})

test('a child whose race is lost goes on; its parent does not wait for it', async () => {
  const child = defineWorkflow({
    name: 'child',
    input: z.unknown(),
    run: (ctx: CoreContext) => ctx.sleep('5m'),
  }) as Workflow
  const flow = flowOf(async (ctx) => {
    const { result } = await ctx.start('child', {})
    return (await ctx.race([result(), ctx.sleep('1m')])) ?? 'went on'
  })
  const { engine, clock, id } = await started(flow, child)
  await clock.advance(60_002)
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: 'went on' })
})

/** Sends signals that all are there when the run is claimed the next time. */
async function signalled({ engine, id }: TestEngine & { id: string }, ...names: string[]): Promise<void> {
  for (const name of names) await engine.control.signal(id, name, `the ${name}`)
  await settle()
}

test('of two signals that come at once a race takes one; the other is there for the next wait', async () => {
  const flow = flowOf(async (ctx) => {
    const first = await ctx.race([ctx.waitFor('stop'), ctx.waitFor('go')])
    return [first, await ctx.race([ctx.waitFor('stop'), ctx.waitFor('go')])]
  })
  const run = await started(flow)
  await signalled(run, 'go', 'stop')
  expect(await run.engine.resultOf(run.id)).toEqual({ status: 'succeeded', output: ['the go', 'the stop'] })
})

test('a signal that came before its race began is not taken by a wait that has lost', async () => {
  const flow = flowOf(async (ctx) => {
    await ctx.waitFor('begin')
    const first = await ctx.race([
      ctx.waitFor('go').then((said) => said),
      (signal) => ctx.waitFor('stop', { signal }),
      ctx.waitFor('halt'),
    ])
    return [first, await ctx.waitFor('stop'), await ctx.waitFor('halt')]
  })
  const run = await started(flow)
  await signalled(run, 'begin', 'go', 'stop', 'halt')
  expect(await run.engine.resultOf(run.id)).toEqual({
    status: 'succeeded',
    output: ['the go', 'the stop', 'the halt'],
  })
})

test('children that ended at once are heard of in one commit', async () => {
  const child = defineWorkflow({ name: 'child', input: z.unknown(), run: async (_ctx: CoreContext, n) => n })
  const flow = flowOf(async (ctx) => {
    const children = await ctx.all([1, 2, 3, 4].map((n) => ctx.start('child', n)))
    await ctx.sleep('1m')
    return ctx.all(children.map((each) => each.result()))
  })
  const run = await started(flow, child as Workflow)
  await run.clock.advance(60_001)
  expect(await run.engine.resultOf(run.id)).toEqual({ status: 'succeeded', output: [1, 2, 3, 4] })
  const events = await eventsOf(run.database, run.id)
  expect(new Set(events.filter(({ type }) => type === 'child-finished').map(({ at }) => at)).size).toBe(1)
})
