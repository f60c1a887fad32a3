import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { agent } from '../../src/agents/agent.ts'
import { workflow } from '../../src/context.ts'
import { NotApplied } from '../../src/engine/calls/effect/definition.ts'
import type { EffectBudget } from '../../src/governance/grants/effect-budgets.ts'
import { pruneProject } from '../../src/project/prune.ts'
import type { Database } from '../../src/store/database.ts'
import { prune } from '../../src/store/keeping/retention.ts'
import { scriptedSolver, toolCalls } from '../../src/testing/scripted.ts'
import { tool } from '../../src/tools/tool.ts'
import { agentBench } from './agent-harness.ts'

function payDesk(
  budgets: readonly EffectBudget[],
  fail: (amount: number) => Error | undefined = () => undefined,
) {
  const paid: number[] = []
  const refund = tool({
    name: 'payments.refund',
    description: 'Pay back',
    input: z.object({ orderId: z.string(), amountUsd: z.number() }),
    output: z.object({ ok: z.boolean() }),
    effect: 'idempotent',
    approval: 'never',
    retry: { attempts: 1 },
    run: ({ amountUsd }) => {
      const error = fail(amountUsd)
      if (error) throw error
      paid.push(amountUsd)
      return { ok: true }
    },
  })
  const flow = workflow({
    name: 'refunds',
    input: z.object({ orderId: z.string(), amountUsd: z.number() }),
    grants: [{ tool: 'payments.refund', budgets }],
    run: async (ctx, order) => ctx.call(refund, order),
  })
  return { flow, refund, paid }
}

const daily: EffectBudget = { id: 'refunds a day', ceiling: 500, per: '1d', adds: 'amountUsd' }

async function spendings(database: Database): Promise<{ account: string; amount: number }[]> {
  const rows = await database.all<{ account: string; amount: number }>(
    'select account, amount from effect_spendings order by account, amount',
  )
  return rows.map(({ account, amount }) => ({ account, amount: Number(amount) }))
}

test('refunds add up to their ceiling, over runs, and the next is denied with how much is taken', async () => {
  const { flow, paid } = payDesk([daily])
  const bench = await agentBench([flow], {})
  const pay = async (amountUsd: number) =>
    (await bench.engine.startRun(flow, { orderId: 'A-1', amountUsd })).result()
  expect(await pay(300)).toMatchObject({ status: 'succeeded' })
  expect(await pay(150.5)).toMatchObject({ status: 'succeeded' })
  expect(await pay(50)).toMatchObject({
    status: 'failed',
    error: { code: 'call-denied', message: expect.stringContaining('allows 500; 450.5 are taken') },
  })
  expect(await pay(49.5)).toMatchObject({ status: 'succeeded' })
  expect(paid).toEqual([300, 150.5, 49.5])
  expect(await spendings(bench.database)).toEqual([
    { account: 'workflow:refunds/refunds a day', amount: 49_500_000 },
    { account: 'workflow:refunds/refunds a day', amount: 150_500_000 },
    { account: 'workflow:refunds/refunds a day', amount: 300_000_000 },
  ])
  await bench.engine.stop()
})

test('what certainly did not happen is given back, what may have happened is not', async () => {
  const { flow } = payDesk([daily], (amount) =>
    amount === 300 ? new NotApplied('no such order') : new Error('reset'),
  )
  const bench = await agentBench([flow], {})
  const pay = async (amountUsd: number) =>
    (await bench.engine.startRun(flow, { orderId: 'A-1', amountUsd })).result()
  expect(await pay(300)).toMatchObject({ status: 'failed' })
  expect(await spendings(bench.database)).toEqual([])
  expect(await pay(200)).toMatchObject({ status: 'failed' })
  expect(await spendings(bench.database)).toEqual([
    { account: 'workflow:refunds/refunds a day', amount: 200_000_000 },
  ])
  await bench.engine.stop()
})

describe('what a person says of a cancelled run', () => {
  const wire = tool({
    name: 'bank.wire',
    description: 'Wires',
    input: z.object({ amountUsd: z.number() }),
    output: z.any(),
    effect: 'once',
    approval: 'never',
    run: () => {
      throw new Error('reset')
    },
  })
  const flow = workflow({
    name: 'wires',
    input: z.object({ amountUsd: z.number() }),
    grants: [{ tool: 'bank.wire', budgets: [daily] }],
    run: async (ctx, order) => ctx.call(wire, order),
  })
  const reserved = [{ account: 'workflow:wires/refunds a day', amount: 200_000_000 }]

  test.each([
    { happened: false, retry: false, left: [] },
    { happened: true, result: null, left: reserved },
  ])('it happened: $happened', async ({ left, ...answer }) => {
    for (const order of ['decide after cancel', 'decide before cancel']) {
      const { engine, database, nextAsked } = await agentBench([flow], {})
      const { id } = await engine.startRun(flow, { amountUsd: 200 })
      const asked = await nextAsked()
      // Nobody is there to go on with the run when it is answered.
      await engine.stop()
      const decide = () => engine.control.decide(asked.id, { verdict: 'answer', by: 'ada', answer })
      if (order === 'decide before cancel') await decide()
      expect(await spendings(database)).toEqual(reserved)
      await engine.control.cancel(id, 'ada')
      if (order === 'decide after cancel') await decide()
      expect(await spendings(database), order).toEqual(left)
    }
  })
})

test('what a person says of a run that ended before it heard that is settled when rows are tidied', async () => {
  let fails = true
  const wire = tool({
    name: 'bank.wire',
    description: 'Wires',
    input: z.object({ amountUsd: z.number() }),
    output: z.any(),
    effect: 'once',
    approval: 'never',
    oncePer: ({ amountUsd }) => String(amountUsd),
    run: () => {
      if (fails) throw new Error('reset')
      return 'wired'
    },
  })
  const flow = workflow({
    name: 'wires',
    input: z.object({ amountUsd: z.number() }),
    grants: [{ tool: 'bank.wire', budgets: [daily] }],
    limits: { time: '1m' },
    run: async (ctx, order) => ctx.call(wire, order),
  })
  const first = await agentBench([flow], {})
  const { database, clock } = first
  const { id } = await first.engine.startRun(flow, { amountUsd: 200 })
  const asked = await first.nextAsked()
  await first.engine.stop()
  const answer = { happened: false, retry: false }
  await first.engine.control.decide(asked.id, { verdict: 'answer', by: 'ada', answer })
  await clock.advance(61_000)
  const { engine } = await agentBench([flow], {}, { database, clock })
  expect(await engine.resultOf(id)).toMatchObject({ status: 'failed', error: { code: 'limit-time' } })
  const reserved = [{ account: 'workflow:wires/refunds a day', amount: 200_000_000 }]
  expect(await spendings(database)).toEqual(reserved)
  // A run of which that is not settled is not pruned, however old it is.
  expect(await prune(database, { failedMs: 0 }, clock.now() + 1000)).toMatchObject({ runs: 0 })
  await pruneProject({ database, clock, retention: undefined })
  expect(await spendings(database)).toEqual([])
  fails = false
  const next = await engine.startRun(flow, { amountUsd: 200 })
  expect(await next.result()).toMatchObject({ output: 'wired' })
  expect(await prune(database, { failedMs: 0 }, clock.now() + 1000)).toMatchObject({ runs: 1 })
  await engine.stop()
})

test('after its stretch of time a budget has room again', async () => {
  const { flow, paid } = payDesk([{ ...daily, per: '1m' }])
  const bench = await agentBench([flow], {})
  const pay = async () =>
    (await (await bench.engine.startRun(flow, { orderId: 'A-1', amountUsd: 400 })).result()).status
  expect(await pay()).toBe('succeeded')
  expect(await pay()).toBe('failed')
  await bench.clock.advance(61_000)
  expect(await pay()).toBe('succeeded')
  expect(paid).toEqual([400, 400])
  await bench.engine.stop()
})

test('many runs at one moment never overshoot, and use what there is', async () => {
  const { flow, paid } = payDesk([daily, { id: 'for one order', ceiling: 3, by: 'orderId' }])
  const bench = await agentBench([flow], {})
  const handles = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      bench.engine.startRun(flow, { orderId: `A-${index % 2}`, amountUsd: 90 }),
    ),
  )
  const ends = await Promise.all(handles.map((handle) => handle.result()))
  expect(ends.filter(({ status }) => status === 'succeeded')).toHaveLength(5)
  expect(paid.reduce((sum, each) => sum + each, 0)).toBe(450)
  expect(ends.filter(({ status }) => status === 'failed')).toHaveLength(35)
  await bench.engine.stop()
})

test('an agent’s own budget and that of its workflow are both kept', async () => {
  const { refund, paid } = payDesk([daily])
  const clerk = agent({
    name: 'clerk',
    instructions: 'You pay back.',
    input: z.string(),
    route: 'chat',
    tools: [refund],
    grants: [{ tool: 'payments.refund', rate: { count: 2, per: '1h' } }],
    owner: 'ada',
  })
  const flow = workflow({
    name: 'desk',
    input: z.string(),
    grants: [{ tool: '*', budgets: [daily] }],
    run: (ctx, task) => ctx.agent(clerk, task),
  })
  const pay = (orderId: string, amountUsd: number) => toolCalls(['payments.refund', { orderId, amountUsd }])
  const chat = scriptedSolver([pay('A-1', 200), pay('A-2', 350), pay('A-3', 100), pay('A-4', 50), 'done'])
  const bench = await agentBench([flow], { chat })
  const task = 'Refund orders A-1, A-2, A-3 and A-4: 200, 350, 100 and 50.'
  const handle = await bench.engine.startRun(flow, task)
  expect(await handle.result()).toMatchObject({ output: 'done' })
  expect(paid).toEqual([200, 100])
  await bench.engine.stop()
})

test.each([Number.NaN, -5, Number.POSITIVE_INFINITY])(
  'an amount of %d can never be reserved',
  async (amountUsd) => {
    const { paid } = payDesk([daily])
    const refund = tool({
      name: 'payments.refund',
      description: 'Pay back',
      input: z.object({ orderId: z.string(), amountUsd: z.any() }),
      output: z.any(),
      effect: 'idempotent',
      approval: 'never',
      run: () => paid.push(1),
    })
    const flow = workflow({
      name: 'refunds',
      input: z.any(),
      grants: [{ tool: 'payments.refund', budgets: [daily] }],
      run: (ctx) => ctx.call(refund, { orderId: 'A', amountUsd }),
    })
    const bench = await agentBench([flow], {})
    const handle = await bench.engine.startRun(flow, null)
    expect(await handle.result()).toMatchObject({ status: 'failed' })
    expect(paid).toEqual([])
    await bench.engine.stop()
  },
)
