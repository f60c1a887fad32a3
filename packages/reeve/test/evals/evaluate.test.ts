import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { silentLog } from '../../src/base/log.ts'
import { workflow } from '../../src/context.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import { readCases } from '../../src/evals/cases.ts'
import {
  cost,
  type EvaluationDefinition,
  evaluation,
  exact,
  fits,
  latency,
  rubric,
  similarity,
  toolCalls,
} from '../../src/evals/index.ts'
import { keepEvalResult } from '../../src/evals/keep.ts'
import { pairedChange } from '../../src/evals/statistics/paired.ts'
import { evalResult, evalResults, lastResult } from '../../src/inspect/evals/eval-view.ts'
import type { Solver } from '../../src/models/solver.ts'
import { projectOf } from '../../src/project/load.ts'
import { evaluate } from '../../src/runtime/evals/evaluating.ts'
import { internalsOf, Runtime } from '../../src/runtime/runtime.ts'
import { tool } from '../../src/tools/tool.ts'

const touched: string[] = []
const pay = tool({
  name: 'shop.pay',
  description: 'Pays',
  input: z.object({ order: z.string(), usd: z.number() }),
  output: z.object({ id: z.string() }),
  effect: 'once',
  risk: 'high',
  run: ({ order }) => {
    touched.push(order)
    return { id: 'real' }
  },
})

function solver(name: string, usd: number, answer: (text: string) => string): Solver {
  return {
    name,
    kind: 'hosted',
    worstCaseUsd: () => usd,
    solve: ({ input }) => ({
      kind: 'text',
      text: answer(JSON.stringify(input)),
      usage: { inputTokens: 1, outputTokens: 1, costUsd: usd },
    }),
  }
}

const refund = workflow({
  name: 'refund',
  input: z.object({ order: z.string(), usd: z.number() }),
  output: z.object({ id: z.string(), text: z.string() }),
  async run(ctx, { order, usd }) {
    const text = await ctx.generate('say', { route: 'writing', with: { order } })
    if (order === 'B') await ctx.step('count', () => touched.push('step'))
    if (order === 'C') await ctx.waitFor('word')
    const { id } = await ctx.call(pay, { order, usd })
    return { id, text }
  },
}) as Workflow

async function open(budget = 1) {
  const runtime = await Runtime.open({
    project: projectOf(
      {
        knowledge: [],
        budgets: { project: budget },
        schedules: { daily: { workflow: 'refund', cron: '0 8 * * *', input: { order: 'A', usd: 1 } } },
        routes: {
          writing: { solvers: [solver('writer', 0.01, () => 'your money comes back')] },
          judge: { solvers: [solver('judge', 0.02, () => '{"score":0.75,"why":"friendly"}')] },
        },
      },
      [refund],
    ),
    environment: { database: { kind: 'sqlite', file: ':memory:' }, keys: {}, user: 'nobody', ci: false },
    log: silentLog,
  })
  onTestFinished(() => runtime.stop())
  return runtime
}

async function ran(runtime: Runtime, given: Partial<EvaluationDefinition>) {
  const declared = evaluation({ name: 'money', data: [], task: 'refund', scorers: [exact()], ...given })
  const data = await readCases(declared, '.')
  return evaluate(runtime, { evaluation: declared, data, by: 'ada' })
}

const data = [
  {
    id: 'a',
    input: { order: 'A', usd: 5 },
    expected: { id: 'R-1', text: 'your money comes' },
    calls: [{ tool: 'shop.pay', args: { usd: 5 } }],
  },
  { id: 'b', input: { order: 'B', usd: 5 } },
  { id: 'c', input: { order: 'C', usd: 5 } },
  { id: 'd', input: { order: 7 } },
]

test('cases are real runs, judged by all scorers, with nothing outside in reach', async () => {
  const runtime = await open()
  const { cases, scorers, costUsd, verdict } = await ran(runtime, {
    data,
    mocks: { tools: { 'shop.pay': () => ({ id: 'R-1' }) } },
    least: { 'exact id': 0.5 },
    scorers: [
      exact({ at: 'id' }),
      fits(z.object({ text: z.string() })),
      similarity({ at: 'text', least: 0.5 }),
      toolCalls(),
      cost({ most: '$0.005' }),
      latency({ most: '1m' }),
      rubric({ route: 'judge', criteria: 'is friendly' }),
    ],
  })
  expect(touched).toEqual([])
  expect(cases.map(({ outcome }) => outcome.error?.code ?? outcome.status)).toEqual([
    'succeeded',
    'eval-closed',
    'run-waits',
    'invalid-input',
  ])
  expect(cases[0]).toMatchObject({
    outcome: { calls: [{ tool: 'shop.pay', args: { order: 'A', usd: 5 } }], solvers: ['writer'] },
    scores: {
      'exact id': { score: 1 },
      cost: { score: 0, measured: 0.01 },
      rubric: { score: 0.75, why: 'friendly' },
    },
  })
  expect(scorers).toMatchObject({
    'exact id': { mean: 0.25, missed: 0.5 },
    'similarity text': { mean: 0.25 },
    'tool calls': { mean: 1 },
  })
  expect(verdict).toBe('missed')
  expect(costUsd).toBeCloseTo(0.05)
  const { database } = internalsOf(runtime)
  // The project's ledger paid, and nothing else of the project knows of it.
  const spent = await database.get<{ spent: number }>(
    `select spent_nanousd as spent from budgets where scope = 'project'`,
  )
  expect(spent?.spent).toBe(50_000_000)
  expect((await runtime.listRuns()).runs).toEqual([])
})

test('a tool without a stand-in is refused by name; a step and a tool act where the author says so', async () => {
  const runtime = await open()
  const closed = await ran(runtime, { data: data.slice(0, 1) })
  expect(closed.cases[0]?.outcome.error).toMatchObject({
    code: 'not-applied',
    message: expect.stringContaining('mocks.live'),
  })
  expect(touched).toEqual([])
  const live = await ran(runtime, { data: data.slice(1, 2), mocks: { live: ['shop.pay'], steps: 'run' } })
  expect(live.cases[0]?.outcome.output).toMatchObject({ id: 'real' })
  expect(touched.splice(0)).toEqual(['step', 'B'])
})

test("a judge that made what it judges is refused, and so is what the project's budget does not cover", async () => {
  const runtime = await open(0.015)
  const own = { scorers: [rubric({ route: 'writing', criteria: 'good' })] }
  const mocks = { tools: { 'shop.pay': () => ({ id: 'R' }) } }
  await expect(ran(runtime, { ...own, data: data.slice(0, 1), mocks })).rejects.toMatchObject({
    code: 'judge-is-producer',
  })
  await expect(
    ran(runtime, { ...own, data: [{ input: 'x' }], task: { route: 'writing' } }),
  ).rejects.toMatchObject({
    code: 'judge-is-producer',
  })
  await expect(ran(runtime, { data: data.slice(0, 2), mocks })).rejects.toMatchObject({ code: 'over-budget' })
})

test('routes and functions are tasks too', async () => {
  const runtime = await open()
  const route = await ran(runtime, {
    data: [{ input: 'x', expected: 'your money comes back' }],
    task: { route: 'writing' },
  })
  expect(route.scorers.exact?.mean).toBe(1)
  const double = await ran(runtime, { data: [{ input: 2, expected: 4 }], task: (n: number) => n * 2 })
  expect(double.cases[0]?.scores.exact?.score).toBe(1)
})

test('results are kept with their cases; the next one is compared with the last, pair by pair', async () => {
  const runtime = await open()
  const { database } = internalsOf(runtime)
  const cases = Array.from({ length: 20 }, (_, index) => ({ id: `c${index}`, input: index, expected: index }))
  const declared = (task: (n: number) => number) =>
    evaluation({ name: 'same', data: cases, task, scorers: [exact()], concurrency: 20 })
  const run = async (task: (n: number) => number) => {
    const each = declared(task)
    const baseline = await lastResult(database, 'same')
    const result = await evaluate(runtime, {
      evaluation: each,
      data: await readCases(each, '.'),
      baseline,
      by: 'ada',
    })
    await keepEvalResult(database, result)
    return result
  }
  const first = await run((n) => n)
  expect(first).toMatchObject({ verdict: 'passed', baseline: null, changed: [] })
  const slip = await run((n) => (n < 3 ? -1 : n))
  expect(slip).toMatchObject({ verdict: 'passed', scorers: { exact: { change: { verdict: 'unclear' } } } })
  const fall = await run((n) => (n < 12 ? -1 : n))
  expect(fall).toMatchObject({ verdict: 'regressed', baseline: { id: slip.id, sameData: true } })
  expect(fall.changed).toHaveLength(9)
  expect((await evalResults(database, { limit: 10 })).map(({ verdict }) => verdict)).toEqual([
    'regressed',
    'passed',
    'passed',
  ])
  expect(await evalResult(database, first.id)).toEqual(first)
  await expect(evalResult(database, 'none')).rejects.toMatchObject({ code: 'unknown-eval' })
})

test('what moves by chance is unclear, what moves beyond it is not, and the answer is always the same', () => {
  const pairs = (up: number, down: number, same: number) => [
    ...Array.from({ length: up }, () => ({ before: 0, now: 1 })),
    ...Array.from({ length: down }, () => ({ before: 1, now: 0 })),
    ...Array.from({ length: same }, () => ({ before: 1, now: 1 })),
  ]
  // Exact: 2 * 0.5^5 = 0.0625; 2 * 0.5^6 = 0.03125.
  expect(pairedChange(pairs(0, 5, 90))).toMatchObject({ p: 0.0625, verdict: 'unclear' })
  expect(pairedChange(pairs(0, 6, 90))).toMatchObject({ p: 0.03125, verdict: 'worse' })
  expect(pairedChange(pairs(15, 3, 0))).toMatchObject({ verdict: 'better' })
  expect(pairedChange(pairs(15, 3, 0)).p).toBeCloseTo(0.0075, 4)
  expect(pairedChange(pairs(1500, 1400, 0)).p).toBeCloseTo(0.066, 2)
  expect(pairedChange([])).toMatchObject({ cases: 0, mean: 0, p: 1, verdict: 'unclear' })
  const scores = Array.from({ length: 40 }, (_, n) => ({ before: 0.5, now: 0.5 + ((n % 7) - 2) / 20 }))
  expect(pairedChange(scores)).toEqual(pairedChange(scores))
  expect(pairedChange(scores)).toMatchObject({ verdict: 'better' })
})

test('a definition and data that cannot be meant are refused with what is wrong', async () => {
  const refused = (given: Partial<EvaluationDefinition>) =>
    expect(() => evaluation({ data: [], task: 'x', scorers: [exact()], ...given })).toThrow(
      expect.objectContaining({ code: 'bad-eval' }),
    )
  refused({ scorers: [] })
  refused({ scorers: [exact(), exact()] })
  refused({ least: { nothing: 1 } })
  const read = (given: unknown) =>
    readCases(evaluation({ name: 'x', data: given as never, task: 'x', scorers: [exact()] }), '.')
  for (const each of [
    [],
    [{}],
    [{ input: 1, id: '' }],
    [{ input: 1, calls: [{}] }],
    [
      { id: 'a', input: 1 },
      { id: 'a', input: 2 },
    ],
    'none.jsonl',
  ])
    await expect(read(each)).rejects.toMatchObject({ code: 'bad-eval' })
  const [one, two] = (await read([{ input: { a: 1, b: 2 } }, { input: { b: 2, a: 1 } }])).cases
  expect(two?.id).toBe(`${one?.id}-2`)
})
