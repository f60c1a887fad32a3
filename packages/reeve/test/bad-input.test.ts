import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { plan, planAction } from '../src/agents/patterns/plan/plan.ts'
import { silentLog } from '../src/base/log.ts'
import { workflow } from '../src/context.ts'
import type { Workflow } from '../src/engine/workflow.ts'
import type { Solver } from '../src/models/solver.ts'
import { projectOf } from '../src/project/load.ts'
import { internalsOf, Runtime } from '../src/runtime/runtime.ts'
import { readEvents } from '../src/store/journal/journal.ts'
import { runInMemory } from '../src/testing/run-in-memory.ts'
import { mcpServer } from '../src/tools/mcp/index.ts'
import { sandboxTool } from '../src/tools/sandbox/sandbox-tool.ts'
import { testFolder } from './tools/mcp/hostile.ts'

type Journal = Awaited<ReturnType<typeof runInMemory>>['journal']

/** The payload of the only event of a type. */
function payloadOf(journal: Journal, type: string): unknown {
  const found = journal.filter((event) => event.type === type)
  expect(found).toHaveLength(1)
  return JSON.parse(found[0]!.payload!)
}

test('a schema that JSON Schema cannot express fails the run, and the journal says why', async () => {
  const free: Solver = { name: 'free', kind: 'function', solve: () => ({ kind: 'value', value: 1 }) }
  const flow = workflow({
    name: 'flow',
    input: z.null(),
    run: (ctx) => ctx.extract('when', { schema: z.date() as never, from: 'today', route: 'free' }),
  })
  const { result, journal } = await runInMemory(flow, null, { routes: { free: { solvers: [free] } } })
  const error = { code: 'no-json-schema', message: expect.stringContaining('JSON Schema cannot express') }
  expect(result).toMatchObject({ status: 'failed', error })
  expect(payloadOf(journal, 'run-failed')).toMatchObject(error)
})

test('a route with no usable solver fails the question with what is missing; an empty one is refused at the start', async () => {
  const flow = workflow({
    name: 'flow',
    input: z.null(),
    run: (ctx) => ctx.extract('word', { schema: z.string(), from: 'x', route: 'hosted' }),
  })
  const routes = { hosted: { solvers: ['anthropic/claude-haiku-4-5', 'openai/gpt-5-nano'] } }
  const { result, journal } = await runInMemory(flow, null, { routes })
  expect(result).toMatchObject({ status: 'failed', error: { code: 'missing-key' } })
  expect(payloadOf(journal, 'question-failed')).toMatchObject({
    code: 'missing-key',
    message: expect.stringContaining('ANTHROPIC_API_KEY'),
    details: { hops: [{ outcome: 'skipped' }, { outcome: 'skipped' }] },
  })
  await expect(runInMemory(flow, null, { routes: { hosted: { solvers: [] } } })).rejects.toMatchObject({
    code: 'bad-route',
  })
})

test('a child that asks for more budget than its parent has gets what the parent has', async () => {
  const paid: Solver = {
    name: 'paid',
    kind: 'hosted',
    worstCaseUsd: () => 0.4,
    solve: () => ({ kind: 'value', value: 'yes', usage: { inputTokens: 1, outputTokens: 1, costUsd: 0.4 } }),
  }
  const child = workflow({
    name: 'child',
    input: z.null(),
    limits: { cost: '$100' },
    async run(ctx) {
      for (const name of ['one', 'two'])
        await ctx.extract(name, { schema: z.string(), from: name, route: 'paid' })
    },
  })
  const parent = workflow({
    name: 'parent',
    input: z.null(),
    limits: { cost: '$0.5' },
    async run(ctx) {
      const started = await ctx.start(child, null)
      return started.result()
    },
  })
  const runtime = await Runtime.open({
    project: projectOf({ knowledge: [], routes: { paid: { solvers: [paid] } } }, [
      child as Workflow,
      parent as Workflow,
    ]),
    environment: { database: { kind: 'sqlite', file: ':memory:' }, keys: {}, user: 'ada', ci: false },
    log: silentLog,
  })
  onTestFinished(() => runtime.stop())
  await runtime.start()
  const handle = await runtime.startRun(parent, null)
  expect(await handle.result()).toMatchObject({
    status: 'failed',
    error: { message: expect.stringContaining('$0.4') },
  })
  const runs = await internalsOf(runtime).database.all<{ no: number; parent: number | null }>(
    'select no, parent from runs',
  )
  const { no, parent: above } = runs.find((row) => row.parent !== null)!
  const journal = await readEvents(internalsOf(runtime).database, no)
  expect(journal.filter(({ type }) => type === 'question-completed')).toHaveLength(1)
  expect(payloadOf(journal, 'question-failed')).toMatchObject({
    code: 'over-budget',
    details: { scope: `run:${above}` },
  })
})

test('a plan with a cycle is refused before any step, and the journal has the circle', async () => {
  let steps = 0
  const step = (id: string, needs: string[]) => ({ id, needs, action: 'make', args: null })
  const flow = workflow({
    name: 'flow',
    input: z.null(),
    run: (ctx) =>
      plan(ctx, 'build', {
        goal: 'a house',
        plan: [step('a', ['b']), step('b', ['a'])],
        actions: { make: planAction({ does: 'makes it', args: z.null(), run: () => ++steps }) },
      }),
  })
  const { result, journal } = await runInMemory(flow, null)
  expect(result).toMatchObject({ status: 'failed' })
  expect(payloadOf(journal, 'run-failed')).toMatchObject({
    message: expect.stringMatching(/circle: a → b → a/),
  })
  expect(steps).toBe(0)
})

test('scripts that fork, sleep for ever or eat memory are results in the journal, and the run goes on', async () => {
  const computeFor = (time: '1s' | '5m') =>
    sandboxTool({ name: `compute-${time}`, language: 'javascript', time, memoryBytes: 32 * 1_048_576 })
  // What is to fail by something else has all the time that a busy machine takes.
  const [patient, hasty] = [computeFor('5m'), computeFor('1s')]
  const scripts = {
    fork: `(await import('node:child_process')).fork('/bin/sh')`,
    sleep: 'while (true) await null',
    hoard: 'const all = []; for (;;) all.push(new ArrayBuffer(2 ** 24))',
  }
  const flow = workflow({
    name: 'flow',
    input: z.null(),
    async run(ctx) {
      for (const [name, code] of Object.entries(scripts))
        await ctx.call(name === 'sleep' ? hasty : patient, { code })
      return 'went on'
    },
  })
  const { result, journal } = await runInMemory(flow, null)
  expect(result).toEqual({ status: 'succeeded', output: 'went on' })
  const told = journal.filter(({ type }) => type === 'effect-completed')
  expect(told.map(({ payload }) => JSON.parse(payload!))).toEqual([
    { error: expect.stringContaining('node:child_process'), logs: [] },
    { error: expect.stringContaining('1000 ms'), logs: [] },
    { error: expect.stringContaining('out of memory'), logs: [] },
  ])
})

test('an MCP server that floods fails the call, and the journal says with what', async () => {
  const script = fileURLToPath(new URL('./tools/mcp/hostile-server.ts', import.meta.url))
  const far = mcpServer({
    name: 'far',
    command: process.execPath,
    args: [script, '{}'],
    pins: `${testFolder()}/mcp-pins.json`,
    tools: { act: { effect: 'read', approval: 'never', retry: { attempts: 1 } } },
  })
  onTestFinished(() => far.close())
  await far.pin()
  const flow = workflow({
    name: 'flow',
    input: z.null(),
    run: (ctx) => ctx.call(far.tool('act'), { do: 'flood with notices' }),
  })
  const { result, journal } = await runInMemory(flow, null)
  expect(result).toMatchObject({ status: 'failed' })
  expect(payloadOf(journal, 'effect-failed')).toMatchObject({
    code: 'mcp-flood',
    message: expect.stringContaining('more than 10000 messages that nobody asked for'),
  })
})
