import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { toJsonSchema } from '../../src/base/schema/schema.ts'
import { hostedSolver } from '../../src/models/providers/hosted.ts'
import type { SdkModel } from '../../src/models/providers/provider.ts'
import { askRoute } from '../../src/models/route/route.ts'
import type { Question } from '../../src/models/solver.ts'
import { scriptedSolver } from '../../src/testing/scripted.ts'
import { FakeClock } from './fake-clock.ts'
import { type WireModel, wireDouble, wireModels } from './wire-double.ts'

const signal = new AbortController().signal
const draft: Question = { task: 'generate', name: 'draft', input: {} }
const Facts = z.object({ n: z.number() })
const facts: Question = { task: 'extract', name: 'facts', input: 'one', schema: toJsonSchema(Facts) }
const half = 'Dear Ann, we will'

/** Ways of ending that leave half a text, by wire. `missing`: the provider says nothing of its end. */
const unfinished: Record<WireModel, (string | null)[]> = {
  'ollama/llama3.2': ['abort', 'error', 'cancelled', 'pause_turn', 'STOPPED', 'load', '', null, 'missing'],
  'openai/gpt-5-mini': [
    'cancelled',
    'failed',
    'in_progress',
    'queued',
    'incomplete',
    'incomplete:other',
    null,
    'missing',
  ],
  'anthropic/claude-haiku-4-5': ['pause_turn', 'compaction', 'error', 'unknown', '', null, 'missing'],
  'google/gemini-2.5-flash': [
    'OTHER',
    'LANGUAGE',
    'MALFORMED_FUNCTION_CALL',
    'FINISH_REASON_UNSPECIFIED',
    'UNEXPECTED_TOOL_CALL',
    'TOO_MANY_TOOL_CALLS',
    'NO_IMAGE',
    'unknown',
    null,
    'missing',
  ],
}
const cut: Record<WireModel, string[]> = {
  'ollama/llama3.2': ['length'],
  'openai/gpt-5-mini': ['incomplete:max_output_tokens'],
  'anthropic/claude-haiku-4-5': ['max_tokens', 'model_context_window_exceeded'],
  'google/gemini-2.5-flash': ['MAX_TOKENS'],
}
const declined: Record<WireModel, string[]> = {
  'ollama/llama3.2': ['content_filter'],
  'openai/gpt-5-mini': ['incomplete:content_filter'],
  'anthropic/claude-haiku-4-5': ['refusal'],
  'google/gemini-2.5-flash': ['SAFETY', 'RECITATION', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII'],
}

async function double(model: WireModel, ...ends: (string | null | undefined)[]) {
  const replies = ends.map((end) => ({ text: half, ...(end === undefined ? {} : { end }) }))
  const at = await wireDouble(model, replies)
  onTestFinished(() => at.close())
  return at
}

const cases = wireModels.flatMap((model) => [[model, false] as const, [model, true] as const])

describe.each(cases)('how a reply of %s ended (streamed: %s)', (model, isStreamed) => {
  const options = isStreamed ? { signal, onText: () => {} } : { signal }

  test.each(unfinished[model])('half a text that ended with %j is an outage', async (end) => {
    const { solver } = await double(model, end)
    await expect(solver.solve(draft, options)).rejects.toMatchObject({
      code: 'provider-unavailable',
      retryable: true,
      details: { billUnknown: true },
    })
    const whole = await double(model, end, undefined)
    const route = { solvers: [whole.solver], maxRetries: 1 }
    const clock = new FakeClock()
    const asking = askRoute(route, draft, undefined, { signal, clock })
    await expect.poll(() => clock.waiting).toContain(250)
    await clock.advance(250)
    expect(await asking).toMatchObject({ value: half, hops: [{ retries: 1 }] })
  })

  test.each(unfinished[model])(
    'so is a typed answer that ended with %j, however whole its JSON',
    async (end) => {
      const at = await wireDouble(model, [{ text: '{"n":1}', end }])
      onTestFinished(() => at.close())
      const local = scriptedSolver(['{"n":2}'], { name: 'local/rule', kind: 'local' })
      const route = { solvers: [at.solver, local], maxRetries: 0 }
      const answer = await askRoute(route, facts, Facts, { signal, clock: new FakeClock() })
      expect(answer).toMatchObject({
        value: { n: 2 },
        hops: [{ outcome: 'failed' }, { outcome: 'answered' }],
      })
    },
  )

  test.each(cut[model])('one that ended with %j was cut, and is healed as such', async (end) => {
    const { solver } = await double(model, end)
    expect(await solver.solve(draft, options)).toMatchObject({ kind: 'text', text: half, cut: true })
  })

  test.each(declined[model])('one that ended with %j was declined', async (end) => {
    const { solver } = await double(model, end)
    expect(await solver.solve(draft, options)).toMatchObject({ kind: 'abstain' })
  })

  test('one that ended as it should is whole', async () => {
    const { solver } = await double(model, undefined)
    const answer = await solver.solve(draft, options)
    expect(answer).toMatchObject({ kind: 'text', text: half })
    expect(answer).not.toHaveProperty('cut')
  })

  test('an empty reply is an empty answer, to be mended', async () => {
    const at = await wireDouble(model, [{ text: '' }, { text: 'Dear Ann.' }])
    onTestFinished(() => at.close())
    const route = { solvers: [at.solver], maxRetries: 0 }
    const answer = await askRoute(route, draft, undefined, { signal, clock: new FakeClock() })
    expect(answer).toMatchObject({ value: 'Dear Ann.', hops: [{ heals: 1 }] })
  })
})

/** An AI SDK model object of a provider that Reeve does not know. */
function modelObject(unified: string, raw: string | undefined, content: object[]): SdkModel {
  return {
    specificationVersion: 'v3',
    provider: 'acme.chat',
    modelId: 'one',
    supportedUrls: {},
    doGenerate: async () => ({
      content,
      finishReason: { unified, raw },
      usage: { inputTokens: { total: 1 }, outputTokens: { total: 1 } },
      warnings: [],
    }),
  } as never
}

describe('an AI SDK model object', () => {
  const solverOf = (...given: Parameters<typeof modelObject>) =>
    hostedSolver(modelObject(...given), { keys: {}, allowUnknownPrice: true })
  const text = [{ type: 'text', text: half }]

  test.each([
    ['stop', 'COMPLETE', undefined],
    ['stop', undefined, undefined],
    ['stop', 'pause_turn', 'provider-unavailable'],
    ['other', 'mystery', 'provider-unavailable'],
    ['error', undefined, 'provider-unavailable'],
    ['interrupted', undefined, 'provider-unavailable'],
  ])('that ends with %s (%s) gives %s', async (unified, raw, code) => {
    const solving = Promise.resolve(solverOf(unified, raw, text).solve(draft, { signal }))
    if (code === undefined) expect(await solving).toMatchObject({ text: half })
    else await expect(solving).rejects.toMatchObject({ code })
  })

  test('has its calls told apart, and numbers that may have been rounded refused', async () => {
    const call = (input: string) => ({ type: 'tool-call', toolCallId: 'one', toolName: 'pay', input })
    const offer = { name: 'pay', description: 'Pays.', inputSchema: { type: 'object' } }
    const question: Question = {
      task: 'converse',
      name: 'turn',
      input: {},
      messages: [{ role: 'user', text: 'pay' }],
      tools: [offer],
    }
    const content = [call('{"to":"Ann"}'), call('{"to":"Bob"}'), call('{"order":9007199254740992}')]
    expect(await solverOf('tool-calls', undefined, content).solve(question, { signal })).toMatchObject({
      calls: [
        { id: 'one', args: { to: 'Ann' } },
        { id: 'one-2', args: { to: 'Bob' } },
        { id: 'one-3', problem: expect.stringContaining('would be rounded') },
      ],
    })
  })
})
