import { type FixtureFileResponse, type FixtureOpts, LLMock } from '@copilotkit/aimock'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { agent } from '../../src/agents/agent.ts'
import { workflow } from '../../src/context.ts'
import type { TextEvent, TextListener } from '../../src/models/asking/text-stream.ts'
import { hostedSolver } from '../../src/models/providers/hosted.ts'
import type { Solver } from '../../src/models/solver.ts'
import { scriptedSolver, toolCalls } from '../../src/testing/scripted.ts'
import { tool } from '../../src/tools/tool.ts'
import { type AgentBench, agentBench } from '../agents/agent-harness.ts'
import { providerDouble } from './provider-double.ts'

const mock = new LLMock({ host: '127.0.0.1', port: 0 })
beforeAll(async () => {
  await mock.start()
})
afterAll(() => mock.stop())
beforeEach(() => {
  mock.reset()
})

const keys = { OPENAI_API_KEY: 'sk-o', ANTHROPIC_API_KEY: 'sk-a', GEMINI_API_KEY: 'sk-g' }

function replies(...script: Array<[FixtureFileResponse, FixtureOpts?]>): void {
  script.forEach(([response, options], index) => {
    mock.on(index === script.length - 1 ? {} : { sequenceIndex: index }, response, {
      chunkSize: 8,
      ...options,
    })
  })
}

function solverFor(model: string): Solver {
  const baseUrl = `${mock.url}/${model.startsWith('google/') ? 'v1beta' : 'v1'}`
  return hostedSolver(model, { keys, baseUrl })
}

const write = workflow({
  name: 'write',
  input: z.string(),
  run: (ctx, input) => ctx.generate('draft', { route: 'route', with: { input } }),
})
const count = workflow({
  name: 'count',
  input: z.string(),
  run: (ctx, input) =>
    ctx.extract('count', { route: 'route', from: input, schema: z.object({ count: z.number() }) }),
})

/** What was told, shortly; texts joined, however they were cut. */
function shortly(events: TextEvent[]): string[] {
  const told: string[] = []
  for (const event of events) {
    const { type, solver, try: nth } = event
    if (type !== 'text-written') told.push(`${type} ${solver} ${nth}`)
    else if (told.at(-1)?.startsWith('"')) told.push(`${told.pop()!.slice(0, -1)}${event.text}"`)
    else told.push(`"${event.text}"`)
  }
  return told
}

async function run(flow: typeof write | typeof count, solvers: Solver[], listener?: TextListener) {
  const events: TextEvent[] = []
  const bench = await agentBench(
    [write, count],
    { route: { solvers, maxRetries: 0 } },
    {
      textListener: (event) => {
        events.push({ ...event })
        return listener?.(event)
      },
    },
  )
  const handle = await bench.engine.startRun(flow as typeof write, 'two')
  const result = await handle.result()
  const journal = await bench.events(handle.id)
  await bench.engine.stop()
  return { result, events, journal, id: handle.id, bench }
}

const models = [
  'openai/gpt-5-mini',
  'anthropic/claude-haiku-4-5',
  'google/gemini-2.5-flash',
  'ollama/llama3.2',
] as const
const letter = 'Dear customer, your refund is on its way.'

describe.each(models)('%s streams over its real wire protocol', (model) => {
  test('the text is told as it comes; the answer and its cost are the same as without', async () => {
    const usage = {
      prompt_tokens: 1000,
      completion_tokens: 100,
      input_tokens: 1000,
      output_tokens: 100,
      promptTokenCount: 1000,
      candidatesTokenCount: 100,
    }
    replies([{ content: letter, usage }])
    const { result, events, journal, id } = await run(write, [solverFor(model)])
    expect(result).toEqual({ status: 'succeeded', output: letter })
    expect(shortly(events)).toEqual([`text-started ${model} 1`, `"${letter}"`, `text-finished ${model} 1`])
    expect(events[0]).toEqual({ type: 'text-started', run: id, question: 'draft', solver: model, try: 1 })
    expect(mock.getLastRequest()?.path).toMatch(/stream|responses|messages|completions/i)
    expect(journal.some(({ type }) => type.startsWith('text-'))).toBe(false)
    const answer = JSON.parse(journal.find(({ type }) => type === 'question-completed')!.payload!) as {
      usage: { inputTokens: number; outputTokens: number; costUsd: number }
    }
    expect(answer.usage).toMatchObject({ inputTokens: 1000, outputTokens: 100 })
    if (!model.startsWith('ollama/')) expect(answer.usage.costUsd).toBeGreaterThan(0)
  })

  test('a stream that is cut is discarded and never taken for the whole', async () => {
    replies([{ content: letter }, { chunkSize: 4, truncateAfterChunks: 8, latency: 5 }])
    const { result, events, journal } = await run(write, [solverFor(model), scriptedSolver(['whole'])])
    expect(result).toEqual({ status: 'succeeded', output: 'whole' })
    const told = shortly(events)
    expect(told).toEqual([
      `text-started ${model} 1`,
      expect.stringMatching(/^"Dear/),
      `text-discarded ${model} 1`,
      'text-started scripted 2',
      '"whole"',
      'text-finished scripted 2',
    ])
    expect(told[1]!.length).toBeLessThan(letter.length)
    const { hops } = JSON.parse(journal.find(({ type }) => type === 'question-completed')!.payload!) as {
      hops: { unsettledUsd: number }[]
    }
    if (!model.startsWith('ollama/')) expect(hops[0]!.unsettledUsd).toBeGreaterThan(0)
  })

  test('JSON that does not fit is discarded with the reason and healed', async () => {
    replies([{ content: '{"count":"two"}' }], [{ content: '{"count":2}' }])
    const { result, events } = await run(count, [solverFor(model)])
    expect(result).toMatchObject({ output: { count: 2 } })
    expect(shortly(events)).toEqual([
      `text-started ${model} 1`,
      '"{"count":"two"}"',
      `text-discarded ${model} 1`,
      `text-started ${model} 2`,
      '"{"count":2}"',
      `text-finished ${model} 2`,
    ])
    expect(events.find(({ type }) => type === 'text-discarded')).toMatchObject({
      reason: expect.stringContaining('expected number'),
    })
  })

  test('errors keep their meaning', async () => {
    replies([{ error: { message: 'no', type: 'authentication_error' }, status: 401 }])
    const calm = scriptedSolver([letter], { name: 'calm' })
    const { events, journal } = await run(write, [solverFor(model), calm])
    const { hops } = JSON.parse(journal.find(({ type }) => type === 'question-completed')!.payload!) as {
      hops: { reason: string; retries: number }[]
    }
    expect(hops[0]).toMatchObject({ outcome: 'failed', retries: 0, reason: expect.stringContaining('401') })
    expect(shortly(events)).toEqual(['text-started calm 2', `"${letter}"`, 'text-finished calm 2'])
  })
})

// A proxy that gives up often ends the reply in good order, so that nothing but the missing end shows the cut.
const openEnded = {
  'anthropic/claude-haiku-4-5': [
    `{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"x","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":1}}}`,
    '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
    '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Dear cust"}}',
  ],
  'ollama/llama3.2': [
    '{"id":"c","object":"chat.completion.chunk","created":1,"model":"x","choices":[{"index":0,"delta":{"role":"assistant","content":"Dear cust"},"finish_reason":null}]}',
  ],
  'openai/gpt-5-mini': [
    '{"type":"response.created","response":{"id":"r","created_at":1,"model":"x"}}',
    '{"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"i"}}',
    '{"type":"response.output_text.delta","item_id":"i","delta":"Dear cust"}',
  ],
  'google/gemini-2.5-flash': [
    '{"candidates":[{"content":{"role":"model","parts":[{"text":"Dear cust"}]},"index":0}]}',
  ],
}

test.each(Object.entries(openEnded))(
  'a stream of %s that ends in good order but too early is no answer',
  async (model, lines) => {
    const double = await providerDouble((_request, response) => {
      response.setHeader('content-type', 'text/event-stream')
      const name = (line: string) => /"type":"(message_start|content_block_\w+)"/.exec(line)?.[1]
      for (const line of lines)
        response.write(`${name(line) ? `event: ${name(line)}\n` : ''}data: ${line}\n\n`)
      response.end()
    })
    const solver = hostedSolver(model, { keys, baseUrl: `${double.url}/v1` })
    const { result, events } = await run(write, [solver, scriptedSolver(['whole'])])
    await double.close()
    expect(result).toEqual({ status: 'succeeded', output: 'whole' })
    expect(shortly(events).slice(0, 3)).toEqual([
      `text-started ${model} 1`,
      '"Dear cust"',
      `text-discarded ${model} 1`,
    ])
  },
)

describe('a listener', () => {
  test('that throws hears no more of that text and harms nothing', async () => {
    const solver = scriptedSolver([letter])
    const { result, events } = await run(write, [solver], () => {
      throw new Error('screen gone')
    })
    expect(result).toEqual({ status: 'succeeded', output: letter })
    expect(events.map(({ type }) => type)).toEqual(['text-started'])
  })

  test('that rejects is heard of, not left to end the process', async () => {
    const { result, events } = await run(write, [scriptedSolver([letter])], () =>
      Promise.reject(new Error('no')),
    )
    expect(result).toMatchObject({ status: 'succeeded' })
    expect(events).toHaveLength(1)
  })

  test('that never comes back holds nothing up; one that is slow gets the rest in one piece', async () => {
    const stuck = await run(write, [scriptedSolver([letter])], () => new Promise(() => {}))
    expect(stuck.result).toEqual({ status: 'succeeded', output: letter })
    const gate = Promise.withResolvers<void>()
    const slow = await run(write, [scriptedSolver([letter])], () => gate.promise)
    expect(slow.events).toHaveLength(1)
    gate.resolve()
    await new Promise((resolve) => setImmediate(resolve))
    expect(slow.events).toMatchObject([
      { type: 'text-started' },
      { type: 'text-written', text: letter },
      { type: 'text-finished' },
    ])
  })

  test('hears nothing that comes late', async () => {
    let late: ((text: string) => void) | undefined
    const slow: Solver = {
      name: 'slow',
      kind: 'function',
      solve: (_question, { onText }) => {
        late = onText
        onText?.('half')
        return Promise.resolve({ kind: 'text', text: 'half of it' })
      },
    }
    const { events } = await run(write, [slow])
    late?.('more')
    await Promise.resolve()
    expect(shortly(events)).toEqual(['text-started slow 1', '"half"', 'text-finished slow 1'])
  })
})

describe('agents', () => {
  const look = tool({
    name: 'look',
    description: 'Looks.',
    input: z.object({}),
    output: z.string(),
    effect: 'read',
    run: () => 'seen',
  })

  async function talk(solver: Solver, guarded: boolean): Promise<{ bench: AgentBench; events: TextEvent[] }> {
    const clerk = agent({
      name: 'clerk',
      instructions: 'Look, then say.',
      input: z.string(),
      tools: [look],
      route: 'chat',
      owner: 'tests',
      ...(guarded && {
        guards: { output: [{ name: 'look closely', check: () => ({ verdict: 'pass' as const }) }] },
      }),
    })
    const flow = workflow({ name: 'flow', input: z.string(), run: (ctx, input) => ctx.agent(clerk, input) })
    const events: TextEvent[] = []
    const bench = await agentBench([flow], { chat: solver }, { textListener: (event) => events.push(event) })
    const handle = await bench.engine.startRun(flow, 'go')
    await handle.result()
    await bench.engine.stop()
    return { bench, events }
  }

  test('are heard under their name, turn by turn; calls of tools are no text', async () => {
    const solver = scriptedSolver([toolCalls(['look', {}]), 'I saw it.'])
    const { events } = await talk(solver, false)
    expect(events).toMatchObject([
      { type: 'text-started', agent: 'clerk', question: 'clerk turn 2' },
      { type: 'text-written', text: 'I saw it.' },
      { type: 'text-finished' },
    ])
  })

  test('with output guards are not: nobody sees what no guard has passed', async () => {
    const solver = scriptedSolver(['the secret is out'])
    expect((await talk(solver, true)).events).toEqual([])
    expect(solver.questions).toHaveLength(1)
  })
})
