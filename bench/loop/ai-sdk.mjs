import { generateText, stepCountIs, tool } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import { z } from 'zod'
import { closedLoop, measure, versionsOf } from './measure.ts'
import { check, descriptionOf, instructions, lookUp, lookups, nextTurn } from './orders.ts'

const usage = {
  inputTokens: { total: 100, noCache: 100, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 20, text: 20, reasoning: 0 },
}

await measure(async () => {
  const tools = Object.fromEntries(
    lookups.map((name) => [
      name,
      tool({
        description: descriptionOf(name),
        inputSchema: z.object({ number: z.int() }),
        execute: async ({ number }) => lookUp(name, number),
      }),
    ]),
  )
  return {
    versions: versionsOf('.', 'ai'),
    durability: 'none',
    drive: closedLoop(async (number) => {
      // A model of its own for each loop: this one keeps every call it has had, and would grow for ever.
      const model = new MockLanguageModelV4({
        async doGenerate({ prompt }) {
          const next = nextTurn(prompt.filter(({ role }) => role === 'tool').length)
          if ('answer' in next) {
            const content = [{ type: 'text', text: next.answer }]
            return { content, finishReason: { unified: 'stop', raw: 'stop' }, usage, warnings: [] }
          }
          const input = JSON.stringify({ number: next.number })
          const content = [
            { type: 'tool-call', toolCallId: `call-${next.number}`, toolName: next.tool, input },
          ]
          return { content, finishReason: { unified: 'tool-calls', raw: 'tool-calls' }, usage, warnings: [] }
        },
      })
      const result = await generateText({
        model,
        instructions,
        prompt: `When does order ${number} leave?`,
        tools,
        stopWhen: stepCountIs(10),
        maxRetries: 0,
      })
      check(result.text, result.steps.flatMap(({ toolResults }) => toolResults).length)
    }),
  }
})
