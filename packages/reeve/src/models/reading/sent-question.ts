import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { type SentSchema, sentSchema, wrappedIn, wrapSchema } from '../providers/provider-schema.ts'
import type { WireName } from '../providers/wire.ts'
import type { Message, Question, ToolCall } from '../solver.ts'

/** A question in the form that a provider takes it. */
export interface SentQuestion {
  question: Question
  /** How the schema of the answer travels beside the prompt; undefined: it does not. */
  answer: SentSchema | undefined
  /** Takes the arguments out of the object that they travelled in. */
  unwrapCall(call: ToolCall): ToolCall
}

/**
 * Providers want an object as the answer and as the arguments of a tool: what is none travels in an object of one
 * property. `isNative`: whether the schema of the answer goes to the provider, and not in the prompt alone.
 */
export function sentQuestion(question: Question, wire: WireName, isNative: boolean): SentQuestion {
  const { schema, feedback, tools = [], messages } = question
  // Few providers take a schema of the answer beside tools; the system prompt holds it in any case.
  const answer = schema && isNative && tools.length === 0 ? sentSchema(wire, schema) : undefined
  const wrapped = new Set(
    tools.filter(({ inputSchema }) => sentSchema(wire, inputSchema).isWrapped).map(({ name }) => name),
  )
  const sent: Question = { ...question }
  if (schema && answer?.isWrapped) {
    sent.schema = wrapSchema(schema)
    if (feedback) sent.feedback = { ...feedback, answer: wrapText(feedback.answer) }
  }
  if (question.tools)
    sent.tools = tools.map((tool) => ({ ...tool, inputSchema: sentSchema(wire, tool.inputSchema).schema }))
  if (messages && wrapped.size > 0) sent.messages = messages.map((message) => wrapCalls(message, wrapped))
  return {
    question: sent,
    answer,
    unwrapCall: (call) => (wrapped.has(call.tool) ? { ...call, args: unwrapValue(call.args) as Json } : call),
  }
}

/** The value, when it is an object of that one property. */
export function unwrapValue(value: unknown): unknown {
  if (!isRecord(value)) return value
  const keys = Object.keys(value)
  return keys.length === 1 && keys[0] === wrappedIn ? (value as Record<string, unknown>)[wrappedIn] : value
}

function wrapCalls(message: Message, wrapped: ReadonlySet<string>): Message {
  if (message.role !== 'assistant' || !message.calls) return message
  const calls = message.calls.map((call) =>
    wrapped.has(call.tool) ? { ...call, args: { [wrappedIn]: call.args } } : call,
  )
  return { ...message, calls }
}

/** An answer that is shown again, as it came. */
function wrapText(text: string): string {
  try {
    JSON.parse(text)
  } catch {
    return text
  }
  return `{${JSON.stringify(wrappedIn)}:${text}}`
}
