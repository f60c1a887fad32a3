import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { agent } from '../../src/agents/agent.ts'
import { workflow } from '../../src/context.ts'
import { buildConversation } from '../../src/models/reading/conversation.ts'
import { tool } from '../../src/tools/tool.ts'
import { type WireModel, type WireReply, wireDouble, wireModels } from '../models/wire-double.ts'
import { agentBench } from './agent-harness.ts'

/** Runs an agent that pays; answers what was paid and what the model was sent. */
async function pays(model: WireModel, isStreamed: boolean, replies: WireReply[]) {
  const paid: unknown[] = []
  const pay = tool({
    name: 'bank.pay',
    description: 'Pays.',
    input: z.object({ to: z.string(), order: z.number().optional() }),
    output: z.object({ paid: z.string() }),
    effect: 'once',
    approval: 'never',
    run: (args) => {
      paid.push(args)
      return { paid: args.to }
    },
  })
  const clerk = agent({
    name: 'clerk',
    instructions: 'Pay what is due.',
    input: z.string(),
    tools: [pay],
    route: 'chat',
    owner: 'tests',
  })
  const double = await wireDouble(model, [...replies, { text: 'All is paid.' }])
  onTestFinished(() => double.close())
  const flow = workflow({ name: 'flow', input: z.string(), run: (ctx, input) => ctx.agent(clerk, input) })
  const bench = await agentBench(
    [flow],
    { chat: { solvers: [double.solver], maxRetries: 0 } },
    isStreamed ? { textListener: () => {} } : {},
  )
  const result = await (await bench.engine.startRun(flow, 'Pay Ann and Bob.')).result()
  const sent = double.requests.map(({ text }) => text)
  return { result, paid, sent, bodies: double.requests.map(({ body }) => body) }
}

const cases = wireModels.flatMap((model) => [[model, false] as const, [model, true] as const])
const bank = 'bank_pay'

describe.each(cases)('calls of tools on %s (streamed: %s)', (model, isStreamed) => {
  test.each([
    ['the same id', ['one', 'one']],
    ['an empty id', ['', '']],
    ['no id', [undefined, undefined]],
    ['an id once and none', ['one', undefined]],
  ])('two calls under %s are both made, and each gets its own result', async (_name, ids) => {
    const { result, paid, bodies } = await pays(model, isStreamed, [
      {
        calls: [
          { ...(ids[0] !== undefined && { id: ids[0] }), name: bank, args: '{"to":"Ann"}' },
          { ...(ids[1] !== undefined && { id: ids[1] }), name: bank, args: '{"to":"Bob"}' },
        ],
      },
    ])
    expect(result).toMatchObject({ status: 'succeeded', output: 'All is paid.' })
    expect(paid).toEqual([{ to: 'Ann' }, { to: 'Bob' }])
    const { calls, results } = conversationOf(bodies[1]!)
    expect(calls.map(({ args }) => args)).toEqual([{ to: 'Ann' }, { to: 'Bob' }])
    expect(results.map(({ text }) => text)).toEqual([
      expect.stringContaining('Ann'),
      expect.stringContaining('Bob'),
    ])
    if (calls.every(({ id }) => id !== undefined)) {
      expect(results.map(({ id }) => id)).toEqual(calls.map(({ id }) => id))
      expect(new Set(calls.map(({ id }) => id)).size).toBe(2)
      for (const { id } of calls) expect(id).toMatch(/^[\w-]{1,40}$/)
    }
  })

  test('an id that comes again in a later turn belongs to another call', async () => {
    const { paid, bodies } = await pays(model, isStreamed, [
      { calls: [{ id: 'one', name: bank, args: '{"to":"Ann"}' }] },
      { calls: [{ id: 'one', name: bank, args: '{"to":"Bob"}' }] },
    ])
    expect(paid).toEqual([{ to: 'Ann' }, { to: 'Bob' }])
    const { calls, results } = conversationOf(bodies[2]!)
    expect(results.map(({ text }) => text)).toEqual([
      expect.stringContaining('Ann'),
      expect.stringContaining('Bob'),
    ])
    if (calls[0]!.id !== undefined) expect(new Set(calls.map(({ id }) => id)).size).toBe(2)
  })

  test.each([
    ['a repeated key', '{"to":"Ann","to":"Bob"}', 'gives the property "to" twice'],
    ['a key in two spellings', '{"to":"Ann","\\u0074o":"Bob"}', 'gives the property "to" twice'],
    ['a key repeated deeper', '{"to":"Ann","more":[{"a":1,"a":2}]}', 'gives the property "a" twice'],
    [
      'a number past 2^53',
      '{"to":"Ann","order":9007199254740993}',
      '9007199254740993 of the arguments would be rounded',
    ],
    [
      'the like with a fraction',
      '{"to":"Ann","order":9007199254740993.0}',
      '9007199254740993.0 of the arguments would',
    ],
  ])('arguments with %s pay nobody; the model is told and mends them', async (_name, args, problem) => {
    const { result, paid, sent } = await pays(model, isStreamed, [
      { calls: [{ id: 'one', name: bank, args }] },
      { calls: [{ id: 'two', name: bank, args: '{"to":"Ann"}' }] },
    ])
    expect(sent[1]!.replaceAll('\\', '')).toContain(problem)
    expect(paid).toEqual([{ to: 'Ann' }])
    expect(result).toMatchObject({ status: 'succeeded' })
  })

  test('text beside calls is kept, an unknown tool and arguments that are no object are told', async () => {
    const { paid, sent } = await pays(model, isStreamed, [
      {
        text: 'I pay now.',
        calls: [
          { id: 'one', name: 'bank_drop', args: '{"to":"Ann"}' },
          { id: 'one', name: bank, args: model.startsWith('anthropic/') ? '{"list":["Ann"]}' : '["Ann"]' },
          { id: 'one', name: bank, args: '{"to":"Bob"}' },
        ],
      },
    ])
    expect(paid).toEqual([{ to: 'Bob' }])
    expect(sent[1]).toContain('I pay now.')
    expect(sent[1]).toContain('There is no tool')
    expect(sent[1]).toContain('does not fit the schema')
  })
})

test('results of a conversation with doubled and strange ids reach the right calls', () => {
  const assistant = (...ids: string[]) => ({
    role: 'assistant' as const,
    calls: ids.map((id) => ({ id, tool: 'bank.pay', args: {} })),
  })
  const result = (call: string, text: string) => ({ role: 'tool' as const, tool: 'bank.pay', call, text })
  const { messages } = buildConversation({
    task: 'converse',
    name: 'turn',
    input: {},
    messages: [
      assistant('one', 'one', 'ä b', ''),
      result('one', 'first'),
      result('one', 'second'),
      result('ä b', 'third'),
      result('', 'fourth'),
      assistant('one'),
      result('one', 'fifth'),
    ],
  })
  const parts = messages.flatMap(
    ({ content }) => content as { type: string; toolCallId: string; output?: { value: string } }[],
  )
  const calls = parts.filter(({ type }) => type === 'tool-call').map(({ toolCallId }) => toolCallId)
  const results = parts.filter(({ type }) => type === 'tool-result')
  expect(new Set(calls).size).toBe(5)
  expect(results.map(({ toolCallId }) => toolCallId)).toEqual(calls)
  for (const id of calls) expect(id).toMatch(/^[\w-]{1,40}$/)
})

interface Travelled {
  calls: { id?: string | undefined; args: unknown }[]
  results: { id?: string | undefined; text: string }[]
}

/** The calls and results of a conversation as it goes back over its wire. */
function conversationOf(body: Record<string, unknown>): Travelled {
  const found: Travelled = { calls: [], results: [] }
  visit(body.messages ?? body.input ?? body.contents, found)
  return found
}

function visit(value: unknown, found: Travelled): void {
  if (typeof value !== 'object' || value === null) return
  const part = value as Partial<Record<string, string>>
  const { type, id, arguments: args = '' } = part
  const text = JSON.stringify(part)
  const inner = value as {
    function?: { arguments: string }
    functionCall?: Travelled['calls'][number]
    functionResponse?: object
  }
  if (type === 'tool_use') found.calls.push({ id, args: part.input })
  else if (type === 'function_call') found.calls.push({ id: part.call_id, args: JSON.parse(args) })
  else if (inner.function) found.calls.push({ id, args: JSON.parse(inner.function.arguments) })
  else if (inner.functionCall) found.calls.push(inner.functionCall)
  else if (type === 'tool_result') found.results.push({ id: part.tool_use_id, text })
  else if (type === 'function_call_output') found.results.push({ id: part.call_id, text })
  else if (part.role === 'tool') found.results.push({ id: part.tool_call_id, text })
  else if (inner.functionResponse) found.results.push({ ...inner.functionResponse, text })
  else for (const each of Object.values(value)) visit(each, found)
}
