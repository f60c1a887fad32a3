import { costUsd, findPrice } from '../../packages/reeve/src/models/asking/price.ts'
import { buildPrompt } from '../../packages/reeve/src/models/reading/prompt.ts'
import type { Question, Solver } from '../../packages/reeve/src/models/solver.ts'

/** A token stands for about four bytes of English. The same for every model, so the ratio of costs hardly rests on it. */
const bytesPerToken = 4

/**
 * Stands in for a hosted model: its prompt is the one that Reeve would send and its price the list price, but its
 * answer is the label from the data. `unsure` is the share of questions that it hands on, drawn evenly over them.
 */
export function standIn(
  model: string,
  labelOf: (text: string) => string,
  unsure = 0,
): Solver & { asked: number } {
  const price = findPrice(model)
  if (!price) throw new Error(`the price of ${model} is not known`)
  return {
    name: model,
    kind: 'hosted',
    asked: 0,
    solve(question) {
      const text = JSON.stringify({ category: labelOf(String(question.input)) })
      const inputTokens = tokensOfPrompt(question)
      const outputTokens = Math.ceil(Buffer.byteLength(text) / bytesPerToken)
      const usage = { inputTokens, outputTokens, costUsd: costUsd(price, inputTokens, outputTokens) }
      const before = Math.floor(this.asked * unsure)
      const isUnsure = Math.floor(++this.asked * unsure) > before
      return { kind: 'text', text, confidence: isUnsure ? 0 : 1, usage }
    },
  }
}

function tokensOfPrompt(question: Question): number {
  const { system, messages } = buildPrompt(question)
  const texts = [system, ...messages.map(({ content }) => content)]
  return Math.ceil(texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / bytesPerToken)
}
