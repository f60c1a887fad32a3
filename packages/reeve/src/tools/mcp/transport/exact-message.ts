import { describeInexact, findInexact, type InexactJson } from '../../../base/json/exact-json.ts'
import { isRecord } from '../../../base/json/record.ts'
import { refuseExcess } from '../../bounded-json.ts'

/** Under this name of a result's `_meta`: why its structured content was left out. */
export const inexactMeta = 'reeve/inexact'

/** Of a message, which is parsed, checked and cleaned; a result that is handed on has fewer. A property counts as five. */
const mostValues = 250_000

/** JSON-RPC: the answer is of no use. */
const internalError = -32603

interface Answer {
  id?: unknown
  result?: { structuredContent?: unknown; _meta?: object }
}

/**
 * A JSON-RPC message as its peer may be read: of one that parsing would change in silence (a property that is given twice,
 * a number that would be rounded) the structured content is left out, with why, or it becomes an error where it has none.
 * What is no answer stays as it is. Parses once. @throws `json-too-deep` `json-too-large` `SyntaxError`
 */
export function readMessage(text: string): unknown {
  refuseExcess(text, 'The message', mostValues, 5)
  const message: unknown = JSON.parse(text)
  if (!isAnswer(message)) return message
  const found = findInexact(text)
  return found ? withoutInexact(message, found) : message
}

/** The same as text, for those who parse it themselves; what is no JSON stays as it is. @throws `json-too-deep` `json-too-large` */
export function exactMessage(text: string): string {
  if (!/^\s*[{[]/.test(text)) return text
  refuseExcess(text, 'The message', mostValues, 5)
  try {
    const found = findInexact(text)
    if (!found) return text
    const message: unknown = JSON.parse(text)
    if (isAnswer(message)) return JSON.stringify(withoutInexact(message, found))
    // Which of several it is that cannot be read is not known.
    if (Array.isArray(message) && message.some(isAnswer))
      return JSON.stringify(message.map((each) => (isAnswer(each) ? withoutInexact(each, found) : each)))
  } catch {
    // What is no JSON its reader refuses.
  }
  return text
}

function isAnswer(message: unknown): message is Answer {
  return isRecord(message) && 'result' in message
}

function withoutInexact(message: Answer, found: InexactJson): object {
  const problem = describeInexact(found)
  const { result } = message
  if (typeof result === 'object' && result !== null && 'structuredContent' in result) {
    const { structuredContent: _lost, ...others } = result
    return { ...message, result: { ...others, _meta: { ...others._meta, [inexactMeta]: problem } } }
  }
  const error = { code: internalError, message: `The answer cannot be read exactly: ${problem}` }
  return { jsonrpc: '2.0', id: message.id ?? null, error }
}

/** The same for whole events of a stream of events: their lines stay as they are, unless their data is such a message. */
export function exactEvents(text: string): string {
  return text
    .split(/(\r\n\r\n|\n\n|\r\r)/)
    .map((part, index) => (index % 2 === 0 ? exactEvent(part) : part))
    .join('')
}

function exactEvent(event: string): string {
  const lines = event.split(/\r\n|\n|\r/)
  const isData = (line: string) => /^data(?::|$)/.test(line)
  const given = lines.filter(isData)
  if (given.length === 0) return event
  const data = given.map((line) => line.replace(/^data:? ?/, '')).join('\n')
  const exact = exactMessage(data)
  if (exact === data) return event
  return [...lines.filter((line) => !isData(line)), `data: ${exact}`].join('\n')
}
