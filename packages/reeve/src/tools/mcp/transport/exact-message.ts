import { describeInexact, findInexact } from '../../../base/json/exact-json.ts'
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
 * A JSON-RPC message as its peer may be read: one that parsing would change in silence (a property that is given twice, a
 * number that would be rounded) comes without its structured content, which says why, or as an error where it has none.
 * What is no JSON, or no answer, is left as it is. @throws `json-too-deep` `json-too-large`
 */
export function exactMessage(text: string): string {
  if (/^\s*[{[]/.test(text)) refuseExcess(text, 'The message', mostValues, 5)
  let message: Answer
  try {
    message = JSON.parse(text) as Answer
  } catch {
    return text
  }
  if (typeof message !== 'object' || message === null || !('result' in message)) return text
  const found = findInexact(text)
  if (!found) return text
  const problem = describeInexact(found)
  const { result } = message
  if (typeof result === 'object' && result !== null && 'structuredContent' in result) {
    const { structuredContent: _lost, ...others } = result
    return JSON.stringify({
      ...message,
      result: { ...others, _meta: { ...others._meta, [inexactMeta]: problem } },
    })
  }
  const error = { code: internalError, message: `The answer cannot be read exactly: ${problem}` }
  return JSON.stringify({ jsonrpc: '2.0', id: message.id ?? null, error })
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
