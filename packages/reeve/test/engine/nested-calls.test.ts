import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { personal } from '../../src/base/schema/marked.ts'
import { effect } from '../../src/engine/calls/effect/effect.ts'
import { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { mortalEngine, testEngine } from './harness.ts'

const nested: [string, (ctx: CoreContext) => unknown][] = [
  ['a step', (ctx) => ctx.step('inner', () => 1)],
  ['a sleep', (ctx) => ctx.sleep(1)],
  ['a wait', (ctx) => ctx.waitFor('x')],
  ['an approval', (ctx) => ctx.approve('x', { show: 1 })],
  ['a child', (ctx) => ctx.start('flow', {})],
  ['a log line', (ctx) => ctx.log('x')],
  ['a random number', (ctx) => ctx.random()],
  ['a patch', (ctx) => ctx.patched('x')],
]
const moments: [string, (use: () => unknown) => Promise<unknown>][] = [
  ['at once', async (use) => use()],
  [
    'after an await',
    async (use) => {
      await null
      return use()
    },
  ],
  [
    'after a turn of the event loop',
    async (use) => {
      await new Promise((resolve) => setImmediate(resolve))
      return use()
    },
  ],
  [
    'in a callback',
    (use) =>
      new Promise((resolve, reject) => {
        setImmediate(() => Promise.resolve().then(use).then(resolve, reject))
      }),
  ],
]
const cases = nested.flatMap(([what, use]) => moments.map(([when, later]) => ({ what, use, when, later })))

test.each(cases)('$what inside a step, $when, is refused at the call', async ({ use, later }) => {
  const flow = defineWorkflow({
    name: 'flow',
    input: z.unknown(),
    run: (ctx: CoreContext) => ctx.step('outer', () => later(() => use(ctx)) as Promise<never>),
  }) as Workflow
  const { engine, database } = await testEngine([flow])
  await engine.start()
  onTestFinished(() => engine.stop())
  const handle = await engine.startRun(flow, {})
  expect(await handle.result()).toMatchObject({
    status: 'failed',
    error: { code: 'nested-call', message: expect.stringContaining('inside step "outer"') },
  })
  expect(await database.all('select * from runs')).toHaveLength(1)
})

test('a call inside a tool is refused too, and a caught refusal leaves a run that replays', async () => {
  const flow = defineWorkflow({
    name: 'flow',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      const inTool = await effect(
        CoreContext.callSiteOf(ctx),
        {
          name: 'tool',
          effect: 'idempotent',
          run: async () => {
            await null
            return ctx.step('inner', () => 1).catch((error) => error.code)
          },
        },
        {},
      ).catch((error) => error.code)
      const inStep = await ctx.step('outer', async () => {
        try {
          await ctx.step('inner', () => 1)
        } catch (error) {
          return (error as { code: string }).code
        }
        return 'went through'
      })
      await ctx.sleep('1m')
      return [inTool, inStep, await ctx.step('after', () => 'after')]
    },
  }) as Workflow
  const first = await mortalEngine([flow])
  const handle = await first.engine.startRun(flow, {})
  await settle()
  await first.die()
  const { engine } = await testEngine([flow], { database: first.database, clock: first.clock })
  await engine.start()
  onTestFinished(() => engine.stop())
  await first.clock.advance(60_001)
  expect(await engine.resultOf(handle.id)).toEqual({
    status: 'succeeded',
    output: ['nested-call', 'nested-call', 'after'],
  })
})

test('calls beside a step, and runs started and signalled from inside one, stay legal', async () => {
  const other = defineWorkflow({
    name: 'other',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      const word = await ctx.waitFor('word')
      return ctx.step('own', async () => {
        await null
        return word
      })
    },
  }) as Workflow
  const flow = defineWorkflow({
    name: 'flow',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      const [, slow] = await ctx.all([
        ctx.step('quick', () => 1).then(() => ctx.step('then', () => 2)),
        ctx.step('slow', async () => {
          const { id, result } = await engine.startRun(other, {})
          await engine.control.signal(ctx.runId, 'mine', 'sent from a step')
          await engine.control.signal(id, 'word', 'hello')
          return ((await result()) as { output: string }).output
        }),
        ctx.waitFor('mine').then((said) => ctx.step('said', () => said as string)),
      ])
      return slow
    },
  }) as Workflow
  const { engine } = await testEngine([flow, other])
  await engine.start()
  onTestFinished(() => engine.stop())
  const handle = await engine.startRun(flow, {})
  expect(await handle.result()).toEqual({ status: 'succeeded', output: 'hello' })
})

test('a run that neither acts nor waits says so on its row, and again nothing once it goes on', async () => {
  const gate = Promise.withResolvers<void>()
  const flow = defineWorkflow({
    name: 'flow',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      await ctx.step('first', () => 1)
      await gate.promise
      await ctx.step('second', () => 2)
      await ctx.waitFor('end')
    },
  }) as Workflow
  const { engine, clock, database } = await testEngine([flow])
  await engine.start()
  onTestFinished(() => engine.stop())
  const { id } = await engine.startRun(flow, {})
  const row = () => database.get<{ status: string; reason: string | null }>('select status, reason from runs')
  await clock.advance(25_000)
  expect(await row()).toEqual({ status: 'running', reason: null })
  await clock.advance(10_000)
  expect(await row()).toEqual({
    status: 'running',
    reason: expect.stringMatching(/waits for nothing that Reeve knows: after call 1 .*reeve cancel/),
  })
  gate.resolve()
  await settle()
  expect(await row()).toEqual({ status: 'waiting', reason: 'signal "end"' })
  await engine.control.signal(id, 'end', null)
  await settle()
  expect(await row()).toMatchObject({ status: 'succeeded', reason: null })
})

test('a run whose step acts for long says which step', async () => {
  const gate = Promise.withResolvers<void>()
  const end = Promise.withResolvers<void>()
  const flow = defineWorkflow({
    name: 'flow',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      await ctx.step('long one', () => gate.promise)
      await ctx.step('longer', () => end.promise)
    },
  }) as Workflow
  const { engine, clock, database } = await testEngine([flow])
  await engine.start()
  onTestFinished(() => {
    end.resolve()
    return engine.stop()
  })
  await engine.startRun(flow, {})
  const row = () => database.get<{ status: string; reason: string | null }>('select status, reason from runs')
  await clock.advance(35_000)
  expect(await row()).toEqual({ status: 'running', reason: 'acts: step "long one"' })
  gate.resolve()
  await clock.advance(3000)
  expect(await row()).toEqual({ status: 'running', reason: null })
  await clock.advance(40_000)
  expect(await row()).toEqual({ status: 'running', reason: 'acts: step "longer"' })
})

test('what a run says that acts for long has references in the place of marked texts', async () => {
  const end = Promise.withResolvers<void>()
  const flow = defineWorkflow({
    name: 'flow',
    input: z.object({ to: personal(z.string()) }),
    run: (ctx: CoreContext, { to }) => ctx.step(`write to ${to}`, () => end.promise),
  }) as Workflow
  const { engine, clock, database } = await testEngine([flow])
  await engine.start()
  onTestFinished(() => {
    end.resolve()
    return engine.stop()
  })
  await engine.startRun(flow, { to: 'ada@example.com' })
  await clock.advance(35_000)
  const row = await database.get<{ reason: string | null }>('select reason from runs')
  expect(row!.reason).toMatch(/^acts: step "write to \[marked:[\w-]+\]"$/)
})
