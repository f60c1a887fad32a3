import { Agent, Runner, setTracingDisabled, tool, Usage } from '@openai/agents'
import { z } from 'zod'
import { closedLoop, measure, versionsOf } from './measure.ts'
import { check, descriptionOf, instructions, lookUp, lookups, nextTurn } from './orders.ts'

setTracingDisabled(true)

const model = {
  async getResponse({ input }) {
    const results = Array.isArray(input)
      ? input.filter(({ type }) => type === 'function_call_result').length
      : 0
    const next = nextTurn(results)
    const usage = new Usage({ requests: 1, inputTokens: 100, outputTokens: 20, totalTokens: 120 })
    if ('answer' in next) {
      const content = [{ type: 'output_text', text: next.answer }]
      return { usage, output: [{ type: 'message', role: 'assistant', status: 'completed', content }] }
    }
    const { tool: name, number } = next
    const call = { type: 'function_call', callId: `call-${number}`, name, status: 'completed' }
    return { usage, output: [{ ...call, arguments: JSON.stringify({ number }) }] }
  },
  getStreamedResponse() {
    throw new Error('nothing here streams')
  },
}

await measure(async () => {
  const agent = new Agent({
    name: 'clerk',
    instructions,
    model,
    tools: lookups.map((name) =>
      tool({
        name,
        description: descriptionOf(name),
        parameters: z.object({ number: z.int() }),
        execute: async ({ number }) => lookUp(name, number),
      }),
    ),
  })
  const runner = new Runner({ tracingDisabled: true })
  return {
    versions: versionsOf('.', '@openai/agents'),
    durability: 'none',
    drive: closedLoop(async (number) => {
      const result = await runner.run(agent, `When does order ${number} leave?`, { maxTurns: 10 })
      check(result.finalOutput, result.newItems.filter(({ type }) => type === 'tool_call_output_item').length)
    }),
  }
})
