import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { Context, workflow } from '../../src/context.ts'
import { WorkflowRegistry } from '../../src/engine/workflow.ts'
import { checkRuns } from '../../src/inspect/health/checks/runs.ts'
import { listRunPage } from '../../src/inspect/lists/run-list.ts'
import { hashedNgrams } from '../../src/memory/embedder.ts'
import { Knowledge } from '../../src/memory/knowledge.ts'
import { Memory } from '../../src/memory/memory.ts'
import type { BudgetPlan } from '../../src/models/asking/budget.ts'
import { Questions } from '../../src/models/asking/questions.ts'
import { CircuitBreakers } from '../../src/models/route/breaker.ts'
import type { Solver } from '../../src/models/solver.ts'
import type { Database } from '../../src/store/database.ts'
import { listAwaited } from '../../src/store/runs/awaited.ts'
import { setCeiling } from '../../src/store/spending/budgets.ts'
import { FakeClock, settle } from '../../src/testing/fake-clock.ts'
import { severable } from '../../src/testing/life/severable.ts'
import { openTestDatabase, rowOf, testEngine, typesOf } from '../engine/harness.ts'

const minute = 60_000
const nano = 1e9
const ada = { by: 'ada', proof: 'session', at: 1 } as const

const ask = workflow({
  name: 'ask',
  input: z.string(),
  run: (ctx, what) => ctx.extract('q', { schema: z.string(), from: { what }, route: 'route' }),
})

/** May cost $0.40 and costs $0.10; answers when it is let. */
function solverOf() {
  const open: (() => void)[] = []
  let isHeld = false
  const solver: Solver = {
    name: 'big/model',
    kind: 'hosted',
    worstCaseUsd: () => 0.4,
    async solve() {
      if (isHeld) await new Promise<void>((resolve) => open.push(resolve))
      const usage = { inputTokens: 1, outputTokens: 1, costUsd: 0.1 }
      return { kind: 'value', value: 'big', usage }
    },
  }
  return {
    solver,
    hold: () => {
      isHeld = true
    },
    release: () => {
      isHeld = false
      for (const each of open.splice(0)) each()
    },
  }
}

async function opened(
  solver: Solver,
  budgets: BudgetPlan,
  before?: { database: Database; clock: FakeClock },
) {
  const clock = before?.clock ?? new FakeClock(Date.UTC(2026, 0, 1, 23, 50))
  const database = before?.database ?? (await openTestDatabase(clock))
  const workflows = new WorkflowRegistry()
  workflows.add(ask)
  const breakers = new CircuitBreakers({ clock })
  const routes = new Map([['route', { solvers: [solver] }]])
  const link = severable(database)
  const questions = new Questions({ routes, breakers, budgets, database: link.database, workflows })
  const memory = new Memory({ database, clock, embedder: hashedNgrams })
  const services = { questions, knowledge: new Knowledge(memory), memory }
  const contextFor = (execution: ConstructorParameters<typeof Context>[0]) =>
    new Context(execution, workflows, services)
  const { engine } = await testEngine([], { database: link.database, clock, workflows, contextFor })
  await engine.start()
  let isDead = false
  onTestFinished(async () => {
    if (!isDead) await engine.stop()
  })
  const die = async () => {
    isDead = true
    link.cut()
    await database.run('delete from workers where id = ?', [engine.worker.id])
  }
  const raise = async (nanousd: number) => {
    const woken = await database.transaction((session) => setCeiling(session, 'project', nanousd))
    for (const run of woken) engine.services.notices.tell('run-changed', run)
  }
  const waits = async (id: string) =>
    (await typesOf(database, id)).filter((type) => type === 'budget-awaited').length
  return { engine, database, clock, die, waits, raise }
}

test('a run that waits for its budget sleeps until the next day: one event, whatever time passes', async () => {
  const { solver } = solverOf()
  const { engine, database, clock, waits } = await opened(solver, { day: '$0.45' })
  const first = await engine.startRun(ask, 'first')
  expect(await first.result()).toMatchObject({ status: 'succeeded' })
  const late = await engine.startRun(ask, 'late')
  await clock.advance(2000)
  const { epoch, status } = await rowOf(database, late.id)
  expect(status).toBe('waiting')
  await clock.advance(5 * minute)
  expect(await waits(late.id)).toBe(1)
  // Nor was it claimed meanwhile.
  expect((await rowOf(database, late.id)).epoch).toBe(epoch)
  await clock.advance(5 * minute)
  expect(await late.result()).toEqual({ status: 'succeeded', output: 'big' })
  expect(await waits(late.id)).toBe(1)
})

test('it goes on as soon as a call under way has cost less than was reserved for it', async () => {
  const { solver, hold, release } = solverOf()
  const { engine, database, clock, waits } = await opened(solver, { project: '$0.5' })
  hold()
  const first = await engine.startRun(ask, 'first')
  await settle()
  const second = await engine.startRun(ask, 'second')
  await clock.advance(2000)
  expect((await rowOf(database, second.id)).status).toBe('waiting')
  expect(await listAwaited(database)).toEqual([{ what: 'budget:project', calls: 1 }])
  release()
  await clock.advance(5000)
  expect(await first.result()).toMatchObject({ status: 'succeeded' })
  expect(await second.result()).toEqual({ status: 'succeeded', output: 'big' })
  expect(await waits(second.id)).toBe(1)
  expect(await listAwaited(database)).toEqual([])
})

test('it goes on as soon as somebody raises the ceiling, and sleeps on where that is not enough', async () => {
  const { solver } = solverOf()
  const { engine, database, clock, waits, raise } = await opened(solver, { project: '$0.1' })
  const run = await engine.startRun(ask, 'it')
  await clock.advance(2000)
  expect(await waits(run.id)).toBe(1)
  const { runs } = await listRunPage(database)
  expect(runs).toMatchObject([
    { reason: 'the budget of the project, until 2026-01-02 00:00 UTC: question "q"' },
  ])
  expect(await checkRuns(database)).toContainEqual(
    expect.objectContaining({ what: 'budgets', found: '1 run waits for the budget of the project' }),
  )
  await raise(0.2 * nano)
  await clock.advance(5000)
  expect((await rowOf(database, run.id)).status).toBe('waiting')
  expect(await waits(run.id)).toBe(1)
  await raise(0.4 * nano)
  await clock.advance(5000)
  expect((await checkRuns(database)).map(({ what }) => what)).not.toContain('budgets')
  expect(await run.result()).toEqual({ status: 'succeeded', output: 'big' })
})

test('room that came while no process drove the run is found when it is driven again', async () => {
  const { solver } = solverOf()
  const before = await opened(solver, { project: '$0.1' })
  const { id } = await before.engine.startRun(ask, 'it')
  await before.clock.advance(1000)
  await before.die()
  // As one of before this was, or whose row is lost: nobody tells it.
  await before.database.run('delete from awaited')
  await before.database.transaction((session) => setCeiling(session, 'project', nano))
  const { engine, clock } = await opened(solver, { project: '$1' }, before)
  // Something else wakes it.
  await engine.control.signal(id, 'news', 1)
  await clock.advance(5000)
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: 'big' })
})

test('of a run that a person fails while it waits nothing is left that waits', async () => {
  const { solver } = solverOf()
  const { engine, database, clock } = await opened(solver, { project: '$0.1' })
  const run = await engine.startRun(ask, 'it')
  await clock.advance(1000)
  await engine.control.override(run.id, 1, { how: 'error', error: 'not now', reason: 'dear' }, ada)
  await clock.advance(5000)
  expect(await run.result()).toMatchObject({ status: 'failed', error: { message: 'not now' } })
  await database.transaction((session) => setCeiling(session, 'project', nano))
  await clock.advance(5000)
  expect((await rowOf(database, run.id)).status).toBe('failed')
})

test('a run that is retried is told again when there is room', async () => {
  const { solver } = solverOf()
  const { engine, database, clock, raise } = await opened(solver, { project: '$0.1' })
  const run = await engine.startRun(ask, 'it')
  await clock.advance(1000)
  await engine.control.override(run.id, 1, { how: 'error', error: 'no', reason: 'dear' }, ada)
  await clock.advance(1000)
  // As the tidying up does with what ended runs left.
  await database.run('delete from awaited where run = (select no from runs where id = ?)', [run.id])
  await engine.control.retry(run.id, 'ada')
  await clock.advance(1000)
  expect(await listAwaited(database)).toEqual([{ what: 'budget:project', calls: 1 }])
  await raise(nano)
  await clock.advance(1000)
  expect(await engine.resultOf(run.id)).toEqual({ status: 'succeeded', output: 'big' })
})

test('what a person said of a call that waits counts before the room that has come', async () => {
  const { solver } = solverOf()
  const before = await opened(solver, { project: '$0.1' })
  const { id } = await before.engine.startRun(ask, 'it')
  await before.clock.advance(1000)
  await before.engine.control.override(id, 1, { how: 'error', error: 'not now', reason: 'dear' }, ada)
  await before.die()
  await before.database.run('delete from awaited')
  await before.database.transaction((session) => setCeiling(session, 'project', nano))
  const { engine, clock } = await opened(solver, { project: '$1' }, before)
  await clock.advance(60_000)
  expect(await engine.resultOf(id)).toMatchObject({ status: 'failed', error: { message: 'not now' } })
})
