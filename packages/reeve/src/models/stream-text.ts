import type { FinishReason, LanguageModelUsage, ToolSet, TypedToolCall } from 'ai'

type Sdk = typeof import('ai')

/** The parts of a model's reply that count. */
export interface Reply {
  text: string
  toolCalls: TypedToolCall<ToolSet>[]
  finishReason: FinishReason
  usage: LanguageModelUsage
}

const wholeReasons: readonly FinishReason[] = ['stop', 'length', 'tool-calls', 'content-filter']

/**
 * Asks for a reply as a stream, tells its text as it comes, and answers the whole reply. A stream that ends without its
 * provider's word that it is complete is a failure: what came of it may be half of anything.
 */
export async function streamText(
  sdk: Sdk,
  request: Parameters<Sdk['streamText']>[0],
  onText: (text: string) => void,
): Promise<Reply> {
  // Without a handler of its own the AI SDK prints each error; it is thrown below.
  const result = sdk.streamText({ ...request, onError: () => {} })
  const reply: Reply = {
    text: '',
    toolCalls: [],
    finishReason: 'other',
    usage: {} as LanguageModelUsage,
  }
  for await (const part of result.fullStream) {
    if (part.type === 'text-delta') {
      reply.text += part.text
      onText(part.text)
    } else if (part.type === 'tool-call') reply.toolCalls.push(part)
    else if (part.type === 'finish-step') {
      reply.finishReason = part.finishReason
      reply.usage = part.usage
    } else if (part.type === 'error') throw part.error
  }
  if (!wholeReasons.includes(reply.finishReason))
    throw new Error(`the stream ended after ${reply.text.length} characters without being complete`)
  return reply
}
