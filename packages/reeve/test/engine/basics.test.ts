import { expect, test } from 'vitest'
import { z } from 'zod'
import type { CoreContext } from '../../src/engine/context.ts'
import type { ApprovedDecision } from '../../src/engine/decision.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import { readEvents } from '../../src/store/journal/journal.ts'
import { readRun } from '../../src/store/runs/runs.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { testEngine } from './harness.ts'

const anything = z.unknown()

test('a run journals each step and succeeds with its output', async () => {
  const add = defineWorkflow({
    name: 'add',
    input: z.object({ a: z.number(), b: z.number() }),
    async run(ctx: CoreContext, input) {
      const sum = await ctx.step('sum', () => input.a + input.b)
      return ctx.step('double', () => sum * 2)
    },
  })
  const { engine, database } = await testEngine([add])
  await engine.start()
  const handle = await engine.startRun(add, { a: 1, b: 2 })
  expect(await handle.result()).toEqual({ status: 'succeeded', output: 6 })
  const run = (await readRun(database, handle.id))!
  const events = await readEvents(database, run.no)
  expect(events.map((event) => event.type)).toEqual([
    'run-started',
    'step-completed',
    'step-completed',
    'run-succeeded',
  ])
  expect(run).toMatchObject({ status: 'succeeded', head_seq: 4 })
  await engine.stop()
})

test('an approval parks the run; the decision resumes it from its journal', async () => {
  let drafts = 0
  const ask = defineWorkflow({
    name: 'ask',
    input: anything,
    async run(ctx: CoreContext) {
      const draft = await ctx.step('draft', () => `draft ${++drafts}`)
      const decision = await ctx.approve('send', { show: { draft } })
      return { draft, decision: decision.status, value: (decision as ApprovedDecision).value }
    },
  })
  const { engine, database } = await testEngine([ask])
  await engine.start()
  const handle = await engine.startRun(ask, {})
  await settle()
  const parked = (await readRun(database, handle.id))!
  expect(parked.status).toBe('waiting')
  expect(engine.worker.active).toBe(0)
  const [pending] = await database.all<{ id: string }>('select id from approvals')
  await engine.control.decide(pending!.id, { verdict: 'approve', by: 'ada', answer: { draft: 'better' } })
  expect(await handle.result()).toEqual({
    status: 'succeeded',
    output: { draft: 'draft 1', decision: 'approved', value: { draft: 'better' } },
  })
  expect(drafts).toBe(1)
  await engine.stop()
})

test('a sleeping run is woken by the store clock, never early', async () => {
  const nap = defineWorkflow({
    name: 'nap',
    input: anything,
    async run(ctx: CoreContext) {
      const before = ctx.now().getTime()
      await ctx.sleep('1h')
      return ctx.now().getTime() - before
    },
  })
  const { engine, database, clock } = await testEngine([nap])
  await engine.start()
  const handle = await engine.startRun(nap, {})
  await clock.advance(3_599_999)
  expect((await readRun(database, handle.id))!.status).toBe('waiting')
  await clock.advance(2)
  expect(await handle.result()).toMatchObject({ status: 'succeeded' })
  await engine.stop()
})

test('a child is started once and its result reaches the parked parent', async () => {
  const child = defineWorkflow({
    name: 'child',
    input: z.number(),
    async run(ctx: CoreContext, input) {
      await ctx.sleep('1m')
      return input * 10
    },
  })
  const parent = defineWorkflow({
    name: 'parent',
    input: anything,
    async run(ctx: CoreContext) {
      const children = await ctx.all([1, 2, 3].map((n) => () => ctx.start(child, n)))
      return ctx.all(children.map((one) => one.result()))
    },
  })
  const { engine, clock, database } = await testEngine([child, parent])
  await engine.start()
  const handle = await engine.startRun(parent, {})
  await clock.advance(61_000)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: [10, 20, 30] })
  expect(await database.all('select * from runs')).toHaveLength(4)
  await engine.stop()
})
