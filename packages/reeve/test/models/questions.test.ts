import { expect, test } from 'vitest'
import { z } from 'zod'
import { ReeveError } from '../../src/base/errors.ts'
import { Context, workflow } from '../../src/context.ts'
import { WorkflowRegistry } from '../../src/engine/workflow.ts'
import { hashedNgrams } from '../../src/memory/embedder.ts'
import { Knowledge } from '../../src/memory/knowledge.ts'
import { Memory } from '../../src/memory/memory.ts'
import type { BudgetPlan } from '../../src/models/asking/budget.ts'
import { Questions } from '../../src/models/asking/questions.ts'
import { CircuitBreakers } from '../../src/models/route/breaker.ts'
import type { Solver } from '../../src/models/solver.ts'
import { readRun } from '../../src/store/runs/runs.ts'
import { readBudget } from '../../src/store/spending/budgets.ts'
import { costsOfRuns, modelCallsOf } from '../../src/store/spending/model-calls.ts'
import { FakeClock, settle } from '../../src/testing/fake-clock.ts'
import { openTestDatabase, testEngine } from '../engine/harness.ts'

function paid(costUsd: number): Solver {
  return {
    name: 'big/model',
    kind: 'hosted',
    worstCaseUsd: () => costUsd,
    solve: async () => ({ kind: 'value', value: 'big', usage: { inputTokens: 1, outputTokens: 1, costUsd } }),
  }
}

const free: Solver = { name: 'local/rule', kind: 'local', solve: () => ({ kind: 'value', value: 'small' }) }

const ask = workflow({
  name: 'ask',
  input: z.number(),
  limits: { cost: '$1' },
  async run(ctx, times) {
    const answers: string[] = []
    for (let time = 0; time < times; time++) {
      answers.push(await ctx.extract(`q${time}`, { schema: z.string(), from: { time }, route: 'route' }))
    }
    return answers
  },
})

async function start(solvers: Solver[], budgets: BudgetPlan) {
  const clock = new FakeClock(Date.UTC(2026, 0, 1, 23, 55))
  const database = await openTestDatabase(clock)
  const workflows = new WorkflowRegistry()
  workflows.add(ask)
  const routes = new Map([['route', { solvers }]])
  const breakers = new CircuitBreakers({ clock })
  const questions = new Questions({ routes, breakers, budgets, database, workflows })
  const memory = new Memory({ database, clock, embedder: hashedNgrams })
  const faculties = { questions, knowledge: new Knowledge(memory), memory }
  const contextFor = (execution: ConstructorParameters<typeof Context>[0]) =>
    new Context(execution, workflows, faculties)
  const { engine } = await testEngine([], { database, clock, workflows, contextFor })
  await engine.start()
  return { engine, database, clock }
}

test('beyond the day’s ceiling a run waits and goes on the next day', async () => {
  const { engine, database, clock } = await start([paid(0.4)], { day: '$1' })
  const handle = await engine.startRun(ask, 2)
  expect(await handle.result()).toMatchObject({ status: 'succeeded' })
  const late = await engine.startRun(ask, 1)
  await clock.advance(120_000)
  expect(await readRun(database, late.id)).toMatchObject({ status: 'waiting' })
  await clock.advance(300_000)
  expect(await late.result()).toEqual({ status: 'succeeded', output: ['big'] })
  await engine.stop()
})

test('a plan that says next goes on to the free solver', async () => {
  const { engine } = await start([paid(0.4), free], { day: '$0.5', whenExhausted: 'next' })
  const handle = await engine.startRun(ask, 2)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: ['big', 'small'] })
  await engine.stop()
})

test('a plan that says fail fails the run and names the budget', async () => {
  const { engine } = await start([paid(0.4), free], { project: '$0.5', whenExhausted: 'fail' })
  const handle = await engine.startRun(ask, 2)
  const result = await handle.result()
  expect(result).toMatchObject({
    status: 'failed',
    error: { code: 'over-budget', details: { scope: 'project' } },
  })
  await engine.stop()
})

test('a run never waits for its own ceiling, and its cost is kept', async () => {
  const { engine, database } = await start([paid(0.4)], {})
  const handle = await engine.startRun(ask, 3)
  expect(await handle.result()).toMatchObject({ status: 'failed', error: { code: 'over-budget' } })
  const run = (await readRun(database, handle.id))!
  expect(await costsOfRuns(database, [run.no])).toEqual(new Map([[run.no, 8e8]]))
  expect(await readBudget(database, `run:${run.no}`)).toMatchObject({
    spent_nanousd: 8e8,
    reserved_nanousd: 0,
  })
  await engine.stop()
})

/** Is cut off once, then answers what is none, then answers. */
function dear(costUsd: number): Solver {
  let calls = 0
  const usage = { inputTokens: 10, outputTokens: 5, costUsd, cachedInputTokens: 4 }
  return {
    name: 'dear',
    kind: 'hosted',
    worstCaseUsd: () => costUsd,
    solve: async () => {
      calls++
      if (calls === 1) {
        const details = { billUnknown: true, retryAfterMs: 0 }
        throw new ReeveError('provider-unavailable', 'cut off', { retryable: true, details })
      }
      return { kind: 'value', value: calls === 2 ? 7 : 'big', usage }
    },
  }
}

test('what an attempt paid before it was refused budget is in the ledger and in the run’s cost alike', async () => {
  const { engine, database, clock } = await start([dear(0.3)], { day: '$0.7' })
  const handle = await engine.startRun(ask, 1)
  const cost = async () => {
    const { no } = (await readRun(database, handle.id))!
    const budget = (await readBudget(database, `run:${no}`))!
    expect((await costsOfRuns(database, [no])).get(no)).toBe(budget.spent_nanousd)
    return { nanousd: budget.spent_nanousd, calls: await modelCallsOf(database, no) }
  }
  await clock.advance(1000)
  expect(await readRun(database, handle.id)).toMatchObject({ status: 'waiting' })
  const refused = await cost()
  expect(refused.nanousd).toBe(6e8)
  expect(refused.calls).toMatchObject([
    { model: 'dear', outcome: 'unknown', nanousd: 3e8, input_tokens: 0, workflow: 'ask', run_id: handle.id },
    {
      model: 'dear',
      outcome: 'answered',
      nanousd: 3e8,
      input_tokens: 10,
      output_tokens: 5,
      cached_tokens: 4,
    },
  ])
  // The next day there is budget again.
  await clock.advance(360_000)
  expect(await handle.result()).toEqual({ status: 'succeeded', output: ['big'] })
  expect((await cost()).nanousd).toBe(9e8)
  await engine.stop()
})

test.each([
  [0, [125, 250]],
  [0.2, [150, 300]],
  [0.8, [225, 450]],
])('retries of a route are spread by the engine’s random number %d', async (random, waits) => {
  let asked = 0
  const flaky: Solver = {
    name: 'big/model',
    kind: 'hosted',
    solve: async () => {
      if (++asked < 3) throw new ReeveError('provider-unavailable', 'down', { retryable: true })
      return { kind: 'value', value: 'big' }
    },
  }
  const { engine, clock } = await start([flaky], {})
  engine.services.random = () => random
  const handle = await engine.startRun(ask, 1)
  for (const [index, wait] of waits.entries()) {
    await settle()
    await clock.advance(wait - 1)
    expect(asked).toBe(index + 1)
    await clock.advance(1)
  }
  expect(await handle.result()).toMatchObject({ output: ['big'] })
  await engine.stop()
})
