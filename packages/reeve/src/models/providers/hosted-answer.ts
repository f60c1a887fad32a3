import type { LanguageModelUsage } from 'ai'
import { ReeveError } from '../../base/errors.ts'
import { firstCharacters } from '../../base/text/shorten.ts'
import { costUsd, type Price } from '../asking/price.ts'
import type { Ending } from '../reading/ending.ts'
import { promptBytes } from '../reading/prompt.ts'
import type { Answer, Question, Usage } from '../solver.ts'

/** What a model's reply comes to, cut and filtered ones included. */
export function toAnswer(
  model: string,
  text: string,
  ending: Exclude<Ending, 'unfinished'>,
  usage: Usage | undefined,
): Extract<Answer, { kind: 'text' | 'abstain' }> {
  const paid = usage && { usage }
  if (ending === 'declined')
    return { kind: 'abstain', reason: `${model} or its provider's filter declined to answer`, ...paid }
  return ending === 'cut' ? { kind: 'text', text, cut: true, ...paid } : { kind: 'text', text, ...paid }
}

/** A reply that ended before it was complete: an outage like others, but for the bill. */
export function unfinished(model: string, text: string, raw: string | undefined): ReeveError {
  const said =
    raw === undefined ? 'it gave no reason' : `its reason: ${JSON.stringify(firstCharacters(raw, 100))}`
  return new ReeveError(
    'provider-unavailable',
    `${model} gave no usable reply: it ended after ${text.length} characters without being complete (${said})`,
    { retryable: true, details: { model, billUnknown: true, ...(raw === undefined ? {} : { finish: raw }) } },
  )
}

/** Nothing is kept at the provider's, and only a schema that strict mode takes is sent as strict. */
export function openAiOptions(strictJsonSchema: boolean, promptCacheKey: string | undefined) {
  return { openai: { store: false, strictJsonSchema, ...(promptCacheKey && { promptCacheKey }) } }
}

/**
 * The figure may be too high, never too low: cached input counts at the full price where the table has no other, and
 * where a provider reports no tokens, bytes stand for them and the call counts as the dearest it can have been: what a
 * model thought, and what it put into calls, is not in its text.
 */
export function toUsage(
  { usage, text }: { usage: LanguageModelUsage; text: string },
  question: Question,
  price: Price | undefined,
  mostUsd: number,
): Usage {
  return (
    reportedUsage(usage, price) ?? {
      inputTokens: isCount(usage.inputTokens) ? usage.inputTokens : promptBytes(question),
      outputTokens: isCount(usage.outputTokens) ? usage.outputTokens : Buffer.byteLength(text),
      costUsd: mostUsd,
    }
  )
}

/** What the provider counted, at this price; undefined when it told no tokens. */
export function reportedUsage(usage: LanguageModelUsage, price: Price | undefined): Usage | undefined {
  const { inputTokens, outputTokens } = usage
  if (!isCount(inputTokens) || !isCount(outputTokens)) return undefined
  const { cacheReadTokens, cacheWriteTokens } = usage.inputTokenDetails ?? {}
  // What was cached is cheaper, so of a figure that cannot be true nothing counts as cached.
  const read = isCount(cacheReadTokens) && cacheReadTokens <= inputTokens ? cacheReadTokens : 0
  const written = isCount(cacheWriteTokens) ? cacheWriteTokens : 0
  return {
    inputTokens,
    outputTokens,
    costUsd: price ? costUsd(price, inputTokens, outputTokens, { read, written }) : 0,
    ...(read > 0 && { cachedInputTokens: read }),
    ...(written > 0 && { cacheWriteTokens: written }),
  }
}

/** A provider may tell what cannot be a count of tokens. */
function isCount(tokens: number | undefined): tokens is number {
  return tokens !== undefined && Number.isSafeInteger(tokens) && tokens >= 0
}
