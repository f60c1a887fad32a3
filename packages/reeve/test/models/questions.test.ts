import { expect, test } from 'vitest'
import { z } from 'zod'
import { FakeClock } from '../../src/base/fake-clock.ts'
import { Context, workflow } from '../../src/context.ts'
import { WorkflowRegistry } from '../../src/engine/workflow.ts'
import { createMemory } from '../../src/memory/memory.ts'
import { createKnowledge } from '../../src/memory/recall.ts'
import { CircuitBreakers } from '../../src/models/breaker.ts'
import type { BudgetPlan } from '../../src/models/budget.ts'
import { embed } from '../../src/models/local/embed.ts'
import { Questions } from '../../src/models/questions.ts'
import type { Solver } from '../../src/models/solver.ts'
import { readBudget } from '../../src/store/budgets.ts'
import { readRun } from '../../src/store/runs.ts'
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
  const memory = createMemory({ database, embedder: { name: 'local', embed } })
  const faculties = { questions, knowledge: createKnowledge(), memory }
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
  expect(run.cost_nanousd).toBe(8e8)
  expect(await readBudget(database, `run:${run.no}`)).toMatchObject({
    spent_nanousd: 8e8,
    reserved_nanousd: 0,
  })
  await engine.stop()
})
