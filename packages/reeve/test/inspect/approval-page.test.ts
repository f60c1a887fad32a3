import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { Json } from '../../src/base/json/json.ts'
import { type Context, workflow } from '../../src/context.ts'
import { approvalPage } from '../../src/inspect/approvals/approval-page.ts'
import { fieldsOf } from '../../src/inspect/approvals/fields.ts'
import { type Source, sourcesOf } from '../../src/inspect/approvals/sources.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import type { JournalEvent } from '../../src/store/journal/journal.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { scriptedSolver } from '../../src/testing/scripted.ts'
import { tool } from '../../src/tools/tool.ts'
import { type AgentBench, agentBench } from '../agents/agent-harness.ts'

const mail = {
  from: 'margaret@example.org',
  body: 'Hello, order P-1182 came broken. Please refund me. Margaret',
}

const refund = tool({
  name: 'refund',
  description: 'Pays money back.',
  input: z.object({ order: z.string(), to: z.string(), cents: z.number(), reason: z.string() }),
  output: z.unknown(),
  effect: 'once',
  risk: 'high',
  run: () => null,
})

async function asking(
  run: (ctx: Context) => Promise<unknown>,
): Promise<AgentBench & { id: string; approval: string }> {
  const flow = workflow({ name: 'refund-desk', input: z.unknown(), run })
  const bench = await agentBench([flow], {
    triage: scriptedSolver([{ kind: 'value', value: { order: 'P-1182', cents: 14900 } }]),
  })
  onTestFinished(() => bench.engine.stop())
  const { id } = await bench.engine.startRun(flow, mail)
  for (let turn = 0; turn < 5; turn++) await settle()
  const [asked] = await listPending(bench.database)
  return { ...bench, id, approval: asked!.id }
}

test('each argument of a call is a field that says where the same value stood before', async () => {
  const { database, id, approval } = await asking(async (ctx) => {
    const facts = await ctx.extract('facts', {
      route: 'triage',
      schema: z.object({ order: z.string(), cents: z.number() }),
      from: mail,
    })
    await ctx.call(refund, { ...facts, to: mail.from, reason: 'not said anywhere' })
  })
  const page = await approvalPage(database, approval)
  expect(page.run).toMatchObject({ id, workflow: 'refund-desk', status: 'waiting' })
  expect(page.approval).toMatchObject({ subject: 'refund', allowed: ['approve', 'edit', 'reject'] })
  expect(page.context.inputs).toEqual([{ runId: id, workflow: 'refund-desk', input: mail }])
  const origins = Object.fromEntries(
    page.fields.map(({ path, origins }) => [
      path.join('.'),
      origins.map(({ from, name, path, how }) => `${from} ${name} ${path.join('.')} ${how}`),
    ]),
  )
  expect(origins).toEqual({
    'args.order': ['model facts order same', 'given input body part'],
    'args.to': ['given input from same'],
    'args.cents': ['model facts cents same'],
    'args.reason': [],
  })
  expect(page.approval.edit).toMatchObject({
    value: { order: 'P-1182', to: mail.from, cents: 14900 },
    schema: { properties: { cents: { type: 'number' } } },
  })
})

test('a decided approval says what was said, and allows nothing more', async () => {
  const { database, engine, approval } = await asking(async (ctx) => {
    await ctx.approve('send it', { show: { to: 'ada' } })
  })
  await engine.control.decide(approval, { verdict: 'approve', by: 'eve', note: 'fine', answer: { to: 'bo' } })
  const page = await approvalPage(database, approval)
  expect(page.approval).toMatchObject({
    status: 'approved',
    allowed: [],
    decided: { by: 'eve', note: 'fine', answer: { to: 'bo' } },
  })
})

const event = (type: JournalEvent['type'], step: number, payload: Json): JournalEvent => ({
  run: 1,
  seq: step,
  type,
  step,
  name: `call ${step}`,
  args: null,
  at: 0,
  payload: JSON.stringify(payload),
  blob: null,
  hash: '',
})

test('what was recalled, signalled, answered by tools and by people is a source, each by its kind', () => {
  const passage = { id: 'p', source: 'policy.md', title: 'Refunds', text: 'within 30 days', score: 1 }
  const sources = sourcesOf({ a: 1 }, [
    event('recall-completed', 1, { passages: [passage, { ...passage, untrusted: true }] }),
    event('signal-received', 2, 'paid'),
    event('effect-completed', 3, { id: 7 }),
    event('approval-decided', 4, { status: 'approved', value: 'bo', edited: true, by: 'eve', note: null }),
    event('approval-decided', 5, {
      status: 'approved',
      value: 'asked',
      edited: false,
      by: 'eve',
      note: null,
    }),
    event('step-completed', 6, 'made'),
    event('log-written', 7, { message: 'a line' }),
  ])
  expect(sources.map(({ from, value, by }) => [from, value, by])).toEqual([
    ['given', { a: 1 }, null],
    ['knowledge', 'within 30 days', 'policy.md'],
    ['outside', 'within 30 days', 'policy.md'],
    ['outside', 'paid', null],
    ['outside', { id: 7 }, null],
    ['person', 'bo', 'eve'],
    ['code', 'made', null],
  ])
})

test('a value that stands everywhere has an origin only under its own name', () => {
  const source: Source = {
    from: 'given',
    call: null,
    name: 'input',
    by: null,
    value: { ok: true, n: 1, s: 'no' },
  }
  const fields = fieldsOf(
    { kind: 'approval', binds: null },
    { ok: true, sent: true, n: 1, s: 'no', t: 'no' },
    [source],
  )
  expect(fields.map(({ path, origins }) => [path[0], origins.length])).toEqual([
    ['ok', 1],
    ['sent', 0],
    ['n', 1],
    ['s', 1],
    ['t', 0],
  ])
})

test('a hostile value costs little: long, deep and many fields are bounded', () => {
  let deep: Json = 'end'
  for (let level = 0; level < 3000; level++) deep = { deep }
  const wide = Object.fromEntries(
    Array.from({ length: 5000 }, (_none, index) => [`k${index}`, `value ${index}`]),
  )
  const source: Source = { from: 'outside', call: 1, name: 'page', by: null, value: 'value '.repeat(200_000) }
  const started = performance.now()
  const fields = fieldsOf({ kind: 'approval', binds: null }, { deep, wide, __proto__: { x: 1 } }, [
    source,
    source,
  ])
  expect(fields.length).toBe(300)
  expect(performance.now() - started).toBeLessThan(5000)
})
