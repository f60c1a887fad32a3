import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { agent } from '../src/agents/agent.ts'
import { Secrets } from '../src/base/secrets/secrets.ts'
import { type Context, workflow } from '../src/context.ts'
import { FakeClock } from '../src/testing/fake-clock.ts'
import { scriptedSolver, toolCalls } from '../src/testing/scripted.ts'
import { tool } from '../src/tools/tool.ts'
import { agentBench } from './agents/agent-harness.ts'

const paid: unknown[] = []
/** Its checks go by the clock, and each reading of its schemas gives something else. */
const started = { at: 0 }
const pay = tool({
  name: 'bank.pay',
  description: 'Pays.',
  input: z.object({
    to: z.string().refine(() => started.at < 10),
    cents: z.number().transform((euros) => euros * 100),
    reference: z.string().default(() => randomUUID()),
  }),
  output: z.object({ to: z.string(), receipt: z.string().default(() => randomUUID()) }),
  effect: 'once',
  approval: 'never',
  run: (args) => {
    paid.push(structuredClone(args))
    args.to = 'changed by the tool'
    return { to: 'Ann' }
  },
})

async function inTwoLives(
  body: (ctx: Context) => Promise<unknown>,
  replies: Parameters<typeof scriptedSolver>[0] = [],
) {
  started.at = 0
  paid.length = 0
  const seen: unknown[] = []
  const flow = workflow({
    name: 'flow',
    input: z.null(),
    async run(ctx) {
      seen.push(await body(ctx))
      await ctx.waitFor('end')
    },
  })
  const clock = new FakeClock()
  let ids = 0
  const newId = () => `id${++ids}`
  const first = await agentBench([flow], { model: scriptedSolver(replies) }, { clock, newId })
  const { id } = await first.engine.startRun(flow, null)
  await clock.advance(2000)
  expect(seen).toHaveLength(1)
  await first.engine.stop()
  started.at = 20
  const { database } = first
  const second = await agentBench([flow], { model: scriptedSolver([]) }, { clock, database, newId })
  await second.engine.control.signal(id, 'end', null)
  expect(await second.engine.resultOf(id)).toEqual({ status: 'succeeded', output: undefined })
  await second.engine.stop()
  expect(seen).toHaveLength(2)
  expect(seen[1]).toStrictEqual(seen[0])
  return seen[0]
}

test('arguments and results of a tool are read once, and replays see what the first life saw', async () => {
  const given = { to: 'Ann', cents: 10 }
  const got = await inTwoLives(async (ctx) => [await ctx.call(pay, given), given])
  expect(got).toMatchObject([
    { to: 'Ann', receipt: expect.stringMatching(/-/) },
    { to: 'Ann', cents: 10 },
  ])
  expect(paid).toEqual([{ to: 'Ann', cents: 1000, reference: expect.stringMatching(/-/) }])
})

test('arguments that were refused are refused in every life', async () => {
  started.at = 0
  const got = await inTwoLives((ctx) =>
    ctx.call(pay, { to: 1, cents: 10 } as never).catch((error) => error.message),
  )
  expect(got).toContain('to: ')
  const late = tool({
    name: 'late',
    description: 'Answers late.',
    input: z.string().refine(() => started.at > 10),
    output: z.any(),
    effect: 'read',
    approval: 'never',
    run: () => 1,
  })
  expect(await inTwoLives((ctx) => ctx.call(late, 'x').catch((error) => error.code))).toBe('invalid-input')
})

test('the input and the calls of an agent are read once', async () => {
  const clerk = agent({
    name: 'clerk',
    instructions: 'Pay.',
    input: z.object({ task: z.string(), id: z.string().default(() => randomUUID()) }),
    route: 'model',
    tools: [pay],
    owner: 'bank@example.com',
  })
  const replies = [toolCalls(['bank.pay', { to: 'Ann', cents: 10 }]), 'done']
  expect(await inTwoLives((ctx) => ctx.agent(clerk, { task: 'Pay Ann 10 cents.' }), replies)).toBe('done')
  expect(paid).toHaveLength(1)
})

test('arguments with a secret reach the tool in every life, and no journal', async () => {
  const secret = 'sk-live-7w4LmZq9xKd'
  const read: unknown[] = []
  const lookUp = tool({
    name: 'look.up',
    description: 'Looks up.',
    input: z.object({ token: z.string(), limit: z.number().default(5) }),
    output: z.any(),
    effect: 'read',
    run: (args) => {
      read.push(args)
      return read.length
    },
  })
  const flow = workflow({
    name: 'flow',
    input: z.null(),
    async run(ctx) {
      const first = await ctx.call(lookUp, { token: secret })
      await ctx.sleep('5s')
      return [first, await ctx.call(lookUp, { token: secret })]
    },
  })
  const clock = new FakeClock()
  const { engine, database, events } = await agentBench([flow], {}, { clock, secrets: new Secrets([secret]) })
  const { id } = await engine.startRun(flow, null)
  await clock.advance(6000)
  expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: [1, 2] })
  expect(read).toEqual([
    { token: secret, limit: 5 },
    { token: secret, limit: 5 },
  ])
  expect(JSON.stringify(await events(id))).not.toContain(secret)
  expect(await database.all(`select * from events where type = 'value-parsed'`)).toHaveLength(2)
  await engine.stop()
})

const Stamped = z.object({
  at: z.coerce.date().default(() => new Date(Math.random() * 1e12)),
  id: z.string().default(() => randomUUID()),
})

test('dates that a schema makes anew each time are the same in every life', async () => {
  const stamp = tool({
    name: 'stamp',
    description: 'Stamps.',
    input: z.object({}),
    output: Stamped,
    effect: 'read',
    approval: 'never',
    run: () => ({}),
  })
  const got = await inTwoLives(
    (ctx) =>
      Promise.all([
        ctx.call(stamp, {}),
        ctx.extract('stamp', { schema: Stamped, from: 'x', route: 'model' }),
      ]),
    ['{}'],
  )
  expect(got).toMatchObject([{ at: expect.any(Date) }, { at: expect.any(Date) }])
})

test('a question whose schema has a default that is made anew is the same question in every life', async () => {
  const clerk = agent({
    name: 'clerk',
    instructions: 'Answer.',
    input: z.string(),
    output: Stamped,
    tools: [pay],
    route: 'model',
    owner: 'tests',
  })
  expect(await inTwoLives((ctx) => ctx.agent(clerk, 'go'), ['{}'])).toMatchObject({ at: expect.any(Date) })
})
