import { expect, test } from 'vitest'
import { z } from 'zod'
import { debate } from '../src/agents/patterns/debate.ts'
import { fanOut } from '../src/agents/patterns/fan-out.ts'
import { plan, planAction } from '../src/agents/patterns/plan/plan.ts'
import { type Context, workflow } from '../src/context.ts'
import type { Solver } from '../src/models/solver.ts'
import { runInMemory } from '../src/testing/run-in-memory.ts'

const solver: Solver = { name: 's', kind: 'function', solve: () => ({ kind: 'value', value: 'x' }) }
const asked = { schema: z.string(), from: 'x', route: 'r' }
const many = { schema: z.string(), route: 'r' }
const none = undefined as never
const symbol = Symbol('x') as never

test.each<[string, (ctx: Context) => Promise<unknown>, string]>([
  ['a question without a name', (ctx) => ctx.extract(none, asked), 'bad-text'],
  ['a question named by a symbol', (ctx) => ctx.extract(symbol, asked), 'bad-text'],
  ['a text named by an array', (ctx) => ctx.generate(['a'] as never, { with: {}, route: 'r' }), 'bad-text'],
  ['many questions without a name', (ctx) => ctx.extractAll(none, ['a'], many), 'bad-text'],
  ['many texts without a name', (ctx) => ctx.generateAll(symbol, [{}], { route: 'r' }), 'bad-text'],
  ['a batch of none', (ctx) => ctx.extractAll('x', ['a'], { ...many, batch: { most: 0 } }), 'bad-batch'],
  ['a route that is none', (ctx) => ctx.extract('x', { ...asked, route: symbol }), 'unknown-route'],
  ['vectors without a name', (ctx) => ctx.embed(symbol, ['a']), 'bad-text'],
  ['a search without a name', (ctx) => ctx.recall(none, { query: 'x' }), 'bad-text'],
  ['a search without a query', (ctx) => ctx.recall('x', { query: none }), 'bad-text'],
  ['a search for half a passage', (ctx) => ctx.recall('x', { query: 'x', limit: 0.5 }), 'bad-number'],
  ['a memory in no scope', (ctx) => ctx.remember('x', { scope: 5 as never }), 'bad-option'],
  ['a call of no tool', (ctx) => ctx.call(none as string, {}), 'bad-tool'],
  ['a call of a symbol', (ctx) => ctx.call(symbol as string, {}), 'bad-tool'],
  ['no agent', (ctx) => ctx.agent(none, 'x'), 'bad-agent'],
  ['a child of nothing', (ctx) => ctx.start(none, {}), 'unknown-workflow'],
  ['a sleep for no time', (ctx) => ctx.sleep(none), 'bad-duration'],
  ['a sleep until no time', (ctx) => ctx.sleep({ until: null as never }), 'bad-moment'],
  ['an approval that shows nothing', (ctx) => ctx.approve('x', { show: none }), 'bad-option'],
  ['an approval without options', (ctx) => ctx.approve('x', none), 'bad-option'],
  ['an approval of no JSON', (ctx) => ctx.approve('x', { show: new Map() as never }), 'not-serialisable'],
  ['a wait with no signal', (ctx) => ctx.waitFor('x', { signal: {} as never }), 'bad-option'],
  [
    'a fan-out of nothing at a time',
    (ctx) =>
      fanOut(ctx, 'f', {
        task: 'x',
        workers: { w: { does: 'x', run: () => 1 } },
        plan: () => ({ subtasks: [{ id: 'a', worker: 'w', task: 't' }] }),
        synthesise: () => 1,
        concurrency: 0,
      }),
    'bad-number',
  ],
  [
    'a plan of nothing at a time',
    (ctx) =>
      plan(ctx, 'p', {
        goal: 'x',
        plan: [{ id: 'a', needs: [], action: 'm', args: null }],
        actions: { m: planAction({ does: 'x', args: z.null(), run: () => 1 }) },
        concurrency: Number.NaN,
      }),
    'bad-number',
  ],
  ['a debate of no round', (ctx) => debate(ctx, 'd', { rounds: 0 } as never), 'bad-number'],
])('%s fails the call, by what it was, and not the run', async (_what, use, code) => {
  const flow = workflow({
    name: 'flow',
    input: z.null(),
    async run(ctx) {
      const failed = await (async () => use(ctx))().catch((error) => error.code)
      return [failed, await ctx.step('after', () => 'went on')]
    },
  })
  const { result } = await runInMemory(flow, null, { routes: { r: { solvers: [solver] } } })
  expect(result).toEqual({ status: 'succeeded', output: [code, 'went on'] })
})
