import { isDeepStrictEqual } from 'node:util'
import { generateText, NoObjectGeneratedError, Output } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import { corpus, count } from './corpus.ts'

// Each answer of the corpus as what a model says to `generateText` with a schema.

const usage = {
  inputTokens: { total: 100, noCache: 100, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 20, text: 20, reasoning: 0 },
}
const tally = {}
for (const { malformation, base, text } of corpus()) {
  const content = [{ type: 'text', text }]
  const finishReason = { unified: 'stop', raw: 'stop' }
  const model = new MockLanguageModelV4({
    doGenerate: async () => ({ content, finishReason, usage, warnings: [] }),
  })
  let outcome
  try {
    const output = Output.object({ schema: base.schema })
    const result = await generateText({ model, prompt: 'Read the message.', output, maxRetries: 0 })
    outcome = isDeepStrictEqual(result.output, base.value) ? 'right' : 'wrong'
  } catch (error) {
    if (!NoObjectGeneratedError.isInstance(error)) throw error
    outcome = 'refused'
  }
  count(tally, malformation, outcome)
}
process.stdout.write(`${JSON.stringify(tally)}\n`)
