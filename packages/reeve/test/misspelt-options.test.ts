import { expect, test } from 'vitest'
import { z } from 'zod'
import { agent } from '../src/agents/agent.ts'
import { type Context, workflow } from '../src/context.ts'
import type { Solver } from '../src/models/solver.ts'
import { runInMemory } from '../src/testing/run-in-memory.ts'
import { tool } from '../src/tools/tool.ts'

const solver: Solver = { name: 's', kind: 'function', solve: () => ({ kind: 'value', value: 'x' }) }
const schema = z.string()
const look = tool({
  name: 'look',
  description: 'Looks',
  input: z.object({}),
  output: schema,
  effect: 'read',
  run: () => 'x',
})
const writer = agent({
  name: 'w',
  description: 'd',
  instructions: 'i',
  input: schema,
  route: 'r',
  owner: 'o',
})

/** As plain JavaScript does, where no type looks. */
const loosely = (options: object) => options as never

test.each<[string, (ctx: Context) => unknown, wrong: string, meant: string]>([
  ['step', (ctx) => ctx.step('a', () => 1, loosely({ retires: 3 })), 'retires', 'retry'],
  [
    'step, its retry',
    (ctx) => ctx.step('a', () => 1, loosely({ retry: { atempts: 3 } })),
    'atempts',
    'attempts',
  ],
  ['approve', (ctx) => ctx.approve('a', loosely({ show: 1, timout: '1d' })), 'timout', 'timeout'],
  ['sleep', (ctx) => ctx.sleep('1s', loosely({ signl: 1 })), 'signl', 'signal'],
  ['sleep until', (ctx) => ctx.sleep(loosely({ until: '2030-01-01T00:00:00Z', unti: 1 })), 'unti', 'until'],
  ['waitFor', (ctx) => ctx.waitFor('a', loosely({ timeOut: '1d', tiemout: '1d' })), 'timeOut', 'timeout'],
  ['start', (ctx) => ctx.start('flow', null, loosely({ priorty: 1 })), 'priorty', 'priority'],
  ['all', (ctx) => ctx.all([], loosely({ concurency: 2 })), 'concurency', 'concurrency'],
  ['allSettled', (ctx) => ctx.allSettled([], loosely({ concurrence: 2 })), 'concurrence', 'concurrency'],
  ['call', (ctx) => ctx.call(look, {}, loosely({ reprot: true })), 'reprot', 'report'],
  [
    'extract',
    (ctx) => ctx.extract('a', loosely({ schema, from: 'x', rout: 'r', route: 'r' })),
    'rout',
    'route',
  ],
  [
    'extract, its cache',
    (ctx) =>
      ctx.extract('a', loosely({ schema, from: 'x', route: 'r', cache: { keep: '1d', acros: 'project' } })),
    'acros',
    'across',
  ],
  [
    'extractAll',
    (ctx) => ctx.extractAll('a', ['x'], loosely({ schema, route: 'r', bach: true })),
    'bach',
    'batch',
  ],
  [
    'extractAll, its batch',
    (ctx) => ctx.extractAll('a', ['x'], loosely({ schema, route: 'r', batch: { witin: '1h' } })),
    'witin',
    'within',
  ],
  [
    'generate',
    (ctx) => ctx.generate('a', loosely({ route: 'r', with: {}, feedbak: 1 })),
    'feedbak',
    'feedback',
  ],
  [
    'generateAll',
    (ctx) => ctx.generateAll('a', [{}], loosely({ route: 'r', instruction: 'x' })),
    'instruction',
    'instructions',
  ],
  ['embed', (ctx) => ctx.embed('a', ['x'], loosely({ wiht: 'x' })), 'wiht', 'with'],
  ['agent', (ctx) => ctx.agent(writer, 'x', loosely({ onturns: () => {} })), 'onturns', 'onTurn'],
  ['recall', (ctx) => ctx.recall('a', loosely({ query: 'x', limits: 3 })), 'limits', 'limit'],
  ['remember', (ctx) => ctx.remember('x', loosely({ scop: 'a' })), 'scop', 'scope'],
  ['amend', (ctx) => ctx.amend('x', 'y', loosely({ why: 'x', evidense: 'y' })), 'evidense', 'evidence'],
  ['forget', (ctx) => ctx.forget('x', loosely({ why: 'x', versoin: 1 })), 'versoin', 'version'],
])(
  'a misspelt option of ctx.%s is refused, with the one that was meant',
  async (_verb, use, wrong, meant) => {
    const flow = workflow({
      name: 'flow',
      input: z.null(),
      run: async (ctx) => {
        try {
          await use(ctx)
          return 'it was taken'
        } catch (error) {
          return (error as Error).message
        }
      },
    })
    const { result } = await runInMemory(flow, null, { routes: { r: { solvers: [solver] } } })
    expect(result.status).toBe('succeeded')
    const said = (result as { output: string }).output
    expect(said).toContain(`\`${wrong}\`, which does not exist. Did you mean ${meant}?`)
  },
)
