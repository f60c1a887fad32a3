import { expect, test } from 'vitest'
import { z } from 'zod'
import { agent } from '../src/agents/agent.ts'
import { workflow } from '../src/context.ts'
import { runInMemory } from '../src/testing/run-in-memory.ts'
import { scriptedSolver, toolCalls } from '../src/testing/scripted.ts'
import { tool } from '../src/tools/tool.ts'

/** A check that throws for whatever is no URL. Each unhandled rejection would fail the test's file. */
const Url = z.string().refine((text) => new URL(text).protocol === 'https:')
const good = 'https://x.example'
const threw = expect.stringContaining('its check threw TypeError: Invalid URL')

const fetched: string[] = []
const fetchPage = tool({
  name: 'page.fetch',
  description: 'Fetches a page.',
  input: z.object({ url: Url }),
  output: z.object({ next: Url }),
  effect: 'read',
  run: ({ url }) => {
    fetched.push(url)
    return { next: url === good ? 'nope' : good }
  },
})

test('a check that throws at the start refuses the input', async () => {
  const flow = workflow({ name: 'flow', input: z.object({ url: Url }), run: () => 'ran' })
  await expect(runInMemory(flow, { url: 'nope' })).rejects.toMatchObject({
    code: 'invalid-input',
    message: threw,
  })
})

test('a check that throws on the input of a child fails that call', async () => {
  const flow = workflow({
    name: 'flow',
    input: Url.nullable(),
    run: (ctx): Promise<string> =>
      ctx.start('flow', 'nope').then(
        () => 'started',
        (error: Error) => error.message,
      ),
  })
  expect((await runInMemory(flow, null)).result).toEqual({ status: 'succeeded', output: threw })
})

test('a check that throws on an answer of a model heals it', async () => {
  const flow = workflow({
    name: 'flow',
    input: z.null(),
    run: (ctx) => ctx.extract('link', { schema: Url, from: 'x', route: 'model' }),
  })
  const model = scriptedSolver(['"nope"', JSON.stringify(good)])
  const { result } = await runInMemory(flow, null, { routes: { model: { solvers: [model] } } })
  expect(result).toEqual({ status: 'succeeded', output: good })
})

test('a check that throws on the arguments of a tool fails the call, and nothing is done', async () => {
  const flow = workflow({
    name: 'flow',
    input: z.null(),
    run: (ctx) => ctx.call(fetchPage, { url: 'nope' }).catch((error) => error.message),
  })
  expect((await runInMemory(flow, null)).result).toEqual({ status: 'succeeded', output: threw })
  expect(fetched).toEqual([])
})

test('a check that throws on a result of a tool fails the call', async () => {
  const flow = workflow({
    name: 'flow',
    input: z.null(),
    run: (ctx) => ctx.call(fetchPage, { url: good }).catch((error) => `${error.code}: ${error.message}`),
  })
  const { result } = await runInMemory(flow, null)
  expect(result).toMatchObject({ output: expect.stringMatching(/^bad-result: .*Invalid URL/) })
})

test('a check that throws on the arguments of a model is told to it', async () => {
  const surfer = agent({
    name: 'surfer',
    instructions: 'Fetch.',
    input: z.string(),
    route: 'model',
    tools: [fetchPage],
    owner: 'web@example.com',
  })
  const flow = workflow({
    name: 'flow',
    input: z.null(),
    run: (ctx) => ctx.agent(surfer, 'Look at https://y.example'),
  })
  const call = (url: string) => toolCalls(['page.fetch', { url }])
  const model = scriptedSolver([call('nope'), call('https://y.example'), 'done'])
  const { result, journal } = await runInMemory(flow, null, { routes: { model: { solvers: [model] } } })
  expect(result).toEqual({ status: 'succeeded', output: 'done' })
  expect(journal.find(({ type }) => type === 'agent-refused')?.payload).toMatch(/Invalid URL/)
})

test('a check that turns out to be asynchronous fails what it was asked for', async () => {
  const slow = z.string().refine((text) => Promise.reject(new Error(text)))
  const starts = workflow({ name: 'flow', input: slow, run: () => 'ran' })
  await expect(runInMemory(starts, 'x')).rejects.toMatchObject({ code: 'async-schema' })
  const asks = workflow({
    name: 'flow',
    input: z.null(),
    run: (ctx) => ctx.extract('word', { schema: slow, from: 'x', route: 'model' }),
  })
  const { result } = await runInMemory(asks, null, {
    routes: { model: { solvers: [scriptedSolver(['"x"'])] } },
  })
  expect(result).toMatchObject({ status: 'failed', error: { code: 'async-schema' } })
})
