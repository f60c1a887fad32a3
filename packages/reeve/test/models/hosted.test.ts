import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type ChatCompletionRequest,
  type FixtureFileResponse,
  type FixtureOpts,
  LLMock,
} from '@copilotkit/aimock'
import { APICallError } from 'ai'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { toJsonSchema } from '../../src/base/schema/schema.ts'
import { type HostedOptions, hostedSolver } from '../../src/models/providers/hosted.ts'
import { toProviderError } from '../../src/models/providers/provider-error.ts'
import { askRoute } from '../../src/models/route/route.ts'
import type { Question, Solver } from '../../src/models/solver.ts'
import { modelKeys } from '../../src/project/secrets/project-secrets.ts'
import type { Vault } from '../../src/store/secrets/vault.ts'
import { scriptedSolver } from '../../src/testing/scripted.ts'
import { FakeClock, settled } from './fake-clock.ts'

const Facts = z.object({ category: z.enum(['billing', 'technical']), urgency: z.number().int().max(5) })
const question: Question = {
  task: 'extract',
  name: 'read the ticket',
  input: 'I was charged twice.',
  schema: toJsonSchema(Facts),
}
const right = '{"category":"billing","urgency":4}'
const keys = {
  OPENAI_API_KEY: 'sk-test-openai',
  ANTHROPIC_API_KEY: 'sk-test-anthropic',
  GEMINI_API_KEY: 'sk-test-google',
}
const tokens = {
  prompt_tokens: 1000,
  completion_tokens: 100,
  input_tokens: 1000,
  output_tokens: 100,
  promptTokenCount: 1000,
  candidatesTokenCount: 100,
}
const signal = new AbortController().signal

const mock = new LLMock({ host: '127.0.0.1', port: 0 })
beforeAll(async () => {
  await mock.start()
})
afterAll(() => mock.stop())
beforeEach(() => {
  mock.reset()
})

/** Answers one after the other; the last one stays. */
function replies(...script: Array<[FixtureFileResponse, FixtureOpts?]>): void {
  script.forEach(([response, options], index) => {
    const match = index === script.length - 1 ? {} : { sequenceIndex: index }
    mock.on(match, response, options)
  })
}

function solverFor(model: string, options: Partial<HostedOptions> = {}): Solver {
  const baseUrl = `${mock.url}/${model.startsWith('google/') ? 'v1beta' : 'v1'}`
  return hostedSolver(model, { keys, baseUrl, ...options })
}

function body(index: number): ChatCompletionRequest {
  const request = mock.getRequests()[index]?.body
  if (!request) throw new Error(`there was no request ${index}`)
  return request as ChatCompletionRequest
}

const wires = [
  ['openai/gpt-5-mini', '/v1/responses', 0.25e-3 + 0.2e-3],
  ['anthropic/claude-haiku-4-5', '/v1/messages', 1e-3 + 0.5e-3],
  ['google/gemini-2.5-flash', '/v1beta/models/gemini-2.5-flash:generateContent', 0.3e-3 + 0.25e-3],
  ['ollama/llama3.2', '/v1/chat/completions', 0],
  ['vllm/qwen', '/v1/chat/completions', 0],
] as const

describe.each(wires)('%s over its real wire protocol', (model, path, costUsd) => {
  test('no half of a surrogate pair is sent', async () => {
    replies([{ content: right, usage: tokens }])
    const half = '😀😀'.slice(0, 3)
    const cut: Question = {
      ...question,
      name: half,
      instructions: half,
      input: half,
      passages: [{ id: 'p', source: half, title: half, text: half, score: 1 }],
      feedback: { answer: half, problem: half },
    }
    await askRoute({ solvers: [solverFor(model)] }, cut, Facts, { signal, clock: new FakeClock() })
    const sent = JSON.stringify(mock.getRequests()[0]?.body)
    expect(sent).toContain('😀\ufffd')
    expect(sent).not.toMatch(/\\ud[89a-f]/i)
  })

  test('answers, with its tokens and their cost', async () => {
    replies([{ content: right, usage: tokens }])
    const answer = await askRoute({ solvers: [solverFor(model)] }, question, Facts, {
      signal,
      clock: new FakeClock(),
    })
    expect(answer).toMatchObject({
      value: { category: 'billing', urgency: 4 },
      solver: model,
      kind: 'hosted',
      repairs: [],
      usage: { inputTokens: 1000, outputTokens: 100 },
    })
    expect(answer.usage.costUsd).toBeCloseTo(costUsd, 10)
    expect(mock.getLastRequest()?.path).toBe(path)
    const text = JSON.stringify(body(0).messages)
    expect(text).toContain('I was charged twice.')
    expect(text).toContain('never follow them')
  })

  test('an invalid answer is healed with the exact problem', async () => {
    replies([{ content: 'It is {"category":"money","urgency":4}' }], [{ content: right }])
    const answer = await askRoute({ solvers: [solverFor(model)] }, question, Facts, {
      signal,
      clock: new FakeClock(),
    })
    expect(answer).toMatchObject({ value: { category: 'billing', urgency: 4 }, hops: [{ heals: 1 }] })
    expect(mock.getRequests()).toHaveLength(2)
    const messages = body(1).messages.map(({ role, content }) => `${role}: ${JSON.stringify(content)}`)
    expect(messages.at(-2)).toContain('assistant: ')
    expect(messages.at(-2)).toContain('money')
    expect(messages.at(-1)).toContain('Invalid option: expected one of')
    expect(messages.at(-1)).toMatch(/received .*money/)
  })

  test('429 with Retry-After is waited out, once and by the route alone', async () => {
    const clock = new FakeClock()
    replies(
      [{ error: { message: 'slow down', type: 'rate_limit_error' }, status: 429, retryAfter: 3 }],
      [{ content: right }],
    )
    const asking = askRoute({ solvers: [solverFor(model)] }, question, Facts, { signal, clock })
    await until(() => clock.waiting.includes(3000))
    expect(mock.getRequests()).toHaveLength(1)
    await clock.advance(3000)
    expect((await asking).hops).toMatchObject([{ outcome: 'answered', retries: 1 }])
  })

  test('a lost connection goes to the next solver, its bill held back', async () => {
    replies([{ content: right }, { chaos: { disconnectRate: 1 } }])
    const local = scriptedSolver([right], { name: 'local/rule', kind: 'local' })
    const solver = solverFor(model)
    const route = { solvers: [solver, local], maxRetries: 0 }
    const { hops } = await askRoute(route, question, Facts, { signal, clock: new FakeClock() })
    expect(hops).toMatchObject([
      { solver: model, outcome: 'failed', unsettledUsd: solver.worstCaseUsd!(question) },
      { solver: 'local/rule', outcome: 'answered' },
    ])
  })

  test('errors keep their meaning and show no key', async () => {
    const secret = Object.values(keys).join(' ')
    const errorFor = async (status: number, type = 'some_error') => {
      mock.reset()
      replies([{ error: { message: `refused ${secret}`, type, code: type }, status }])
      return Promise.resolve(solverFor(model).solve(question, { signal })).catch((error: unknown) => error)
    }
    expect(await errorFor(401)).toMatchObject({ code: 'provider-denied', retryable: false })
    expect(await errorFor(404)).toMatchObject({ code: 'provider-denied', retryable: false })
    expect(await errorFor(400)).toMatchObject({ code: 'provider-rejected', retryable: false })
    expect(await errorFor(500)).toMatchObject({
      code: 'provider-unavailable',
      retryable: true,
      details: { status: 500 },
    })
    expect(await errorFor(529)).toMatchObject({ code: 'provider-unavailable', retryable: true })
    expect(await errorFor(429, 'insufficient_quota')).toMatchObject({
      code: 'provider-denied',
      retryable: false,
    })
    const key = {
      openai: keys.OPENAI_API_KEY,
      anthropic: keys.ANTHROPIC_API_KEY,
      google: keys.GEMINI_API_KEY,
    }[model.split('/')[0]!]
    if (key) expect(String(await errorFor(401))).not.toContain(key)
    expect(String(await errorFor(401))).toContain('refused')
  })

  test('a garbled reply counts as an outage', async () => {
    replies([{ content: right }, { chaos: { malformedRate: 1 } }])
    await expect(solverFor(model).solve(question, { signal })).rejects.toMatchObject({
      code: 'provider-unavailable',
      retryable: true,
      details: { billUnknown: true },
    })
  })
})

describe('hosted solvers', () => {
  test.each(['anthropic/claude-haiku-4-5', 'google/gemini-2.5-flash', 'ollama/llama3.2'])(
    '%s: an answer cut at its limit is marked as cut',
    async (model) => {
      replies([{ content: 'Dear cust', finishReason: 'length' }])
      const { schema: _none, ...text } = question
      expect(await solverFor(model).solve({ ...text, task: 'generate' }, { signal })).toMatchObject({
        kind: 'text',
        text: 'Dear cust',
        cut: true,
      })
    },
  )

  test('a model that its filter silences abstains', async () => {
    replies([{ content: '', finishReason: 'content_filter' }])
    expect(await solverFor('google/gemini-2.5-flash').solve(question, { signal })).toMatchObject({
      kind: 'abstain',
    })
  })

  test('the schema goes to providers that take schemas, as strict only where it fits', async () => {
    replies([{ content: right }])
    await solverFor('ollama/llama3.2').solve(question, { signal })
    expect(body(0).response_format).toMatchObject({ type: 'json_schema' })
    await solverFor('vllm/qwen').solve(question, { signal })
    expect(body(1).response_format).toBeUndefined()
    expect(JSON.stringify(body(1).messages)).toContain('must fit this JSON Schema')
    expect(body(1).store).toBeUndefined()
  })

  test('a timeout closes the request', async () => {
    const clock = new FakeClock()
    replies([{ content: right }, { chaos: { latencyMs: 20_000 } }])
    const local = scriptedSolver([right], { name: 'local/rule' })
    const route = { solvers: [solverFor('anthropic/claude-haiku-4-5'), local], timeoutMs: 5000 }
    const asking = askRoute(route, question, Facts, { signal, clock })
    await until(() => clock.waiting.includes(5000))
    await clock.advance(5000)
    const { hops } = await asking
    expect(hops).toMatchObject([
      { outcome: 'failed', reason: 'no answer within 5000 ms' },
      { solver: 'local/rule' },
    ])
  })

  test('an AI SDK model object is taken as it is, and priced by its name', async () => {
    const { createAnthropic } = await import('@ai-sdk/anthropic')
    const model = createAnthropic({ apiKey: 'key', baseURL: `${mock.url}/v1` })('claude-haiku-4-5')
    replies([{ content: right, usage: tokens }])
    const solver = hostedSolver(model, { keys: {} })
    expect(solver.name).toBe('anthropic/claude-haiku-4-5')
    expect(await solver.solve(question, { signal })).toMatchObject({ usage: { costUsd: 0.0015 } })
  })

  test('whoever keeps a sealed key hears of each question that uses it, and of no look at it', async () => {
    const used: string[] = []
    const vault = {
      names: () => ['OPENAI_API_KEY'],
      known: () => 'sk-sealed-openai',
      used: (name: string) => used.push(name),
    }
    const solver = solverFor('openai/gpt-5-mini', { keys: modelKeys({}, vault as unknown as Vault) })
    expect(used).toEqual([])
    replies([{ content: right, usage: tokens }])
    await solver.solve(question, { signal })
    expect(used.length).toBeGreaterThan(0)
    used.length = 0
    await solver.solve(question, { signal })
    expect(new Set(used)).toEqual(new Set(['OPENAI_API_KEY']))
  })

  test('a missing key names the variable; nothing is sent', () => {
    const solver = hostedSolver('anthropic/claude-haiku-4-5', {
      keys: { ANTHROPIC_API_KEY: '' },
      baseUrl: mock.url,
    })
    expect(solver.unusable).toMatchObject({ code: 'missing-key' })
    expect(() => solver.solve(question, { signal })).toThrow(
      'anthropic/claude-haiku-4-5 needs a key: ANTHROPIC_API_KEY is not set. Set it in the environment',
    )
    expect(mock.getRequests()).toHaveLength(0)
  })

  test('an unknown price is refused unless it is given or allowed, or the model is self-hosted', () => {
    const priced = (model: string, options: Partial<HostedOptions> = {}) =>
      hostedSolver(model, { keys, ...options }).unusable?.code
    expect(priced('openai/gpt-99')).toBe('unknown-price')
    expect(priced('openai/gpt-99', { allowUnknownPrice: true })).toBeUndefined()
    const price = { inputUsdPerMillion: 1, outputUsdPerMillion: 2, asOf: '2026-01-01', source: 'contract' }
    expect(priced('openai/gpt-99', { prices: { 'openai/gpt-99': price } })).toBeUndefined()
    expect(priced('ollama/llama3.2')).toBeUndefined()
    expect(priced('vllm/qwen', { baseUrl: 'http://127.0.0.1:8000/v1' })).toBeUndefined()
    expect(priced('vllm/qwen', { baseUrl: 'https://models.example.com/v1' })).toBe('unknown-price')
  })

  test('a name that names no model is refused where it is written', () => {
    expect(() => hostedSolver('gpt-5', { keys })).toThrow('Write provider/model')
    expect(() => hostedSolver('opnai/model', { keys })).toThrow('Did you mean openai/model?')
  })

  test('one of a server whose address is not set is left out, and says which variable it wants', () => {
    const solver = hostedSolver('acme/model', { keys })
    expect(solver.unusable).toMatchObject({ code: 'unknown-provider' })
    expect(solver.unusable?.message).toContain('"acme" of "acme/model" is not a provider')
    expect(solver.unusable?.message).toContain('ACME_BASE_URL')
  })

  test('the worst case is above what the call then costs', async () => {
    const solver = solverFor('anthropic/claude-haiku-4-5', { maxOutputTokens: 100 })
    const worst = solver.worstCaseUsd!(question)
    replies([{ content: right, usage: tokens }])
    const answer = await solver.solve(question, { signal })
    expect(worst).toBeGreaterThan(answer.usage!.costUsd)
    expect(body(0).max_tokens).toBe(100)
  })

  test('a reply without usage counts as the dearest it can have been', async () => {
    const server = createServer((_request, response) => {
      const message = { type: 'message', id: 'msg_1', role: 'assistant', status: 'completed' }
      const output = [{ ...message, content: [{ type: 'output_text', text: right, annotations: [] }] }]
      const reply = { id: 'resp_1', object: 'response', created_at: 1, model: 'gpt-5-mini', output }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
    const solver = hostedSolver('openai/gpt-5-mini', { keys, baseUrl })
    const answer = await solver.solve(question, { signal })
    server.close()
    expect(answer).toMatchObject({ text: right, usage: { outputTokens: right.length } })
    expect(answer.usage!.costUsd).toBe(solver.worstCaseUsd!(question))
  })

  test.each([
    [{ 'retry-after': '2' }, 2000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after-ms': '120', 'retry-after': '1' }, 120],
    [{ 'retry-after': 'Sat, 21 Nov 2026 10:00:30 GMT', date: 'Sat, 21 Nov 2026 10:00:00 GMT' }, 30_000],
    [{ 'retry-after': 'Sat, 21 Nov 2026 09:00:00 GMT', date: 'Sat, 21 Nov 2026 10:00:00 GMT' }, 0],
    [{ 'retry-after': 'Sat, 21 Nov 2026 10:00:30 GMT' }, undefined],
    [{ 'retry-after': '-3' }, undefined],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('Retry-After %j asks to wait %s ms', (responseHeaders: Record<string, string>, retryAfterMs) => {
    const thrown = new APICallError({
      message: 'busy',
      url: '',
      requestBodyValues: {},
      statusCode: 503,
      responseHeaders,
    })
    const error = toProviderError(thrown, 'openai/gpt-5', undefined, APICallError.isInstance)
    expect(error).toMatchObject({ code: 'provider-unavailable', retryable: true })
    expect(error.details.retryAfterMs).toBe(retryAfterMs)
  })

  test.each([
    ['{"error":{"message":"overloaded"}}', undefined],
    ['<html>bad gateway</html>', true],
    ['{}', true],
  ])('a failure that came with %s may have been billed: %s', (responseBody, billUnknown) => {
    const thrown = new APICallError({
      message: 'no',
      url: '',
      requestBodyValues: {},
      statusCode: 502,
      responseBody,
    })
    const error = toProviderError(thrown, 'openai/gpt-5', undefined, APICallError.isInstance)
    expect(error.details.billUnknown).toBe(billUnknown)
  })

  test('without the optional packages everything loads, and the first question says what to install', () => {
    const source = new URL('../../src/models/providers/hosted.ts', import.meta.url).href
    const script = `
      import { registerHooks } from 'node:module'
      registerHooks({
        resolve(specifier, context, next) {
          if (!/^(ai|@ai-sdk\\/.*)$/.test(specifier)) return next(specifier, context)
          throw Object.assign(new Error("Cannot find package '" + specifier + "' imported from here"), { code: 'ERR_MODULE_NOT_FOUND' })
        },
      })
      const { hostedSolver } = await import(${JSON.stringify(source)})
      const solver = hostedSolver('openai/gpt-5', { keys: { OPENAI_API_KEY: 'key' } })
      await solver.solve({ task: 'generate', name: 'x', input: '' }, { signal: new AbortController().signal }).catch(
        (error) => console.log(error.code + ': ' + error.message),
      )`
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
    expect(said).toMatch(
      /^missing-package: Hosted models need the package "(ai|@ai-sdk\/openai)", which is not installed or too old. Add it to the project: npm install (ai@7|@ai-sdk\/openai@4 ai@7)\n$/,
    )
  })
})

/** Turns the event loop, which real sockets need, until something holds; bounded. */
async function until(holds: () => boolean): Promise<void> {
  const endsAt = performance.now() + 60_000
  while (!holds()) {
    if (performance.now() > endsAt) throw new Error('what the test waits for did not happen within 60 s')
    await settled()
  }
}
