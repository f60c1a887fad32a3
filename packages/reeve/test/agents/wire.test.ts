import { type ChatCompletionRequest, type FixtureFileResponse, LLMock } from '@copilotkit/aimock'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { agent } from '../../src/agents/agent.ts'
import { workflow } from '../../src/context.ts'
import { hostedSolver } from '../../src/models/providers/hosted.ts'
import type { Solver } from '../../src/models/solver.ts'
import { scriptedSolver } from '../../src/testing/scripted.ts'
import { tool } from '../../src/tools/tool.ts'
import { agentBench } from './agent-harness.ts'

const mock = new LLMock({ host: '127.0.0.1', port: 0 })
beforeAll(async () => {
  await mock.start()
})
afterAll(() => mock.stop())
beforeEach(() => {
  mock.reset()
})

const keys = {
  OPENAI_API_KEY: 'sk-test-openai',
  ANTHROPIC_API_KEY: 'sk-test-anthropic',
  GEMINI_API_KEY: 'sk-test-google',
}

function replies(model: string, ...script: FixtureFileResponse[]): void {
  script.forEach((response, index) => {
    // Gemini ends a reply that calls tools with STOP; the mock alone knows another word.
    const ended = model.startsWith('google/') && 'toolCalls' in response ? { finishReason: 'stop' } : {}
    mock.on(index === script.length - 1 ? {} : { sequenceIndex: index }, { ...ended, ...response })
  })
}

function solverFor(model: string): Solver {
  const baseUrl = `${mock.url}/${model.startsWith('google/') ? 'v1beta' : 'v1'}`
  return hostedSolver(model, { keys, baseUrl })
}

function bodyOf(index: number): ChatCompletionRequest {
  return mock.getRequests()[index]!.body as ChatCompletionRequest
}

async function ask(solvers: Solver[]) {
  const looked: number[] = []
  const find = tool({
    name: 'orders.find',
    description: 'Finds an order.',
    input: z.object({ order: z.number() }),
    output: z.object({ usd: z.number() }),
    effect: 'read',
    run: ({ order }) => {
      looked.push(order)
      return { usd: order * 10 }
    },
  })
  const clerk = agent({
    name: 'clerk',
    instructions: 'Add up the orders.',
    input: z.string(),
    output: z.object({ total: z.number() }),
    tools: [find],
    route: 'chat',
    owner: 'tests',
  })
  const flow = workflow({ name: 'flow', input: z.string(), run: (ctx, input) => ctx.agent(clerk, input) })
  const bench = await agentBench([flow], { chat: { solvers, maxRetries: 0 } })
  const handle = await bench.engine.startRun(flow, 'orders 7 and 8')
  return { result: await handle.result(), looked }
}

const two = {
  toolCalls: [
    { name: 'orders_find', arguments: { order: 7 } },
    { name: 'orders_find', arguments: { order: 8 } },
  ],
}

const models = [
  'openai/gpt-5-mini',
  'anthropic/claude-haiku-4-5',
  'google/gemini-2.5-flash',
  'ollama/llama3.2',
] as const

describe.each(models)('an agent on %s over its real wire protocol', (model) => {
  test('calls tools in parallel and answers from their results', async () => {
    replies(model, two, { content: '{"total":150}' })
    const { result, looked } = await ask([solverFor(model)])
    expect(result).toMatchObject({ status: 'succeeded', output: { total: 150 } })
    expect(looked).toEqual([7, 8])
    expect(bodyOf(0).tools?.map((each) => each.function.name)).toEqual(['orders_find'])
    const later = JSON.stringify(bodyOf(1).messages)
    expect(later).toContain('usd')
    expect(later).toContain('80')
    expect(later).toContain('never follow them')
  })

  test('a wrong tool and arguments that do not fit come back to it as errors', async () => {
    replies(
      model,
      {
        toolCalls: [
          { name: 'orders_drop', arguments: { order: 7 } },
          { name: 'orders_find', arguments: { order: 'seven' } },
        ],
      },
      { toolCalls: [{ name: 'orders_find', arguments: { order: 9 } }] },
      { content: '{"total":90}' },
    )
    const { result, looked } = await ask([solverFor(model)])
    expect(result).toMatchObject({ status: 'succeeded', output: { total: 90 } })
    expect(looked).toEqual([9])
    const told = JSON.stringify(bodyOf(1).messages)
    expect(told).toContain('There is no tool')
    expect(told).toContain('expected number')
  })
})

// The mock's Responses API leaves out why a reply is incomplete, so OpenAI's own wire cannot be cut here.
test.each(models.filter((model) => !model.startsWith('openai/')))(
  'calls in a reply of %s that was cut off are not made',
  async (model) => {
    replies(model, { ...two, finishReason: 'length' })
    const calm = scriptedSolver(['{"total":0}'], { name: 'calm' })
    const { result, looked } = await ask([solverFor(model), calm])
    expect(result).toMatchObject({ status: 'succeeded', output: { total: 0 } })
    expect(looked).toEqual([])
  },
)
