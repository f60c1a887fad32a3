import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { Json } from '../../src/base/json/json.ts'
import { Secrets } from '../../src/base/secrets/secrets.ts'
import { type Context, workflow } from '../../src/context.ts'
import type { ApprovedDecision } from '../../src/engine/decision.ts'
import { type ApprovalOfRun, listPending } from '../../src/store/approvals/approvals.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { type Tool, tool } from '../../src/tools/tool.ts'
import { type AgentBench, agentBench } from '../agents/agent-harness.ts'

/** A tool that records what it was handed, and asks always. */
function paying<I extends z.ZodType>(input: I, more: { approval?: (args: z.output<I>) => boolean } = {}) {
  const ran: z.output<I>[] = []
  const pay = tool({
    name: 'pay',
    description: 'Pay',
    input,
    output: z.unknown(),
    effect: 'once',
    approval: (more.approval as undefined) ?? 'always',
    run(args) {
      ran.push(args as z.output<I>)
      return { paid: true }
    },
  })
  return { pay, ran }
}

interface Waiting extends AgentBench {
  id: string
  asked: ApprovalOfRun
  shown: { args: Json; given?: Json; problem?: string }
}

/** A run that calls the tool and waits for its approval. */
async function waiting(
  pay: Tool,
  args: unknown,
  body?: (ctx: Context) => Promise<unknown>,
  options: Parameters<typeof agentBench>[2] = {},
): Promise<Waiting> {
  const flow = workflow({
    input: z.unknown(),
    run: (ctx) => (body ? body(ctx) : ctx.call(pay, args as never)),
  })
  flow.name = 'flow'
  const bench = await agentBench([flow], {}, options)
  onTestFinished(() => bench.engine.stop())
  const { id } = await bench.engine.startRun(flow, {})
  await settle()
  return { ...bench, id, ...(await pending(bench)) }
}

async function pending({ database }: AgentBench): Promise<Pick<Waiting, 'asked' | 'shown'>> {
  const [asked] = await listPending(database)
  return { asked: asked!, shown: asked && JSON.parse(asked.shown) }
}

async function decide(bench: AgentBench, id: string, answer?: Json, more: object = {}): Promise<void> {
  await bench.engine.control.decide(id, {
    verdict: 'approve',
    by: 'alice',
    ...(answer === undefined ? {} : { answer }),
    ...more,
  })
  await settle()
}

const Letter = z.object({ to: z.string(), subject: z.string(), body: z.string() })
const letter = { to: 'bo', subject: 'Re: order', body: 'Hi' }

test('an edit is laid over what was given, key by key: what it does not name stays', async () => {
  const { pay, ran } = paying(Letter)
  const bench = await waiting(pay, letter)
  await decide(bench, bench.asked.id, { body: 'Dear Bo' })
  expect(ran).toEqual([{ ...letter, body: 'Dear Bo' }])
})

test('an edit that is the whole leaves out what it does not name', async () => {
  const { pay, ran } = paying(z.object({ to: z.string(), cc: z.string().optional() }))
  const bench = await waiting(pay, { to: 'bo', cc: 'eve' })
  await decide(bench, bench.asked.id, { to: 'bo' }, { replaces: true })
  expect(ran).toEqual([{ to: 'bo' }])
})

test.each([
  ['a value out of bounds', { amount: 1_000_000 }],
  ['a value of another type', { amount: '20' }],
  ['a text in the place of the object', 'amount: 20'],
  ['a list', [20]],
  ['a misspelt key', { amonut: 20 }],
])('an edit that does not fit is refused and uses nothing up: %s', async (_what, edit) => {
  const { pay, ran } = paying(z.object({ amount: z.number().max(100) }))
  const bench = await waiting(pay, { amount: 40 })
  await expect(decide(bench, bench.asked.id, edit)).rejects.toMatchObject({ code: 'invalid-edit' })
  expect((await pending(bench)).asked).toMatchObject({ id: bench.asked.id, status: 'pending', answer: null })
  await decide(bench, bench.asked.id)
  expect(ran).toEqual([{ amount: 40 }])
})

test('a misspelt field that a schema drops unseen is asked again, with what is lost', async () => {
  const input = z.union([z.object({ amount: z.number() }), z.object({ all: z.literal(true) })])
  const { pay, ran } = paying(input)
  const bench = await waiting(pay, { amount: 40 })
  await decide(bench, bench.asked.id, { amonut: 20 })
  expect(ran).toEqual([])
  const again = await pending(bench)
  expect(again.shown).toMatchObject({
    args: { amount: 40 },
    notice: expect.stringContaining('changes nothing'),
  })
  await decide(bench, again.asked.id, { amonut: 20, amount: 30 })
  expect(ran).toEqual([{ amount: 30 }])
})

test('an edit that only the tool’s own code can refuse leaves its approval open, with a problem that no plain yes passes over', async () => {
  const { pay, ran } = paying(
    z.object({ amount: z.number() }).refine(({ amount }) => amount <= 100, 'at most 100'),
  )
  const bench = await waiting(pay, { amount: 40 })
  await decide(bench, bench.asked.id, { amount: 1_000_000 })
  const again = await pending(bench)
  expect(again.shown).toMatchObject({
    args: { amount: 1_000_000 },
    problem: expect.stringContaining('at most 100'),
  })
  expect(again.asked).toMatchObject({ id: bench.asked.id, status: 'pending', decided_by: null, answer: null })
  await expect(decide(bench, again.asked.id)).rejects.toMatchObject({ code: 'problem-stands' })
  expect(ran).toEqual([])
  await decide(bench, again.asked.id, { amount: 90 })
  expect(ran).toEqual([{ amount: 90 }])
})

test('a plain yes to what does not fit runs nothing even when it comes past the door', async () => {
  const { pay, ran } = paying(
    z.object({ amount: z.number() }).refine(({ amount }) => amount <= 100, 'at most 100'),
  )
  const bench = await waiting(pay, { amount: 40 })
  await decide(bench, bench.asked.id, { amount: 1_000_000 })
  const { asked } = await pending(bench)
  const { step, id } = asked
  await bench.database.run(
    `update approvals set shown = replace(shown, '"problem"', '"nothing"') where id = ?`,
    [id],
  )
  await expect(decide(bench, id)).rejects.toMatchObject({ code: 'approval-changed' })
  expect(step).toBe(2)
  expect(ran).toEqual([])
})

test('a schema that changed since: what was approved and no longer fits goes back to a person', async () => {
  let most = 1_000_000
  const { pay, ran } = paying(
    z.object({ amount: z.number().refine((amount) => amount <= most, 'over the limit') }),
  )
  const bench = await waiting(pay, { amount: 5000 })
  most = 100
  await decide(bench, bench.asked.id)
  const again = await pending(bench)
  expect(again.shown).toMatchObject({
    args: { amount: 5000 },
    problem: expect.stringContaining('over the limit'),
  })
  await expect(decide(bench, again.asked.id)).rejects.toMatchObject({ code: 'problem-stands' })
  await decide(bench, again.asked.id, { amount: 50 })
  expect(ran).toEqual([{ amount: 50 }])
})

test('a transformation that changed since: what would run is shown anew before it runs', async () => {
  let factor = 1
  const { pay, ran } = paying(z.object({ amount: z.number().transform((amount) => amount * factor) }))
  const bench = await waiting(pay, { amount: 12 })
  factor = 100
  await decide(bench, bench.asked.id)
  expect(ran).toEqual([])
  const again = await pending(bench)
  expect(again.shown).toMatchObject({ args: { amount: 1200 }, given: { amount: 12 } })
  await decide(bench, again.asked.id)
  expect(ran).toEqual([{ amount: 1200 }])
})

const cents = z.number().transform((amount) => Math.round(amount * 100))
const day = new Date('2026-01-02T00:00:00.000Z')

test.each([
  [
    'cents',
    z.object({ amount: cents, to: z.string() }),
    { amount: 12.5, to: 'bo' },
    { amount: 10 },
    { amount: 1000, to: 'bo' },
  ],
  [
    'stringbool',
    z.object({ now: z.stringbool(), to: z.string() }),
    { now: 'no', to: 'bo' },
    { now: 'yes' },
    { now: true, to: 'bo' },
  ],
  [
    'stringbool beside an edit',
    z.object({ now: z.stringbool(), to: z.string() }),
    { now: 'no', to: 'bo' },
    { to: 'cy' },
    { now: false, to: 'cy' },
  ],
  [
    'a coerced date',
    z.object({ on: z.coerce.date(), to: z.string() }),
    { on: '2026-01-01', to: 'bo' },
    { on: '2026-01-02' },
    { on: day, to: 'bo' },
  ],
  [
    'a date beside an edit',
    z.object({ on: z.date(), to: z.string() }),
    { on: day, to: 'bo' },
    { to: 'cy' },
    { on: day, to: 'cy' },
  ],
  [
    'a date',
    z.object({ on: z.date() }),
    { on: new Date(0) },
    { on: '2026-01-02T00:00:00.000Z' },
    { on: day },
  ],
  [
    'a codec',
    z.object({
      on: z.codec(z.iso.datetime(), z.date(), {
        decode: (text) => new Date(text),
        encode: (date) => date.toISOString(),
      }),
    }),
    { on: '2026-01-01T00:00:00Z' },
    { on: '2026-01-02T00:00:00Z' },
    { on: day },
  ],
  ['a pipe', z.object({ n: z.string().pipe(z.coerce.number()) }), { n: '1' }, { n: '2' }, { n: 2 }],
  ['trim', z.object({ text: z.string().trim().min(2) }), { text: ' ab ' }, { text: ' cd ' }, { text: 'cd' }],
  [
    'a default',
    z.object({ to: z.string(), currency: z.string().default('EUR') }),
    { to: 'bo' },
    { currency: 'USD' },
    { to: 'bo', currency: 'USD' },
  ],
  [
    'own keys tool and args',
    z.object({ tool: z.string(), args: z.object({ n: z.number() }) }),
    { tool: 'saw', args: { n: 1 } },
    { tool: 'axe', args: { n: 2 } },
    { tool: 'axe', args: { n: 2 } },
  ],
])(
  'an edit is of what was given, and parsed once: %s',
  async (_what, schema: z.ZodType, given, edit: Json, expected) => {
    const { pay, ran } = paying(schema)
    const bench = await waiting(pay, given)
    await decide(bench, bench.asked.id, edit)
    expect(ran).toEqual([expected])
  },
)

test('what is shown is what the tool is handed, with what was given where that is something else', async () => {
  const { pay, ran } = paying(z.object({ amount: cents, to: z.string().trim() }))
  const bench = await waiting(pay, { amount: 12.5, to: ' bo ' })
  expect(bench.shown).toMatchObject({ args: { amount: 1250, to: 'bo' }, given: { amount: 12.5, to: ' bo ' } })
  await decide(bench, bench.asked.id)
  expect(ran).toEqual([{ amount: 1250, to: 'bo' }])
})

test('a default that is made anew each time runs as it was shown', async () => {
  let made = 0
  const { pay, ran } = paying(z.object({ to: z.string(), id: z.string().default(() => `id-${++made}`) }))
  const bench = await waiting(pay, { to: 'bo' })
  await decide(bench, bench.asked.id)
  expect(ran).toEqual([(bench.shown as unknown as { args: unknown }).args])
})

test('whoever gave the arguments cannot change them while a person looks at them', async () => {
  const { pay, ran } = paying(z.object({ to: z.any() }))
  const bench = await waiting(pay, {}, (ctx) => {
    const given = { to: { name: 'bo' } }
    const called = ctx.call(pay, given)
    given.to.name = 'eve'
    return called
  })
  await decide(bench, bench.asked.id)
  expect(ran).toEqual([{ to: { name: 'bo' } }])
})

test('a rule that asks is asked again of edited arguments, and what it cannot judge does not run', async () => {
  const judged: number[] = []
  const { pay, ran } = paying(z.object({ amount: z.number() }), {
    approval({ amount }) {
      judged.push(amount)
      if (amount < 0) throw new RangeError('no such amount')
      return amount > 10
    },
  })
  const bench = await waiting(pay, { amount: 40 })
  await decide(bench, bench.asked.id, { amount: -5 })
  expect(judged).toContain(-5)
  const again = await pending(bench)
  expect(again.shown.problem).toBe('no such amount')
  await decide(bench, again.asked.id, { amount: 20 })
  expect(ran).toEqual([{ amount: 20 }])
})

test.each([
  ['as it was shown', undefined, 'Hi'],
  ['beside an edit', { body: 'Dear Bo' }, 'Dear Bo'],
])('a secret among the arguments is not shown, and runs as it is: %s', async (_what, edit, body) => {
  const { pay, ran } = paying(Letter)
  const given = { ...letter, to: 'hunter2-hunter2' }
  const bench = await waiting(pay, given, undefined, { secrets: new Secrets([given.to]) })
  expect(bench.asked.shown).not.toContain(given.to)
  await decide(bench, bench.asked.id, edit)
  expect(ran).toEqual([{ ...given, body }])
})

const canary = 'hunter2-hunter2'
const withCanary = { secrets: new Secrets([canary]) }

test.each([
  ['the secret itself', { body: `use ${canary}` }, 'wrong-answer', /registered secret/],
  [
    'the secret in another form',
    { body: Buffer.from(canary).toString('base64') },
    'wrong-answer',
    /registered secret/,
  ],
  [
    'the mask in a text that had one',
    { to: 'mailto:[secret]' },
    'invalid-edit',
    /to holds the text \[secret\]/,
  ],
  ['the mask where none was', { body: '[secret]' }, 'invalid-edit', /body holds the text \[secret\]/],
])('an edit with %s is refused and closes nothing', async (_what, edit, code, message) => {
  const { pay, ran } = paying(Letter)
  const given = { ...letter, to: `mail ${canary}` }
  const bench = await waiting(pay, given, undefined, withCanary)
  await expect(decide(bench, bench.asked.id, edit)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  })
  expect((await pending(bench)).asked).toMatchObject({ id: bench.asked.id, status: 'pending' })
  await decide(bench, bench.asked.id, { to: 'mail [secret]', body: 'Dear Bo' })
  expect(ran).toEqual([{ ...given, body: 'Dear Bo' }])
})

test('a list with a secret in it runs as it is, unless the edit changes the list', async () => {
  const { pay, ran } = paying(z.object({ to: z.array(z.string()), body: z.string() }))
  const bench = await waiting(pay, { to: [canary, 'bo'], body: 'Hi' }, undefined, withCanary)
  await expect(decide(bench, bench.asked.id, { to: ['[secret]', 'eve'] })).rejects.toMatchObject({
    code: 'invalid-edit',
  })
  await decide(bench, bench.asked.id, { to: ['[secret]', 'bo'], body: 'Dear' })
  expect(ran).toEqual([{ to: [canary, 'bo'], body: 'Dear' }])
})

test('what a workflow read back without its secret is not run upon a plain yes', async () => {
  const { pay, ran } = paying(Letter)
  const bench = await waiting(
    pay,
    undefined,
    async (ctx) => {
      const to = await ctx.step('read', () => canary)
      return ctx.call(pay, { ...letter, to })
    },
    withCanary,
  )
  expect(bench.shown.problem).toContain('to holds the text [secret]')
  await expect(decide(bench, bench.asked.id)).rejects.toMatchObject({ code: 'problem-stands' })
  await decide(bench, bench.asked.id, { to: 'bo' })
  expect(ran).toEqual([letter])
})

test('a tool that asks nobody does not get the mask of a secret either; a text that quotes it may pass', async () => {
  const ran: unknown[] = []
  const send = tool({
    name: 'send',
    description: 'Send',
    input: z.object({ token: z.string() }),
    output: z.unknown(),
    effect: 'once',
    approval: 'never',
    run: (args) => {
      ran.push(args)
    },
  })
  const said: unknown[] = []
  const { engine, id } = await waiting(send, undefined, async (ctx) => {
    for (const token of ['[secret]', 'Re: [secret] santa'])
      await ctx.call(send, { token }).catch((error: { code: string }) => said.push(error.code))
  })
  expect(await engine.resultOf(id)).toMatchObject({ status: 'succeeded' })
  expect([said, ran]).toEqual([['invalid-input'], [{ token: 'Re: [secret] santa' }]])
})

test('what a workflow approves by itself comes back with its secret, in every life; people and journal have none', async () => {
  const got: unknown[] = []
  const shown = { to: { token: canary, name: 'bo' }, amount: 5 }
  const bench = await waiting(
    paying(Letter).pay,
    undefined,
    async (ctx) => {
      got.push(((await ctx.approve('first', { show: shown })) as ApprovedDecision).value)
      got.push(((await ctx.approve('second', { show: shown })) as ApprovedDecision).value)
    },
    withCanary,
  )
  expect(bench.asked.shown).not.toContain(canary)
  await decide(bench, bench.asked.id)
  await decide(bench, (await pending(bench)).asked.id, { amount: 4 })
  expect(await bench.engine.resultOf(bench.id)).toMatchObject({ status: 'succeeded' })
  expect(got.at(-1)).toEqual({ ...shown, amount: 4 })
  expect(got.slice(0, -1)).toEqual(got.slice(0, -1).map(() => shown))
  const kept = await bench.database.all('select payload from events')
  expect(JSON.stringify(kept)).not.toContain(canary)
})

test('a decision names the hash of what was shown; another hash decides nothing', async () => {
  const { pay, ran } = paying(Letter)
  const bench = await waiting(pay, letter)
  const { id, args_hash: hash } = bench.asked
  for (const wrong of ['', hash.slice(0, 4), `${hash.slice(0, 11)}z`, hash.replace(/^./, 'z')])
    await expect(decide(bench, id, undefined, { hash: wrong })).rejects.toMatchObject({
      code: 'approval-changed',
    })
  await decide(bench, id, undefined, { hash: hash.slice(0, 12) })
  expect(ran).toEqual([letter])
})

test('a row that was changed behind the journal decides nothing', async () => {
  const { pay, ran } = paying(Letter)
  const bench = await waiting(pay, letter)
  await bench.database.run(`update approvals set shown = replace(shown, '"bo"', '"eve"')`)
  await expect(decide(bench, bench.asked.id)).rejects.toMatchObject({ code: 'approval-changed' })
  expect(ran).toEqual([])
})

test('a workflow sees what was really run', async () => {
  const { pay } = paying(z.object({ amount: cents }))
  const bench = await waiting(pay, {}, (ctx) => ctx.call(pay, { amount: 40 } as never, { report: true }))
  await bench.engine.control.decide(bench.asked.id, {
    verdict: 'approve',
    by: 'alice',
    note: 'half',
    answer: { amount: 20 },
  })
  await settle()
  expect(await bench.engine.resultOf(bench.id)).toEqual({
    status: 'succeeded',
    output: {
      result: { paid: true },
      args: { amount: 2000 },
      given: { amount: 20 },
      approved: { by: 'alice', edited: true, note: 'half' },
    },
  })
})

test('the intent names the decision that it is made upon', async () => {
  const { pay } = paying(Letter)
  const bench = await waiting(pay, letter)
  await decide(bench, bench.asked.id, { body: 'Dear Bo' })
  const intent = (await bench.events(bench.id)).find(({ type }) => type === 'effect-intended')
  expect(JSON.parse(intent!.payload!)).toMatchObject({
    args: { ...letter, body: 'Dear Bo' },
    approved: { call: 1, by: 'alice', edited: true },
  })
})

test('an edit of what a workflow shows is laid over it too, and keeps its types', async () => {
  const { pay } = paying(Letter)
  const bench = await waiting(pay, {}, (ctx) => ctx.approve('letter', { show: { to: 'bo', amount: 4 } }))
  await expect(decide(bench, bench.asked.id, { amount: '4' })).rejects.toMatchObject({ code: 'invalid-edit' })
  await expect(decide(bench, bench.asked.id, 'eve')).rejects.toMatchObject({ code: 'invalid-edit' })
  await decide(bench, bench.asked.id, { amount: 5 })
  expect(await bench.engine.resultOf(bench.id)).toMatchObject({
    output: { value: { to: 'bo', amount: 5 }, edited: true },
  })
})

test('what was shown runs after one yes, also where a schema makes a date and draws an id', async () => {
  const { pay, ran } = paying(
    z.object({ on: z.coerce.date(), id: z.string().default(() => `${Math.random()}`) }),
  )
  const bench = await waiting(pay, { on: '2026-01-31' })
  await decide(bench, bench.asked.id)
  expect((await pending(bench)).asked).toBeUndefined()
  const { id } = bench.shown.args as { id: string }
  expect(ran).toEqual([{ on: new Date('2026-01-31'), id }])
})

test('an edit leaves what a schema draws as it was shown', async () => {
  const drawn = z.string().default(() => `${Math.random()}`)
  const { pay, ran } = paying(z.object({ cents: z.number(), id: drawn, on: z.coerce.date().optional() }))
  const bench = await waiting(pay, { cents: 40, on: '2026-01-31' })
  await decide(bench, bench.asked.id, { cents: 20 })
  const { id } = bench.shown.args as { id: string }
  expect(ran).toEqual([{ cents: 20, id, on: new Date('2026-01-31') }])
})
