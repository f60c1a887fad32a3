import { expect, test } from 'vitest'
import { z } from 'zod'
import { workflow } from '../../src/context.ts'
import { runInMemory } from '../../src/testing/run-in-memory.ts'
import { testRuntime } from '../../src/testing/test-runtime.ts'
import { tool } from '../../src/tools/tool.ts'

let posted: string[] = []
const post = tool({
  name: 'report.post',
  description: 'Posts a report',
  input: z.object({ text: z.string() }),
  output: z.object({ ok: z.boolean() }),
  effect: 'idempotent',
  risk: 'low',
  run({ text }) {
    posted.push(text)
    return { ok: true }
  },
})
const figures = tool({
  name: 'report.figures',
  description: 'Reads the figures',
  input: z.object({}),
  output: z.object({ sum: z.number() }),
  effect: 'read',
  run: () => ({ sum: 7 }),
})
const weekly = workflow({
  name: 'weekly-report',
  input: z.unknown(),
  async run(ctx) {
    const { sum } = await ctx.call(figures, {})
    return ctx.call(post, { text: `sum ${sum}` })
  },
})
const config = {
  tools: [post, figures],
  schedules: { report: { workflow: 'weekly-report', cron: '0 8 * * 1', input: null } },
}

test('a tool that changes something does nothing in a test without a mock, also where a schedule begins it', async () => {
  posted = []
  await using desk = await testRuntime({ workflows: [weekly], config })
  await desk.advance('15d')
  const run = await desk.lastRun()
  expect(await run.status()).toBe('failed')
  expect((await run.view()).reason).toMatch(/"report\.post" .* no mock .*live: \['report\.post'\]/)
  expect(posted).toEqual([])
  await expect(runInMemory(weekly, null)).resolves.toMatchObject({ result: { status: 'failed' } })
  expect(posted).toEqual([])
})

test('a mock stands in for it, a tool that is live acts, and reads run as they are', async () => {
  posted = []
  const mocked: unknown[] = []
  const mocks = {
    'report.post'(args: unknown) {
      mocked.push(args)
      return { ok: true }
    },
  }
  await expect(runInMemory(weekly, null, {}, { mocks })).resolves.toMatchObject({
    result: { status: 'succeeded' },
  })
  expect([mocked, posted]).toEqual([[{ text: 'sum 7' }], []])
  await runInMemory(weekly, null, {}, { live: ['report.post'] })
  await runInMemory(weekly, null, {}, { live: 'all' })
  expect(posted).toEqual(['sum 7', 'sum 7'])
})

test('misspelt mocks, live tools, options and calls that are looked for are refused with the right name', async () => {
  const given = { workflows: [weekly], config }
  const right = /Did you mean "report\.post"\?/
  await expect(testRuntime({ ...given, mocks: { 'report.posts': () => ({}) } })).rejects.toThrow(right)
  await expect(testRuntime({ ...given, live: ['report.pots'] })).rejects.toThrow(right)
  await expect(testRuntime({ ...given, mock: {} } as never)).rejects.toThrow(/`mock`.*Did you mean mocks\?/)
  await using desk = await testRuntime({ ...given, mocks: { 'report.post': () => ({ ok: true }) } })
  const run = await desk.start(weekly, null)
  expect(await run.toolCalls('report.post')).toHaveLength(1)
  await expect(run.toolCalls('mail.send')).resolves.toHaveLength(0)
  await expect(run.toolCalls('report.pst')).rejects.toThrow(right)
})

test('a run in memory jumps over what it waits for, and each wake is a replay', async () => {
  const patient = workflow({
    name: 'patient',
    input: z.unknown(),
    async run(ctx) {
      await ctx.sleep('90d')
      return ctx.waitFor('paid', { timeout: '7d' }).catch((error) => error.code)
    },
  })
  const began = performance.now()
  const { result } = await runInMemory(patient, null)
  expect(result).toMatchObject({ status: 'succeeded' })
  expect(performance.now() - began).toBeLessThan(60_000)
  let lives = 0
  const fickle = workflow({
    name: 'fickle',
    input: z.unknown(),
    async run(ctx) {
      lives++
      await ctx.step(lives % 2 === 1 ? 'one' : 'other', () => 1)
      await ctx.sleep('1s')
      await ctx.sleep('1s')
    },
  })
  await expect(runInMemory(fickle, null)).resolves.toMatchObject({ result: { status: 'stuck' } })
  expect(lives).toBeGreaterThan(1)
})

test('an approval is edited by the word of the command line', async () => {
  const pay = tool({
    name: 'pay',
    description: 'Pays',
    input: z.object({ to: z.string(), usd: z.number() }),
    output: z.object({ usd: z.number() }),
    effect: 'once',
    risk: 'high',
    approval: 'always',
    run: ({ usd }) => ({ usd }),
  })
  const paying = workflow({
    name: 'paying',
    input: z.unknown(),
    run: (ctx) => ctx.call(pay, { to: 'Ann', usd: 90 }),
  })
  await using desk = await testRuntime({ workflows: [paying], mocks: { pay: ({ usd }) => ({ usd }) } })
  const run = await desk.start(paying, null)
  await desk.approve(run, { edit: { usd: 20 } })
  expect(await run.output()).toEqual({ usd: 20 })
  expect(await run.toolCalls('pay')).toMatchObject([{ args: { to: 'Ann', usd: 20 } }])
})
