import type { FinishReason } from 'ai'

/**
 * How a model's reply ended. `whole`: it said all that it meant to. `cut`: at the limit on its length. `declined`: by the
 * model or a filter. `unfinished`: anything else, and what nobody has heard of; half a text is no answer.
 */
export type Ending = 'whole' | 'cut' | 'declined' | 'unfinished'

/** What providers say, in their own words. What is not here means `unfinished`. */
const endings: Readonly<Record<string, Ending>> = {
  // OpenAI's chat completions, and servers that speak them
  stop: 'whole',
  eos: 'whole',
  eos_token: 'whole',
  tool_calls: 'whole',
  function_call: 'whole',
  length: 'cut',
  content_filter: 'declined',
  // OpenAI's responses: why one is incomplete
  max_output_tokens: 'cut',
  // Anthropic. `pause_turn` asks to be continued, and what was said until then is not the answer.
  end_turn: 'whole',
  stop_sequence: 'whole',
  tool_use: 'whole',
  max_tokens: 'cut',
  model_context_window_exceeded: 'cut',
  refusal: 'declined',
  // Gemini
  STOP: 'whole',
  MAX_TOKENS: 'cut',
  SAFETY: 'declined',
  RECITATION: 'declined',
  BLOCKLIST: 'declined',
  PROHIBITED_CONTENT: 'declined',
  SPII: 'declined',
  IMAGE_SAFETY: 'declined',
}

/** What the AI SDK makes of them. */
const unifiedEndings: Readonly<Record<string, Ending>> = {
  stop: 'whole',
  'tool-calls': 'whole',
  length: 'cut',
  'content-filter': 'declined',
}

/**
 * `raw`: in the provider's words, where it has any for it. Of a provider that Reeve does not know by name the AI SDK's
 * word counts, but for words that are known to mean something else.
 */
export function endingOf(
  { unified, raw }: { unified: FinishReason; raw: string | undefined },
  isKnownProvider: boolean,
): Ending {
  const meant = unifiedEndings[unified] ?? 'unfinished'
  if (meant === 'declined' || raw === undefined) return meant
  if (Object.hasOwn(endings, raw)) return endings[raw]!
  return isKnownProvider || raw === 'pause_turn' ? 'unfinished' : meant
}
