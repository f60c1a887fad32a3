import { LLMock } from '@copilotkit/aimock'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { workflow } from '../../src/context.ts'
import type { Embeddings } from '../../src/models/providers/embedding.ts'
import { hostedEmbedder } from '../../src/models/providers/hosted-embedder.ts'
import type { RouteAnswer } from '../../src/models/route/route-answer.ts'
import type { Solver } from '../../src/models/solver.ts'
import { readBudget } from '../../src/store/spending/budgets.ts'
import { runInMemory } from '../../src/testing/run-in-memory.ts'
import { type AgentBench, agentBench } from '../agents/agent-harness.ts'
import { type ProviderDouble, providerDouble } from './provider-double.ts'

const keys = { OPENAI_API_KEY: 'sk-o', GEMINI_API_KEY: 'sk-g' }
const signal = new AbortController().signal
const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

/** What a workflow can keep of vectors. */
const shown = ({ model, dimensions, vectors }: Embeddings) => ({
  model,
  dimensions,
  firsts: vectors.map(([first]) => first!),
})

const flow = workflow({
  name: 'flow',
  input: z.object({ count: z.number(), pauseMs: z.number().optional() }),
  async run(ctx, { count, pauseMs }) {
    const texts = Array.from({ length: count }, (_, index) => `text ${index}`)
    const embeddings = await ctx.embed('texts', texts)
    if (pauseMs) await ctx.sleep(pauseMs)
    return shown(embeddings)
  },
})

/** OpenAI's endpoint: the vector of `text N` is [N, 1], one token for each text. `refuse` picks requests to refuse. */
async function openAi(refuse: (input: string[]) => boolean = () => false): Promise<ProviderDouble> {
  const double = await providerDouble(({ body }, response) => {
    const input = body.input as string[]
    if (refuse(input)) {
      response.statusCode = 400
      return { error: { message: 'not now', type: 'invalid_request_error', code: null, param: null } }
    }
    const data = input.map((text, index) => ({
      object: 'embedding',
      index,
      embedding: [Number(text.slice(5)), 1],
    }))
    const usage = { prompt_tokens: input.length, total_tokens: input.length }
    return { object: 'list', data, model: body.model, usage }
  })
  cleanups.push(() => double.close())
  return double
}

function embedderAt({ url }: ProviderDouble, model = 'openai/text-embedding-3-small'): Solver {
  return hostedEmbedder(model, { keys, baseUrl: `${url}/v1` })
}

async function benchOf(solver: Solver, options: Parameters<typeof agentBench>[2] = {}): Promise<AgentBench> {
  const bench = await agentBench([flow], { 'embedder:default': solver }, options)
  cleanups.push(() => bench.engine.stop())
  return bench
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index)

test('many texts go in batches, come back in order, and cost what the batches cost', async () => {
  const double = await openAi()
  const bench = await benchOf(embedderAt(double))
  const handle = await bench.engine.startRun(flow, { count: 500 })
  expect(await handle.result()).toEqual({
    status: 'succeeded',
    output: { model: 'openai/text-embedding-3-small', dimensions: 2, firsts: upTo(500) },
  })
  const sizes = double.requests.map(({ body }) => (body.input as string[]).length)
  expect(sizes).toEqual([96, 96, 96, 96, 96, 20])
  const budget = (await readBudget(bench.database, 'project'))!
  expect(budget.reserved_nanousd).toBe(0)
  // Each batch is rounded up to the next billionth.
  expect(budget.spent_nanousd - 500 * 20).toBeLessThanOrEqual(6)
  expect(budget.spent_nanousd).toBeGreaterThanOrEqual(500 * 20)
  const journal = (await bench.events(handle.id)).filter(({ type }) => type === 'question-completed')
  expect(journal.map(({ name }) => name)).toContain('texts 97–192')
  expect((JSON.parse(journal[0]!.payload!) as RouteAnswer).usage).toMatchObject({ inputTokens: 96 })
})

test('a batch that fails leaves the others done: the retried run asks for that one alone', async () => {
  let isDown = true
  const double = await openAi((input) => isDown && input.includes('text 200'))
  const bench = await benchOf(embedderAt(double))
  const handle = await bench.engine.startRun(flow, { count: 300 })
  expect(await handle.result()).toMatchObject({ status: 'failed', error: { code: 'route-exhausted' } })
  expect(double.requests).toHaveLength(3)
  isDown = false
  await bench.engine.control.retry(handle.id, 'ada')
  await bench.clock.advance(0)
  expect(await bench.engine.resultOf(handle.id)).toMatchObject({ output: { firsts: upTo(300) } })
  expect(double.requests).toHaveLength(5)
})

test('after a restart the vectors come from the journal', async () => {
  const double = await openAi()
  const first = await benchOf(embedderAt(double))
  const handle = await first.engine.startRun(flow, { count: 100, pauseMs: 60_000 })
  await first.clock.advance(1000)
  while (double.requests.length < 2) await new Promise((resolve) => setImmediate(resolve))
  await first.engine.stop()
  const nobody: Solver = {
    name: 'nobody',
    kind: 'function',
    solve: () => {
      throw new Error('asked')
    },
  }
  const second = await benchOf(nobody, { database: first.database, clock: first.clock })
  await second.clock.advance(120_000)
  expect(await second.engine.resultOf(handle.id)).toMatchObject({ output: { firsts: upTo(100) } })
})

test('each batch is reserved before it is sent: beyond a ceiling none is', async () => {
  const double = await openAi()
  const worst = embedderAt(double).worstCaseUsd!({
    task: 'embed',
    name: '',
    input: upTo(96).map((index) => `text ${index}`),
  })
  const bench = await benchOf(embedderAt(double), {
    budgets: { project: worst * 0.9, whenExhausted: 'fail' },
  })
  const handle = await bench.engine.startRun(flow, { count: 96 })
  expect(await handle.result()).toMatchObject({ status: 'failed', error: { code: 'over-budget' } })
  expect(double.requests).toHaveLength(0)
})

test('vectors of two models are never put together', async () => {
  let isDown = true
  const double = await openAi((input) => isDown && input.includes('text 400'))
  const bench = await benchOf(embedderAt(double))
  const handle = await bench.engine.startRun(flow, { count: 401 })
  await handle.result()
  await bench.engine.stop()
  isDown = false
  const { database, clock } = bench
  const other = await benchOf(embedderAt(double, 'openai/text-embedding-3-large'), { database, clock })
  await other.engine.control.retry(handle.id, 'ada')
  expect(await other.engine.resultOf(handle.id)).toMatchObject({
    error: { code: 'mixed-embeddings', message: expect.stringContaining('text-embedding-3-large') },
  })
})

describe('over the real wire protocols', () => {
  test.each(['openai/text-embedding-3-small', 'ollama/nomic-embed-text'])(
    '%s answers a vector for each text',
    async (model) => {
      const mock = new LLMock({ host: '127.0.0.1', port: 0 })
      await mock.start()
      cleanups.push(() => mock.stop())
      mock.onEmbedding(/.*/, { embedding: [0.5, -0.25, 1] })
      const bench = await benchOf(hostedEmbedder(model, { keys, baseUrl: `${mock.url}/v1` }))
      const handle = await bench.engine.startRun(flow, { count: 3 })
      expect(await handle.result()).toMatchObject({
        output: { model, dimensions: 3, firsts: [0.5, 0.5, 0.5] },
      })
      expect(JSON.stringify(mock.getRequests().map(({ body }) => body))).toContain('text 2')
    },
  )

  // The mock has Gemini's endpoint for one text only.
  test('google/gemini-embedding-001 answers a vector for each text', async () => {
    const double = await providerDouble(({ body }) => ({
      embeddings: (body.requests as unknown[]).map((_, index) => ({ values: [index, 0.5] })),
    }))
    cleanups.push(() => double.close())
    const bench = await benchOf(
      hostedEmbedder('google/gemini-embedding-001', { keys, baseUrl: `${double.url}/v1beta` }),
    )
    const handle = await bench.engine.startRun(flow, { count: 3 })
    expect(await handle.result()).toMatchObject({ output: { dimensions: 2, firsts: [0, 1, 2] } })
    expect(double.requests[0]).toMatchObject({
      path: '/v1beta/models/gemini-embedding-001:batchEmbedContents',
      body: { requests: [{ content: { parts: [{ text: 'text 0' }] } }, {}, {}] },
    })
    // It counts no tokens, so the bytes stand for them.
    const [answer] = (await bench.events(handle.id)).filter(({ type }) => type === 'question-completed')
    expect((JSON.parse(answer!.payload!) as RouteAnswer).usage.inputTokens).toBe(3 * (6 + 8))
  })

  test.each([[[[1]]], [[[1], [1, 2]]], [[[], []]]])(
    'vectors %j for two texts count as an outage',
    async (vectors) => {
      const data = vectors.map((embedding, index) => ({ object: 'embedding', index, embedding }))
      const usage = { prompt_tokens: 1, total_tokens: 1 }
      const double = await providerDouble(() => ({ object: 'list', data, model: 'x', usage }))
      cleanups.push(() => double.close())
      const question = { task: 'embed' as const, name: 'x', input: ['a', 'b'] }
      await expect(embedderAt(double).solve(question, { signal })).rejects.toMatchObject({
        code: 'provider-unavailable',
        retryable: true,
        details: { billUnknown: true },
      })
    },
  )

  test('a model of an SDK with a smaller limit is asked in parts', async () => {
    const { createOpenAI } = await import('@ai-sdk/openai')
    const double = await openAi()
    const model = createOpenAI({ apiKey: 'k', baseURL: `${double.url}/v1` }).embedding(
      'text-embedding-3-small',
    )
    const small = Object.assign(Object.create(model) as typeof model, { maxEmbeddingsPerCall: 40 })
    const bench = await benchOf(hostedEmbedder(small, { keys: {} }))
    const handle = await bench.engine.startRun(flow, { count: 96 })
    expect(await handle.result()).toMatchObject({ output: { firsts: upTo(96) } })
    expect(double.requests.map(({ body }) => (body.input as string[]).length)).toEqual([40, 40, 16])
  })
})

test('without a configuration the local embedder answers, at no cost and without a network', async () => {
  const named = workflow({
    name: 'named',
    input: z.array(z.string()),
    run: async (ctx, texts) => shown(await ctx.embed('texts', texts)),
  })
  const { result } = await runInMemory(named, ['red shoes', 'blue shoes'])
  expect(result).toMatchObject({ output: { model: 'local/reeve-table-256-v1', dimensions: 256 } })
  const { result: none } = await runInMemory(named, [])
  expect(none).toMatchObject({ output: { dimensions: 0, firsts: [] } })
})

test('what cannot be embedded is refused before anything is paid, by its place', async () => {
  const given = workflow({
    name: 'given',
    input: z.array(z.string()),
    run: async (ctx, texts) => shown(await ctx.embed('texts', texts)),
  })
  expect((await runInMemory(given, ['a', ' '])).result).toMatchObject({
    error: { code: 'bad-text', details: { index: 1 } },
  })
  expect((await runInMemory(given, ['x'.repeat(250_001)])).result).toMatchObject({
    error: { code: 'bad-text', message: expect.stringContaining('250001 bytes') },
  })
})

test('a wrong configuration says so', async () => {
  const named = workflow({
    name: 'named',
    input: z.string(),
    run: (ctx) => ctx.embed('x', ['a']).then(shown),
  })
  await expect(runInMemory(named, '', { embedders: { default: {} as never } })).rejects.toMatchObject({
    code: 'bad-embedder',
  })
  expect(() => hostedEmbedder('anthropic/claude-haiku-4-5', { keys })).toThrow(
    'Anthropic has no embedding models',
  )
  expect(hostedEmbedder('openai/text-embedding-3-small', { keys: {} }).unusable?.code).toBe('missing-key')
  expect(hostedEmbedder('openai/unheard-of', { keys }).unusable?.code).toBe('unknown-price')
})
