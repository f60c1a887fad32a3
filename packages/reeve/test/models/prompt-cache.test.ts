import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { toJsonSchema } from '../../src/base/schema/schema.ts'
import { budgeted } from '../../src/models/asking/budget.ts'
import { findPrice, type Price } from '../../src/models/asking/price.ts'
import { hostedSolver } from '../../src/models/providers/hosted.ts'
import { askRoute } from '../../src/models/route/route.ts'
import type { Question, Usage } from '../../src/models/solver.ts'
import { FakeClock } from './fake-clock.ts'
import { anthropicMessage, openAiResponse, type ProviderDouble, providerDouble } from './provider-double.ts'

const signal = new AbortController().signal
const keys = { ANTHROPIC_API_KEY: 'sk-a', OPENAI_API_KEY: 'sk-o', GEMINI_API_KEY: 'sk-g' }
const marked = { type: 'ephemeral' }
let double: ProviderDouble | undefined

afterEach(async () => {
  await double?.close()
  double = undefined
})

const Count = z.object({ count: z.number() })
const lone: Question = { task: 'extract', name: 'count', input: 'two', schema: toJsonSchema(Count) }
const turn: Question = {
  task: 'converse',
  name: 'turn 3',
  input: '',
  instructions: 'You count.',
  tools: [{ name: 'look', description: 'Looks.', inputSchema: { type: 'object', properties: {} } }],
  messages: [
    { role: 'user', text: 'how many?' },
    { role: 'assistant', calls: [{ id: 'c1', tool: 'look', args: {} }] },
    { role: 'tool', call: 'c1', tool: 'look', text: 'one' },
    { role: 'assistant', calls: [{ id: 'c2', tool: 'look', args: {} }] },
    { role: 'tool', call: 'c2', tool: 'look', text: 'two' },
  ],
}

async function anthropic(question: Question, promptCache?: boolean) {
  const usage = {
    input_tokens: 1000,
    output_tokens: 100,
    cache_read_input_tokens: 20_000,
    cache_creation_input_tokens: 4000,
  }
  double = await providerDouble(() => anthropicMessage('{"count":2}', usage))
  const solver = hostedSolver('anthropic/claude-haiku-4-5', { keys, baseUrl: `${double.url}/v1` })
  const answer = await solver.solve(question, { signal, promptCache })
  return { answer, solver, body: double.requests[0]!.body as Record<string, never[]> }
}

/** Where the marks stand in a request, as paths. */
function marksIn(value: unknown, path = ''): string[] {
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, part]) =>
    key === 'cache_control' ? [path] : marksIn(part, path === '' ? key : `${path}.${key}`),
  )
}

describe('Anthropic', () => {
  test('a turn of a conversation marks its instructions, its end and the end of the turn before', async () => {
    const { body } = await anthropic(turn)
    expect(marksIn(body)).toEqual(['system.0', 'messages.2.content.0', 'messages.4.content.0'])
    expect(body.system).toMatchObject([{ cache_control: marked }])
  })

  test('a lone question marks nothing unless its route says so, and no route may be made to', async () => {
    expect(marksIn((await anthropic(lone)).body)).toEqual([])
    await double!.close()
    expect(marksIn((await anthropic(lone, true)).body)).toEqual(['system.0'])
    await double!.close()
    expect(marksIn((await anthropic(turn, false)).body)).toEqual([])
  })

  test('what was read and written is counted, and priced at its own price', async () => {
    const { answer, solver } = await anthropic(turn)
    expect(answer.usage).toMatchObject({
      inputTokens: 25_000,
      cachedInputTokens: 20_000,
      cacheWriteTokens: 4000,
      outputTokens: 100,
    })
    expect(answer.usage!.costUsd).toBeCloseTo(0.001 + 0.002 + 0.005 + 0.0005, 12)
    // All of the prompt may come to be written, at 1.25 times the price.
    const bytes = (solver.worstCaseUsd!(turn, { promptCache: false }) - 4096 * 5e-6) / 1e-6
    expect(solver.worstCaseUsd!(turn)).toBeCloseTo(bytes * 1.25e-6 + 4096 * 5e-6, 12)
    expect(solver.worstCaseUsd!(lone)).toBe(solver.worstCaseUsd!(lone, { promptCache: false }))
  })
})

test('the route’s option reaches the provider and the reservation, and its tokens reach the answer', async () => {
  const usage = {
    input_tokens: 10,
    output_tokens: 1,
    cache_read_input_tokens: 0,
    cache_creation_input_tokens: 90,
  }
  double = await providerDouble(() => anthropicMessage('{"count":2}', usage))
  const hosted = hostedSolver('anthropic/claude-haiku-4-5', { keys, baseUrl: `${double.url}/v1` })
  const reserved: number[] = []
  const account = {
    reserve: async (_model: string, usd: number) => `${reserved.push(usd)}`,
    settle: async () => {},
  }
  const route = { solvers: [budgeted(hosted, account)], promptCache: true }
  const answer = await askRoute(route, lone, Count, { signal, clock: new FakeClock() })
  expect(marksIn(double.requests[0]!.body)).toEqual(['system.0'])
  expect(answer.usage).toMatchObject({ inputTokens: 100, cacheWriteTokens: 90 } satisfies Partial<Usage>)
  expect(answer.hops[0]!.usage.cachedInputTokens).toBeUndefined()
  expect(reserved).toEqual([hosted.worstCaseUsd!(lone, { promptCache: true })])
  expect(reserved[0]).toBeGreaterThan(hosted.worstCaseUsd!(lone))
})

describe('OpenAI', () => {
  async function openAi(question: Question, promptCache?: boolean) {
    double ??= await providerDouble(() =>
      openAiResponse('{"count":2}', { input: 10_000, cached: 8000, output: 100 }),
    )
    const solver = hostedSolver('openai/gpt-5-mini', { keys, baseUrl: `${double.url}/v1` })
    const answer = await solver.solve(question, { signal, promptCache })
    return { answer, solver, key: double.requests.at(-1)!.body.prompt_cache_key }
  }

  test('questions with the same stable part go to the same cache, others to another; nothing goes when told off', async () => {
    const { key, answer, solver } = await openAi(lone)
    expect(key).toMatch(/^[\w-]{32}$/)
    expect((await openAi({ ...lone, input: 'three' })).key).toBe(key)
    expect((await openAi({ ...lone, instructions: 'Count words.' })).key).not.toBe(key)
    expect((await openAi(lone, false)).key).toBeUndefined()
    expect(answer.usage).toMatchObject({ inputTokens: 10_000, cachedInputTokens: 8000 })
    expect(answer.usage!.costUsd).toBeCloseTo(2000 * 0.25e-6 + 8000 * 0.025e-6 + 100 * 2e-6, 12)
    expect(solver.worstCaseUsd!(lone, { promptCache: true })).toBe(solver.worstCaseUsd!(lone))
  })

  test('the stable part stands first, the input after it', async () => {
    await openAi(lone)
    const [first, second] = double!.requests[0]!.body.input as { role: string; content: unknown }[]
    expect(first).toMatchObject({ role: 'developer' })
    expect(JSON.stringify(first)).toContain('JSON Schema')
    expect(JSON.stringify(first)).not.toContain('two')
    expect(JSON.stringify(second)).toContain('two')
  })

  test('a price table without a price for cached input counts it in full', async () => {
    double = await providerDouble(() =>
      openAiResponse('{"count":2}', { input: 1000, cached: 800, output: 0 }),
    )
    const price: Price = {
      inputUsdPerMillion: 1,
      outputUsdPerMillion: 1,
      asOf: '2026-01-01',
      source: 'contract',
    }
    const prices = { 'openai/gpt-5-mini': price }
    const solver = hostedSolver('openai/gpt-5-mini', { keys, prices, baseUrl: `${double.url}/v1` })
    expect((await solver.solve(lone, { signal })).usage!.costUsd).toBeCloseTo(0.001, 12)
  })
})

test('Google’s cached tokens are counted and priced', async () => {
  double = await providerDouble(() => ({
    candidates: [{ content: { role: 'model', parts: [{ text: '{"count":2}' }] }, finishReason: 'STOP' }],
    usageMetadata: {
      promptTokenCount: 1000,
      candidatesTokenCount: 10,
      totalTokenCount: 1010,
      cachedContentTokenCount: 600,
    },
  }))
  const solver = hostedSolver('google/gemini-2.5-flash', { keys, baseUrl: `${double.url}/v1beta` })
  const { usage } = await solver.solve(lone, { signal })
  expect(usage).toMatchObject({ inputTokens: 1000, cachedInputTokens: 600 })
  expect(usage!.costUsd).toBeCloseTo(400 * 0.3e-6 + 600 * 0.03e-6 + 10 * 2.5e-6, 12)
  const { inputUsdPerMillion, cachedInputUsdPerMillion } = findPrice('google/gemini-2.5-flash')!
  expect(cachedInputUsdPerMillion).toBeLessThan(inputUsdPerMillion)
})
