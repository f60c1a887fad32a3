import { expect, onTestFinished, test } from 'vitest'
import { ReeveError } from '../../src/base/errors.ts'
import { budgeted, openAccount } from '../../src/models/asking/budget.ts'
import { hostedSolver } from '../../src/models/providers/hosted.ts'
import { askRoute } from '../../src/models/route/route.ts'
import type { Question, Solver } from '../../src/models/solver.ts'
import type { Database } from '../../src/store/database.ts'
import { readBudget, reserve } from '../../src/store/spending/budgets.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { openTestDatabase } from '../engine/harness.ts'
import { anthropicMessage, providerDouble } from './provider-double.ts'

const question: Question = { task: 'extract', name: 'q', input: {} }
const options = { signal: new AbortController().signal }

function accountOn(database: Database, run: number, ceilingUsd: number | null) {
  let count = 0
  return openAccount({
    database,
    newId: () => `r${run}-${count++}`,
    run,
    runId: `run${run}`,
    workflow: 'flow',
    now: () => 5,
    scopes: async () => [
      { scope: 'project', ceilingUsd },
      { scope: `run:${run}`, ceilingUsd: null },
    ],
  })
}

function paidSolver(worst: number, solve: Solver['solve']): Solver {
  return { name: 'paid', kind: 'hosted', worstCaseUsd: () => worst, solve }
}

const answers =
  (costUsd: number): Solver['solve'] =>
  async () => {
    return { kind: 'text', text: 'yes', usage: { inputTokens: 1, outputTokens: 1, costUsd } }
  }

test('a thousand calls at once never exceed one ceiling together', async () => {
  const database = await openTestDatabase(new FakeClock())
  let most = 0
  const solver = paidSolver(0.03, async () => {
    const row = (await readBudget(database, 'project'))!
    most = Math.max(most, row.reserved_nanousd + row.spent_nanousd)
    return { kind: 'text', text: 'yes', usage: { inputTokens: 1, outputTokens: 1, costUsd: 0.01 } }
  })
  const calls = Array.from({ length: 1000 }, (_, run) =>
    budgeted(solver, accountOn(database, run, 1)).solve(question, options),
  )
  const results = await Promise.allSettled(calls)
  const paid = results.filter(({ status }) => status === 'fulfilled').length
  const row = (await readBudget(database, 'project'))!
  expect(most).toBeLessThanOrEqual(1e9)
  expect(row).toMatchObject({ reserved_nanousd: 0, spent_nanousd: paid * 1e7 })
  expect(paid).toBeGreaterThanOrEqual(33)
  expect(paid).toBeLessThan(1000)
  const refused = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult
  expect(refused.reason).toMatchObject({ code: 'over-budget', details: { scope: 'project' } })
})

test('a call whose bill is unknown counts at the most that it may have cost, a refused one not at all', async () => {
  const database = await openTestDatabase(new FakeClock())
  const account = accountOn(database, 1, 1)
  const lost = paidSolver(0.2, async () => {
    throw new ReeveError('provider-unavailable', 'cut off', {
      retryable: true,
      details: { billUnknown: true },
    })
  })
  const refusing = paidSolver(0.2, async () => {
    throw new ReeveError('provider-limited', '429', { retryable: true })
  })
  await expect(budgeted(lost, account).solve(question, options)).rejects.toThrow('cut off')
  await expect(budgeted(refusing, account).solve(question, options)).rejects.toThrow('429')
  expect(await readBudget(database, 'project')).toMatchObject({ reserved_nanousd: 0, spent_nanousd: 2e8 })
})

test('what a dead worker had reserved counts as spent when its run is taken over', async () => {
  const database = await openTestDatabase(new FakeClock())
  await accountOn(database, 7, 1).reserve('paid', 0.4)
  const successor = openAccount({
    database,
    newId: () => 'next',
    run: 7,
    runId: 'run7',
    workflow: 'flow',
    now: () => 9,
    scopes: async () => [{ scope: 'project', ceilingUsd: 1 }],
  })
  await budgeted(paidSolver(0.5, answers(0.1)), successor).solve(question, options)
  expect(await readBudget(database, 'project')).toMatchObject({ reserved_nanousd: 0, spent_nanousd: 5e8 })
})

test('what a run holds is held once, all of it or nothing, and is no dead worker’s', async () => {
  const database = await openTestDatabase(new FakeClock())
  const holdings = [
    { id: 'batch:a', model: 'paid', usd: 0.2 },
    { id: 'batch:b', model: 'paid', usd: 0.3 },
  ]
  await accountOn(database, 7, 1).hold(holdings)
  const successor = accountOn(database, 7, 1)
  await successor.hold(holdings)
  expect(await readBudget(database, 'project')).toMatchObject({ reserved_nanousd: 5e8, spent_nanousd: 0 })
  const more = ['batch:c', 'batch:d'].map((id) => ({ id, model: 'paid', usd: 0.3 }))
  await expect(successor.hold(more)).rejects.toMatchObject({ code: 'over-budget' })
  expect(await readBudget(database, 'project')).toMatchObject({ reserved_nanousd: 5e8, spent_nanousd: 0 })
  await successor.settle('batch:a', 0.1)
  await successor.settle('batch:a', 0.1)
  expect(await readBudget(database, 'project')).toMatchObject({ reserved_nanousd: 3e8, spent_nanousd: 1e8 })
})

test('a scope that is full leaves the others untouched', async () => {
  const database = await openTestDatabase(new FakeClock())
  const account = accountOn(database, 1, 1)
  await account.settle(await account.reserve('paid', 0.5), 0.5)
  await database
    .transaction(async (session) => {
      const call = { run_id: 'run1', workflow: 'flow', agent: null, model: 'paid', at: 5 }
      const full = await reserve(session, {
        id: 'x',
        run: 1,
        scopes: ['run:1', 'project'],
        nanousd: 6e8,
        call,
      })
      expect(full).toMatchObject({ scope: 'project' })
      throw new Error('the caller gives up')
    })
    .catch(() => undefined)
  expect(await readBudget(database, 'run:1')).toMatchObject({ reserved_nanousd: 0, spent_nanousd: 5e8 })
})

test('free solvers are answered without a account', () => {
  const free: Solver = { name: 'free', kind: 'local', solve: () => ({ kind: 'text', text: 'yes' }) }
  const noPurse = {
    reserve: () => Promise.reject(new Error('asked')),
    settle: () => Promise.reject(new Error('asked')),
  }
  expect(budgeted(free, noPurse).solve(question, options)).toEqual({ kind: 'text', text: 'yes' })
})

test.each([Number.NaN, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  'a solver that says it cost %d is settled at the most that it may have cost',
  async (costUsd) => {
    const database = await openTestDatabase(new FakeClock())
    const solver = budgeted(paidSolver(0.2, answers(costUsd)), accountOn(database, 1, 1))
    const asked = { clock: new FakeClock(), ...options }
    const answer = await askRoute({ solvers: [solver] }, { ...question, task: 'generate' }, undefined, asked)
    expect(answer.usage.costUsd).toBe(0.2)
    expect(await readBudget(database, 'project')).toMatchObject({ reserved_nanousd: 0, spent_nanousd: 2e8 })
  },
)

test.each([
  { input_tokens: -10, output_tokens: 5 },
  { input_tokens: 10, output_tokens: -5 },
  { input_tokens: 1.5, output_tokens: 5 },
  { input_tokens: 1e300, output_tokens: 5 },
])('a provider that counts %j is counted at the most that the call may have cost', async (usage) => {
  const double = await providerDouble(() => anthropicMessage('yes', usage))
  onTestFinished(() => double.close())
  const solver = hostedSolver('anthropic/claude-haiku-4-5', {
    keys: { ANTHROPIC_API_KEY: 'k' },
    baseUrl: `${double.url}/v1`,
  })
  const given = { ...question, task: 'generate' } as const
  const answer = await solver.solve(given, options)
  expect(answer.usage!.costUsd).toBe(solver.worstCaseUsd!(given))
  expect(answer.usage!.inputTokens).toBeGreaterThan(0)
  expect(answer.usage!.outputTokens).toBeGreaterThanOrEqual(0)
})
