import { randomUUID } from 'node:crypto'
import { findInexact } from '../../base/json/exact-json.ts'
import { isRecord } from '../../base/json/record.ts'

/** The protocols that Reeve speaks by name. */
export type WireName = 'anthropic' | 'google' | 'openai-responses' | 'openai-chat'

/** Of a provider that is known by the name of an AI SDK model object alone. */
export function wireNamed(provider: string): WireName {
  if (/^(?:anthropic|bedrock|vertex\.anthropic)/.test(provider)) return 'anthropic'
  if (/^(?:google|vertex)/.test(provider)) return 'google'
  return provider.startsWith('openai') || provider.startsWith('azure') ? 'openai-responses' : 'openai-chat'
}

type Fetch = typeof fetch

/** A reply that is longer is no answer. Batches are read line by line and have no such end. */
const mostReplyBytes = 32 * 1024 * 1024

/**
 * A `fetch` that saves what the AI SDK would lose of a provider's reply before Reeve sees it: arguments of tools that
 * stand in the reply as JSON keep their text where parsing would change them (`textBehind` gives it back), calls
 * without an id get one, and a reply of OpenAI's whose status is not `completed` says so where the AI SDK looks.
 */
export function savingFetch(wire: WireName, over: Fetch = (...given) => fetch(...given)): Fetch {
  return async (address, init) => {
    const response = await over(address, init)
    if (!response.ok || !response.body) return response
    const { status, statusText, headers } = response
    const type = headers.get('content-type') ?? ''
    const isStream = type.includes('text/event-stream')
    const isLines = isStream || /\/(content|results)$/.test(new URL(addressOf(address)).pathname)
    const body = isLines
      ? response.body.pipeThrough(lineByLine(wire, isStream ? mostReplyBytes : Number.POSITIVE_INFINITY))
      : save(wire, await textOf(response))
    const kept = new Headers(headers)
    // The body is plain text by now, of another length.
    for (const name of ['content-length', 'content-encoding']) kept.delete(name)
    return new Response(body, { status, statusText, headers: kept })
  }
}

const behind = `reeve-text-${randomUUID()}`
const behindStart = `{"${behind}":`

/** The text that stands behind a value which `savingFetch` replaced, or the value as it is. */
export function textBehind(json: string): string {
  if (!json.startsWith(behindStart)) return json
  return (JSON.parse(json) as Record<string, string>)[behind]!
}

function addressOf(address: Parameters<Fetch>[0]): string {
  return address instanceof Request ? address.url : String(address)
}

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of response.body!) {
    bytes += chunk.byteLength
    if (bytes > mostReplyBytes) throw tooLong()
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function tooLong(): Error {
  return new Error(`the reply is longer than ${mostReplyBytes / 1024 / 1024} MiB`)
}

/** Each line is JSON, or JSON behind `data:`. */
function lineByLine(wire: WireName, mostBytes: number): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder()
  const encoder = new TextEncoder()
  let rest = ''
  let bytes = 0
  const saveLine = (line: string) => {
    const [, mark = '', json = line] = /^(data: ?)(.*)$/s.exec(line) ?? []
    return mark + save(wire, json)
  }
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength
      if (bytes > mostBytes) return controller.error(tooLong())
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop()!
      if (lines.length > 0)
        controller.enqueue(encoder.encode(lines.map((line) => `${saveLine(line)}\n`).join('')))
    },
    flush(controller) {
      rest += decoder.decode()
      if (rest !== '') controller.enqueue(encoder.encode(saveLine(rest)))
    },
  })
}

/** Where the arguments of a call stand as JSON, not as text. */
const argumentKeys: Partial<Record<WireName, string>> = { anthropic: 'input', google: 'args' }

function save(wire: WireName, text: string): string {
  if (!/^\s*[{[]/.test(text)) return text
  const key = argumentKeys[wire]
  let value: unknown
  let kept = text
  try {
    value = JSON.parse(text)
    if (key !== undefined && findInexact(text)) {
      kept = saveArguments(text, key)
      value = JSON.parse(kept)
    }
  } catch {
    // The AI SDK says what is wrong with it.
    return text
  }
  return complete(wire, value) ? JSON.stringify(value) : kept
}

/** Puts texts in place of those objects under `key` that parsing would change. The text is valid JSON. */
function saveArguments(text: string, key: string): string {
  const wanted = JSON.stringify(key)
  let saved = ''
  let copied = 0
  /** The last string that was read, and whether a colon follows it. */
  let last = ''
  let isValue = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!
    if (char === '"') {
      const end = endOfString(text, at)
      last = text.slice(at, Math.min(end, at + wanted.length + 1))
      at = end - 1
    } else if (char === '{' && isValue && last === wanted) {
      const end = endOfObject(text, at)
      const raw = text.slice(at, end)
      if (findInexact(raw)) {
        saved += `${text.slice(copied, at)}${behindStart}${JSON.stringify(raw)}}`
        copied = end
      }
      at = end - 1
    }
    if (!/\s/.test(char)) isValue = char === ':'
  }
  return saved + text.slice(copied)
}

function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

/** Behind the bracket that closes the object which begins at `start`. */
function endOfObject(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const char = text[at]
    if (char === '"') at = endOfString(text, at) - 1
    else if (char === '{') depth++
    else if (char === '}' && --depth === 0) return at + 1
  }
  return text.length
}

type Part = Record<string, unknown>

/** Adds what the AI SDK needs of a reply, or of a part of a stream or a batch. Answers whether it changed anything. */
function complete(wire: WireName, value: unknown): boolean {
  if (wire === 'anthropic') {
    const blocks = [...partsOf(value, 'content'), ...partsOf(value, 'content_block'), ...batchBlocks(value)]
    return withIds(blocks, 'tool_use', 'id')
  }
  if (wire !== 'openai-responses') return false
  const items = [
    ...partsOf(value, 'output'),
    ...partsOf(value, 'item'),
    ...responsesIn(value).flatMap((each) => partsOf(each, 'output')),
  ]
  const reasons = responsesIn(value).map(withReason)
  return withIds(items, 'function_call', 'call_id') || reasons.some(Boolean)
}

function partsOf(value: unknown, key: string): Part[] {
  const parts = isRecord(value) ? value[key] : undefined
  return (Array.isArray(parts) ? parts : [parts]).filter(isRecord)
}

function batchBlocks(value: unknown): Part[] {
  return partsOf(value, 'result')
    .flatMap((result) => partsOf(result, 'message'))
    .flatMap((message) => partsOf(message, 'content'))
}

function withIds(parts: Part[], type: string, key: string): boolean {
  const nameless = parts.filter((part) => part.type === type && typeof part[key] !== 'string')
  for (const part of nameless) part[key] = ''
  return nameless.length > 0
}

/** Whole replies: as a body, at the end of a stream, in a line of a batch. */
function responsesIn(value: unknown): Part[] {
  if (!isRecord(value)) return []
  if (Array.isArray(value.output)) return [value]
  if (value.type === 'response.completed' || value.type === 'response.incomplete')
    return partsOf(value, 'response')
  return partsOf(value, 'response')
    .flatMap((response) => partsOf(response, 'body'))
    .filter((body) => Array.isArray(body.output))
}

/** The AI SDK takes a reply without a reason for its being incomplete as complete. */
function withReason(response: Part): boolean {
  if (isCompleted(response)) return false
  const details = response.incomplete_details
  if (isRecord(details) && typeof details.reason === 'string' && details.reason !== '') return false
  response.incomplete_details = {
    reason: typeof response.status === 'string' ? response.status : 'no status',
  }
  return true
}

/** Some servers give a status to the items of a reply alone. */
function isCompleted(response: Part): boolean {
  const statuses = partsOf(response, 'output').flatMap(({ status }) => status ?? [])
  if (!statuses.every((status) => status === 'completed')) return false
  return response.status === 'completed' || (response.status === undefined && statuses.length > 0)
}
