import type { ModelMessage, SystemModelMessage } from 'ai'
import { sha256 } from '../../base/hash.ts'
import type { Question } from '../solver.ts'

/**
 * Whether a call marks its prompt for the provider's cache, when its route does not say. The turns of a conversation
 * begin with one another's text, so they do; a lone question would pay the dearer price of writing for nothing.
 */
export function cachesByDefault(question: Question): boolean {
  return question.task === 'converse'
}

const breakpoint = { anthropic: { cacheControl: { type: 'ephemeral' } } } as const

/**
 * Marks where a provider that wants to be told (Anthropic) may cut a prompt to keep its beginning: after tools and
 * instructions, which come first there; in a conversation also at its end and at the end of the turn before, which is
 * where the call before has written. Other providers leave the marks aside.
 */
export function markStable(
  system: string,
  messages: ModelMessage[],
  isConversation: boolean,
): { instructions: SystemModelMessage; messages: ModelMessage[] } {
  const instructions: SystemModelMessage = { role: 'system', content: system, providerOptions: breakpoint }
  if (!isConversation) return { instructions, messages }
  const last = messages.length - 1
  const before = messages.findLastIndex(({ role }) => role === 'assistant') - 1
  const marked = messages.map((message, index) =>
    index === last || index === before ? { ...message, providerOptions: breakpoint } : message,
  )
  return { instructions, messages: marked }
}

/** Sends calls with the same beginning to the same cache (OpenAI). A digest: it tells nothing of the prompt. */
export function promptCacheKey(system: string): string {
  return sha256(system).slice(0, 32)
}
