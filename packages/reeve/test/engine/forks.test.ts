import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { type Context, workflow } from '../../src/context.ts'
import { NotApplied } from '../../src/engine/calls/effect/definition.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import { inputOf } from '../../src/inspect/approvals/before.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import { verifyAudit } from '../../src/store/audit/audit.ts'
import type { EffectClass } from '../../src/store/journal/vocabulary/effect-class.ts'
import { requireRun } from '../../src/store/runs/runs.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { tool } from '../../src/tools/tool.ts'
import { agentBench } from '../agents/agent-harness.ts'

interface Paid {
  amount: number
  key: string
}

/** Tools that pay, with and without a person's approval, and what they paid. */
function cashDesk(effect: EffectClass = 'once') {
  const paid: Paid[] = []
  const paying = (name: string, approval: 'always' | 'never') =>
    tool({
      name,
      description: 'Pay',
      input: z.object({ amount: z.number() }),
      output: z.object({ paid: z.number() }),
      effect,
      approval,
      verify: () => ({ outcome: 'unknown', reason: 'nobody knows' }),
      run: ({ amount }, { key }) => {
        if (amount < 0) throw new NotApplied('no such amount')
        paid.push({ amount, key })
        return { paid: amount }
      },
    })
  return { paid, pay: paying('pay', 'always'), payUnasked: paying('pay.unasked', 'never') }
}

async function bench(body: (ctx: Context) => Promise<unknown>, others: Workflow[] = []) {
  const flow = workflow({ input: z.unknown(), run: body })
  flow.name = 'flow'
  const opened = await agentBench([flow, ...others], {})
  onTestFinished(() => opened.engine.stop())
  const handle = await opened.engine.startRun(flow, {})
  await settle()
  const approve = async () => {
    const [asked] = await listPending(opened.database)
    await opened.engine.control.decide(asked!.id, { verdict: 'approve', by: 'alice' })
    await settle()
  }
  const fork = async (from: number, options: { repeatEffects?: boolean } = {}) => {
    const id = await opened.engine.control.fork(handle.id, from, 'bob', options)
    await opened.clock.advance(1)
    return id
  }
  const waiting = async () =>
    (await listPending(opened.database)).map(({ run_id, subject }) => [run_id, subject])
  return { ...opened, id: handle.id, approve, fork, waiting }
}

test('a fork before an approved effect asks for its approval again, whichever call it forks from', async () => {
  const { paid, pay } = cashDesk()
  const run = await bench(async (ctx) => {
    await ctx.step('look', () => 1)
    await ctx.call(pay, { amount: 40 })
    return ctx.step('tell', () => 2)
  })
  await run.approve()
  expect(paid).toHaveLength(1)
  for (const from of [1, 2, 3]) {
    const fork = await run.fork(from)
    expect(await run.waiting()).toEqual([[fork, 'pay']])
    expect(paid).toHaveLength(1)
    await run.engine.control.cancel(fork, 'bob')
  }
  expect((await verifyAudit(run.database)).faults).toEqual([])
})

test('a fork after an approved effect has its result and asks nothing', async () => {
  const { paid, pay } = cashDesk()
  const run = await bench(async (ctx) => {
    await ctx.call(pay, { amount: 40 })
    return ctx.step('tell', () => 2)
  })
  await run.approve()
  const fork = await run.fork(3)
  expect(await run.engine.resultOf(fork)).toEqual({ status: 'succeeded', output: 2 })
  expect(paid).toHaveLength(1)
})

test('the approval that the fork asks for is its own, and pays under its own key', async () => {
  const { paid, pay } = cashDesk()
  const run = await bench((ctx) => ctx.call(pay, { amount: 40 }))
  await run.approve()
  const fork = await run.fork(2)
  await run.approve()
  expect(await run.engine.resultOf(fork)).toMatchObject({ status: 'succeeded' })
  expect(new Set(paid.map(({ key }) => key)).size).toBe(2)
})

test('an approval is asked again where its effect failed and would be made anew', async () => {
  const { paid, pay } = cashDesk()
  let amount = -1
  const run = await bench((ctx) => ctx.call(pay, { amount }))
  await run.approve()
  expect(await run.engine.resultOf(run.id)).toMatchObject({ status: 'failed' })
  amount = 5
  const fork = await run.fork(2)
  expect(await run.waiting()).toEqual([[fork, 'pay']])
  expect(paid).toEqual([])
})

test.each([
  ['at once', async (_ctx: Context) => {}, 2],
  ['after a step', async (ctx: Context) => ctx.step('work', () => 1), 3],
  ['after a wait', async (ctx: Context) => ctx.sleep('1ms'), 3],
])(
  'what a workflow asked by itself is asked again before it leads to an effect: %s',
  async (_what, between, from) => {
    const { paid, payUnasked } = cashDesk()
    const run = await bench(async (ctx) => {
      const { status } = await ctx.approve('refund', { show: { amount: 40 } })
      await between(ctx)
      return status === 'approved' ? ctx.call(payUnasked, { amount: 40 }) : null
    })
    await run.approve()
    await run.clock.advance(1000)
    expect(paid).toHaveLength(1)
    const fork = await run.fork(from)
    expect(await run.waiting()).toEqual([[fork, 'refund']])
    expect(paid).toHaveLength(1)
    await run.approve()
    await run.clock.advance(1000)
    expect(await run.engine.resultOf(fork)).toMatchObject({ status: 'succeeded' })
    expect(paid).toHaveLength(2)
  },
)

test('a rejection is history: the fork goes on as rejected, and nothing is paid', async () => {
  const { paid, pay } = cashDesk()
  const run = await bench(async (ctx) => {
    const outcome = await ctx.call(pay, { amount: 40 }).catch((error: Error) => error.message)
    return ctx.step('tell', () => outcome)
  })
  const [asked] = await listPending(run.database)
  await run.engine.control.decide(asked!.id, { verdict: 'reject', by: 'alice' })
  await settle()
  const fork = await run.fork(2)
  expect(await run.engine.resultOf(fork)).toMatchObject({
    output: expect.stringContaining('rejected by alice'),
  })
  expect(paid).toEqual([])
})

test('of two approvals side by side, the fork asks for the one whose effect it makes again', async () => {
  const { paid, pay } = cashDesk()
  const run = await bench((ctx) => ctx.all([ctx.call(pay, { amount: 1 }), ctx.call(pay, { amount: 2 })]))
  await run.approve()
  await run.approve()
  expect(paid).toHaveLength(2)
  const fork = await run.fork(4)
  const pending = await listPending(run.database)
  expect(pending.map(({ run_id, shown }) => [run_id, JSON.parse(shown).args])).toEqual([
    [fork, { amount: 2 }],
  ])
  await run.approve()
  expect(await run.engine.resultOf(fork)).toEqual({ status: 'succeeded', output: [{ paid: 1 }, { paid: 2 }] })
  expect(paid.map(({ amount }) => amount)).toEqual([1, 2, 2])
})

test.each(['once', 'verifiable', 'idempotent'] as const)(
  'a fork that would send a sent %s effect again unasked is refused, and named',
  async (effect) => {
    const { paid, payUnasked } = cashDesk(effect)
    const run = await bench(async (ctx) => {
      await ctx.step('look', () => 1)
      return ctx.call(payUnasked, { amount: 40 })
    })
    const refused = run.engine.control.fork(run.id, 1, 'bob')
    await expect(refused).rejects.toMatchObject({ code: 'fork-repeats' })
    await expect(refused).rejects.toThrow(
      new RegExp(`"pay.unasked" \\(${effect}, call 2 of run ${run.id}\\), sent at \\d{4}-`),
    )
    expect(await run.engine.control.previewFork(run.id, 2)).toMatchObject({
      repeats: [{ name: 'pay.unasked', call: 2, isAsked: false }],
    })
    expect(paid).toHaveLength(1)
    await run.fork(2, { repeatEffects: true })
    expect(paid).toHaveLength(2)
  },
)

test('an effect that certainly was not sent, and one that changes nothing, stop no fork', async () => {
  const once = cashDesk()
  const failing = await bench((ctx) => ctx.call(once.payUnasked, { amount: -1 }))
  await failing.fork(1)
  const again = cashDesk('read')
  const run = await bench((ctx) => ctx.call(again.payUnasked, { amount: 1 }))
  await run.fork(1)
  expect(again.paid).toHaveLength(2)
})

test('an effect of a child counts where the fork would start the child anew', async () => {
  const { paid, payUnasked } = cashDesk()
  const child = workflow({ input: z.unknown(), run: (ctx) => ctx.call(payUnasked, { amount: 7 }) })
  child.name = 'child'
  const run = await bench(async (ctx) => (await ctx.start('child', {})).result(), [child])
  expect(await run.engine.resultOf(run.id)).toMatchObject({ output: { paid: 7 } })
  await expect(run.engine.control.fork(run.id, 1, 'bob')).rejects.toMatchObject({ code: 'fork-repeats' })
  await run.fork(2)
  expect(paid).toHaveLength(1)
})

test.each(['once', 'idempotent'] as const)(
  'an approval of the workflow’s own that was acted upon does not cover what a fork does after it: %s',
  async (effect) => {
    const { paid, payUnasked } = cashDesk(effect)
    const run = await bench(async (ctx) => {
      await ctx.approve('refunds', { show: [40, 50] })
      await ctx.call(payUnasked, { amount: 40 })
      return ctx.call(payUnasked, { amount: 50 })
    })
    await run.approve()
    expect(paid.map(({ amount }) => amount)).toEqual([40, 50])
    expect((await run.engine.control.previewFork(run.id, 3)).standing).toEqual([
      { call: 1, name: 'refunds', by: 'alice' },
    ])
    const fork = await run.fork(3)
    expect(await run.waiting()).toEqual([[fork, 'pay.unasked']])
    const [asked] = await listPending(run.database)
    expect(JSON.parse(asked!.shown)).toMatchObject({
      args: { amount: 50 },
      notice: expect.stringContaining('approved by alice for the run'),
    })
    expect(paid).toHaveLength(2)
    await run.approve()
    expect(await run.engine.resultOf(fork)).toMatchObject({ status: 'succeeded' })
    expect(paid.map(({ amount }) => amount)).toEqual([40, 50, 50])
  },
)

test('a fork that its workflow asks anew acts upon that answer', async () => {
  const { paid, payUnasked } = cashDesk()
  const run = await bench(async (ctx) => {
    await ctx.approve('first', { show: 40 })
    await ctx.call(payUnasked, { amount: 40 })
    await ctx.approve('second', { show: 50 })
    return ctx.call(payUnasked, { amount: 50 })
  })
  await run.approve()
  await run.approve()
  const fork = await run.fork(3)
  expect(await run.waiting()).toEqual([[fork, 'second']])
  await run.approve()
  expect(await run.engine.resultOf(fork)).toMatchObject({ status: 'succeeded' })
  expect(paid.map(({ amount }) => amount)).toEqual([40, 50, 50])
})

test('a fork asks under an id of its own for what its origin had answered unfitly', async () => {
  const { paid, pay } = cashDesk()
  const small = { ...pay, input: z.object({ amount: z.number() }).refine(({ amount }) => amount < 100) }
  const run = await bench((ctx) => ctx.call(small as never, { amount: 40 } as never))
  const [asked] = await listPending(run.database)
  const decide = async (answer: { amount: number }) => {
    await run.engine.control.decide(asked!.id, { verdict: 'approve', by: 'alice', answer })
    await settle()
  }
  await decide({ amount: 1000 })
  expect((await listPending(run.database)).map(({ id, step }) => [id, step])).toEqual([[asked!.id, 2]])
  const fork = await run.fork(2)
  expect((await listPending(run.database)).map(({ id, run_id }) => [id === asked!.id, run_id])).toEqual([
    [true, run.id],
    [false, fork],
  ])
  await decide({ amount: 50 })
  expect(await run.engine.resultOf(run.id)).toMatchObject({ status: 'succeeded' })
  expect(paid.map(({ amount }) => amount)).toEqual([50])
  expect((await verifyAudit(run.database)).faults).toEqual([])
})

test('a fork with an input of its own is given that, and keeps what it shares as long as that still fits', async () => {
  const flow = workflow({
    input: z.object({ order: z.number(), note: z.string().default('none') }),
    key: ({ order }) => `order ${order}`,
    async run(ctx, { order, note }) {
      const looked = await ctx.step('look', () => `looked at ${order}`)
      const first = await ctx.call(told, { text: `${looked}: ${note}` })
      return ctx.step('end', () => first)
    },
  })
  flow.name = 'flow'
  const told = tool({
    name: 'tell',
    description: 'Tell',
    input: z.object({ text: z.string() }),
    output: z.object({ said: z.string() }),
    effect: 'idempotent',
    approval: 'never',
    run: ({ text }) => ({ said: text }),
  })
  const { engine, database, clock } = await agentBench([flow], {})
  onTestFinished(() => engine.stop())
  const { id } = await engine.startRun(flow, { order: 7, note: 'none' })
  await settle()
  const fork = async (from: number, given: unknown) => {
    const input = await engine.forkInput(id, given, { principal: 'bob', channel: 'operator' })
    const forked = await engine.control.fork(id, from, 'bob', { input, repeatEffects: true })
    await clock.advance(1)
    return forked
  }
  const anew = await fork(1, { order: 8 })
  expect(await engine.resultOf(anew)).toMatchObject({ output: { said: 'looked at 8: none' } })
  // The look is shared, the rest is made with the new input.
  const later = await fork(2, { order: 9, note: 'late' })
  expect(await engine.resultOf(later)).toMatchObject({ output: { said: 'looked at 7: late' } })
  expect((await requireRun(database, later)).key).toBe('order 9')
  expect(await inputOf(database, await requireRun(database, later))).toEqual({
    input: { order: 9, note: 'late' },
  })
  // What is shared and would now be made with other arguments is not passed off as its result.
  expect(await requireRun(database, await fork(3, { order: 7, note: 'other' }))).toMatchObject({
    status: 'stuck',
    reason: expect.stringContaining('tell'),
  })
  await expect(fork(1, { order: 'seven' })).rejects.toMatchObject({ code: 'invalid-input' })
  expect((await verifyAudit(database)).faults).toEqual([])
})
