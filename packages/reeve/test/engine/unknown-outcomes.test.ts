import { expect, test } from 'vitest'
import { z } from 'zod'
import { personal } from '../../src/base/schema/marked.ts'
import type { Effect } from '../../src/engine/calls/effect/definition.ts'
import { effect } from '../../src/engine/calls/effect/effect.ts'
import { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import { listPending, requireApproval } from '../../src/store/approvals/approvals.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { callTool } from '../../src/tools/call.ts'
import { tool } from '../../src/tools/tool.ts'
import { eventsOf, mortalEngine, rowOf, testEngine, typesOf } from './harness.ts'

const lost: Effect = {
  name: 'pay',
  effect: 'once',
  run() {
    throw new Error('the connection was lost')
  },
}

test('a run that fails beside an unknown outcome leaves the question to a person, who can still answer', async () => {
  const flow = defineWorkflow({
    name: 'flow',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      const paying = effect(CoreContext.callSiteOf(ctx), lost, { amount: 5 })
      await ctx.sleep('1m')
      await ctx.step('break', () => {
        throw new TypeError('broken')
      })
      return paying
    },
  })
  const { engine, database, clock } = await testEngine([flow])
  await engine.start()
  const handle = await engine.startRun(flow, {})
  await clock.advance(61_000)
  expect(await handle.result()).toMatchObject({ status: 'failed' })
  const [question] = await listPending(database)
  expect(question).toMatchObject({ kind: 'outcome', subject: 'pay' })
  await engine.control.decide(question!.id, {
    verdict: 'answer',
    by: 'ada',
    answer: { happened: true, result: 1 },
  })
  expect(await requireApproval(database, question!.id)).toMatchObject({
    status: 'answered',
    decided_by: 'ada',
  })
  expect(await rowOf(database, handle.id)).toMatchObject({ status: 'failed' })
  await engine.stop()
})

test('cancelling a run whose worker died in mid-effect asks a person what happened', async () => {
  const hanging: Effect = { name: 'pay', effect: 'once', run: () => new Promise(() => {}) }
  const flow = defineWorkflow({
    name: 'flow',
    input: z.unknown(),
    run: (ctx: CoreContext) => effect(CoreContext.callSiteOf(ctx), hanging, { amount: 5 }),
  })
  const first = await mortalEngine([flow])
  const handle = await first.engine.startRun(flow, {})
  await settle()
  const second = await testEngine([flow], { database: first.database, clock: first.clock })
  await second.engine.control.cancel(handle.id, 'ada')
  await first.die()
  await second.engine.start()
  await settle()
  expect(await rowOf(first.database, handle.id)).toMatchObject({ status: 'cancelled' })
  const [question] = await listPending(first.database)
  expect(question).toMatchObject({ kind: 'outcome', subject: 'pay', step: 1 })
  expect(JSON.parse(question!.shown)).toMatchObject({ args: { amount: 5 }, attempt: 1 })
  await second.engine.stop()
})

test('an effect whose result cannot be kept is recorded as happened, and not repeated by a retry', async () => {
  let calls = 0
  const odd: Effect = {
    name: 'pay',
    effect: 'once',
    run() {
      calls++
      return new Date()
    },
  }
  const flow = defineWorkflow({
    name: 'flow',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      const result = (await effect(CoreContext.callSiteOf(ctx), odd, {})) as { notKept?: string }
      throw new TypeError(`unusable: ${result.notKept}`)
    },
  })
  const { engine, database } = await testEngine([flow])
  await engine.start()
  const handle = await engine.startRun(flow, {})
  expect(await handle.result()).toMatchObject({
    status: 'failed',
    error: { message: expect.stringContaining('a Date') },
  })
  await engine.control.retry(handle.id, 'ada')
  await settle()
  expect(calls).toBe(1)
  expect(await typesOf(database, handle.id)).toContain('effect-completed')
  await engine.stop()
})

test('a workflow gets a copy of a result: what others do to it later changes nothing', async () => {
  const shared: { count: number; gone?: string } = { count: 1, gone: undefined }
  const flow = defineWorkflow({
    name: 'flow',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      const first = await ctx.step('first', () => shared)
      await ctx.step('second', () => {
        shared.count = 2
      })
      return { count: first.count, keys: Object.keys(first) }
    },
  })
  const { engine } = await testEngine([flow])
  await engine.start()
  const handle = await engine.startRun(flow, {})
  expect(await handle.result()).toEqual({ status: 'succeeded', output: { count: 1, keys: ['count'] } })
  await engine.stop()
})

test.each(['once', 'verifiable'] as const)(
  'what a person, or the outside system, says that a tool of class %s gave stands in no journal where its schema marks it',
  async (declared) => {
    const street = 'Nowhere Lane 7'
    const looks = tool({
      name: 'look',
      description: 'Looks an address up',
      input: z.object({}),
      output: z.object({ street: personal(z.string()) }),
      effect: declared,
      approval: 'never',
      run() {
        throw new Error('the connection was lost')
      },
      verify: () => ({ outcome: 'applied', result: { street } }),
    })
    const flow = defineWorkflow({
      name: 'flow',
      input: z.unknown(),
      run: (ctx: CoreContext) => callTool(CoreContext.callSiteOf(ctx), looks, {}),
    })
    const { engine, database, clock } = await testEngine([flow])
    await engine.start()
    const { id } = await engine.startRun(flow, {})
    await clock.advance(1_000)
    const [asked] = await listPending(database)
    const answer = { happened: true, result: { street } }
    if (asked) await engine.control.decide(asked.id, { verdict: 'answer', by: 'ada', answer })
    expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: { street } })
    expect(asked === undefined).toBe(declared === 'verifiable')
    expect(JSON.stringify(await eventsOf(database, id))).not.toContain(street)
    await engine.stop()
  },
)
