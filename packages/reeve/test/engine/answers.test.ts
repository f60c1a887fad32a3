import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Json } from '../../src/base/json/json.ts'
import { type Context, workflow } from '../../src/context.ts'
import type { Solver } from '../../src/models/solver.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { tool } from '../../src/tools/tool.ts'
import { agentBench } from '../agents/agent-harness.ts'
import { rowOf } from './harness.ts'

const nobody: Solver = {
  name: 'nobody',
  kind: 'function',
  solve: () => ({ kind: 'abstain', reason: 'no idea' }),
}

/** A run that asks a person, and the way to answer what it asks now. */
async function asking(run: (ctx: Context) => Promise<unknown>) {
  const flow = workflow({ name: 'flow', input: z.null(), run })
  const { engine, database } = await agentBench([flow], { nobody })
  const { id } = await engine.startRun(flow, null)
  await settle()
  const pending = () =>
    database.all<{ id: string; shown: string }>(`select id, shown from approvals where status = 'pending'`)
  const answer = async (given: unknown) => {
    const [open] = await pending()
    return engine.control.decide(open!.id, { verdict: 'answer', by: 'ada', answer: given as Json })
  }
  return { engine, database, id, pending, answer }
}

test('an answer that does not fit its question is refused, and the question stays open', async () => {
  const schema = z.object({ kind: z.enum(['bug', 'idea']), urgency: z.int().min(1).max(5).default(3) })
  const { engine, database, id, pending, answer } = await asking((ctx) =>
    ctx.extract('triage', { schema, from: 'x', route: 'nobody' }),
  )
  const [open] = await pending()
  for (const unfit of ['bug', {}, { kind: 'none' }, { kind: 'bug', urgency: 9 }, null, undefined]) {
    await expect(answer(unfit)).rejects.toMatchObject({
      code: 'wrong-answer',
      message: expect.stringMatching(/does not fit question "triage".*such as {"kind":"bug"}.*is still open/),
    })
  }
  expect(await pending()).toEqual([open])
  expect((await rowOf(database, id)).status).toBe('waiting')
  await answer({ kind: 'idea' })
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: { kind: 'idea', urgency: 3 } })
  await engine.stop()
})

test('a question for a text takes a text alone', async () => {
  const { engine, id, answer } = await asking((ctx) =>
    ctx.generate('draft', { with: { a: 1 }, route: 'nobody' }),
  )
  for (const unfit of [{ a: 1 }, 1, null, ['text']]) {
    await expect(answer(unfit)).rejects.toMatchObject({
      code: 'wrong-answer',
      message: expect.stringContaining('it is not a text. It must be a text'),
    })
  }
  await answer('{"a":1}')
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: '{"a":1}' })
  await engine.stop()
})

test('an answer that only the run can check leaves its question open, with why it does not fit', async () => {
  const schema = z.string().refine((text) => new URL(text).protocol === 'https:')
  const { engine, id, pending, answer } = await asking((ctx) =>
    ctx.extract('link', { schema, from: 'x', route: 'nobody' }),
  )
  const [open] = await pending()
  await answer('nope')
  await settle()
  const still = await pending()
  expect(still.map(({ id }) => id)).toEqual([open!.id])
  expect(JSON.parse(still[0]!.shown)).toMatchObject({ problem: expect.stringContaining('Invalid URL') })
  await answer('https://x.example')
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: 'https://x.example' })
  await engine.stop()
})

function payTool<O extends z.ZodType>(output: O) {
  return tool({
    name: 'bank.pay',
    description: 'Pays.',
    input: z.object({}),
    output,
    effect: 'once',
    approval: 'never',
    run: () => {
      throw new Error('the line went dead')
    },
  })
}

test('a result of an unknown outcome is checked before it counts', async () => {
  const pay = payTool(z.object({ receipt: z.string().refine((text) => text.startsWith('R')) }))
  const { engine, database, id, pending, answer } = await asking((ctx) => ctx.call(pay, {}))
  for (const unfit of [
    { happened: true },
    { happened: true, result: null },
    { happened: true, result: { receipt: 1 } },
    { happened: true, result: 'R1' },
    { happened: 'yes' },
    { happened: false },
    'happened',
  ]) {
    await expect(answer(unfit)).rejects.toMatchObject({ code: 'wrong-answer' })
  }
  const [open] = await pending()
  // Its schema as JSON cannot say this; the run can.
  await answer({ happened: true, result: { receipt: 'X1' } })
  await settle()
  const [again] = await pending()
  expect(again!.id).toBe(open!.id)
  expect(JSON.parse(again!.shown)).toMatchObject({ reason: expect.stringContaining('receipt: ') })
  expect((await rowOf(database, id)).status).toBe('waiting')
  await answer({ happened: true, result: { receipt: 'R1' } })
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: { receipt: 'R1' } })
  await engine.stop()
})

test.each([
  ['null', z.null(), null],
  ['nothing', z.undefined(), undefined],
  ['anything', z.unknown(), null],
  ['a text or null', z.string().nullable(), null],
])('that an effect happened is enough where its tool gives %s', async (_name, output, expected) => {
  const { engine, id, answer } = await asking((ctx) => ctx.call(payTool(output as z.ZodType), {}))
  await answer({ happened: true })
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: expected })
  await engine.stop()
})

test('a signal that does not fit the wait of a parked run is refused at the door, and the run waits on', async () => {
  const schema = z.object({ amount: z.coerce.number(), kind: z.enum(['a', 'b']) })
  const { engine, database, id } = await asking((ctx) => ctx.waitFor('pay', { schema }))
  for (const payload of [null, { amount: 1 }, { amount: 1, kind: 'c' }]) {
    await expect(engine.control.signal(id, 'pay', payload)).rejects.toMatchObject({
      code: 'unfit-signal',
      message: expect.stringMatching(
        /waits for signal "pay", and this payload does not fit: .+ It must be an object with amount/,
      ),
    })
  }
  expect(await database.all('select id from inbox')).toEqual([])
  expect(await engine.control.awaitedSignals(id)).toMatchObject([{ name: 'pay' }])
  // One that nobody waits for is kept.
  expect(await engine.control.signal(id, 'other', null)).toBe(true)
  expect(await engine.control.signal(id, 'pay', { amount: '5', kind: 'a' }, { id: 'one' })).toBe(true)
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: { amount: 5, kind: 'a' } })
  // Who sends it again must hear that it came.
  expect(await engine.control.signal(id, 'pay', { amount: '5', kind: 'a' }, { id: 'one' })).toBe(false)
  await engine.stop()
})

test('of two waits for one signal the first one decides what fits', async () => {
  const { engine, id } = await asking((ctx) =>
    ctx.all([ctx.waitFor('it', { schema: z.number() }), ctx.waitFor('it', { schema: z.string() })]),
  )
  await expect(engine.control.signal(id, 'it', 'text')).rejects.toMatchObject({ code: 'unfit-signal' })
  await engine.control.signal(id, 'it', 1)
  await settle()
  await expect(engine.control.signal(id, 'it', 1)).rejects.toMatchObject({ code: 'unfit-signal' })
  await engine.control.signal(id, 'it', 'text')
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: [1, 'text'] })
  await engine.stop()
})

test.each<[string, (ctx: Context) => Promise<unknown>]>([
  [
    'that lost its race',
    (ctx) => ctx.race([ctx.waitFor('it', { schema: z.number() }), ctx.step('quick', () => 1)]),
  ],
  [
    'that was aborted',
    (ctx) => ctx.waitFor('it', { schema: z.number(), signal: AbortSignal.abort() }).catch(() => 1),
  ],
])('a wait %s does not decide what fits the next one', async (_name, first) => {
  const { engine, id } = await asking(async (ctx) => [
    await first(ctx),
    await ctx.waitFor('it', { schema: z.string() }),
  ])
  expect(await engine.control.awaitedSignals(id)).toMatchObject([{ name: 'it', schema: { type: 'string' } }])
  await engine.control.signal(id, 'it', 'text')
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: [1, 'text'] })
  await engine.stop()
})

test.each<[string, object, string]>([
  ['a verdict that is none', { verdict: 'toString' }, 'wrong-answer'],
  ['a note that is not a text', { note: 5 }, 'bad-text'],
  ['an edit that is not JSON', { answer: new Map([['sum', 20]]) }, 'not-serialisable'],
  ['an edit with what JSON would change', { answer: { at: new Date(0) } }, 'not-serialisable'],
])('a decision is refused, and nothing is decided: %s', async (_name, wrong, code) => {
  const { engine, pending } = await asking((ctx) => ctx.approve('pay', { show: { sum: 40, at: null } }))
  const [open] = await pending()
  const decision = { verdict: 'approve' as const, by: 'ada', ...wrong }
  await expect(engine.control.decide(open!.id, decision)).rejects.toMatchObject({ code })
  expect(await pending()).toHaveLength(1)
  await engine.stop()
})
