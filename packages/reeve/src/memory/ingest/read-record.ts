import { messageOf } from '../../base/errors.ts'
import { isRecord } from '../../base/json/record.ts'
import { normalizeScope } from '../scopes.ts'
import { decodeText } from './decode-text.ts'
import type { KnowledgeDocument } from './passages.ts'
import { type Line, maxLineBytes } from './read-lines.ts'

const maxIdLength = 500

/** The document of a line of JSON, or what is wrong with it. A blank line is `undefined`: neither. */
export function readRecord(
  { number, bytes }: Line,
  file: string,
  scope: string,
): { document: KnowledgeDocument } | { problem: string } | undefined {
  const fail = (problem: string) => ({ problem })
  if (!bytes) return fail(`is longer than ${maxLineBytes} bytes`)
  const decoded = decodeText(bytes)
  if ('problem' in decoded) return decoded
  if (decoded.text.trim() === '') return
  let record: unknown
  try {
    record = JSON.parse(decoded.text)
  } catch (error) {
    return fail(`is not JSON: ${messageOf(error)}`)
  }
  if (!isRecord(record)) return fail('is not a JSON object')
  const fields = record as Record<string, unknown>
  const { id, title, content } = fields
  if (typeof id !== 'string' || id === '' || id.length > maxIdLength)
    return fail(`needs an "id": a text of 1 to ${maxIdLength} characters`)
  if (typeof content !== 'string' || content.trim() === '')
    return fail(`needs "content" that is not empty (id ${id})`)
  if (title !== undefined && title !== null && typeof title !== 'string')
    return fail(`has a "title" that is not a text (id ${id})`)
  if (fields.scope !== undefined && fields.scope !== null && typeof fields.scope !== 'string')
    return fail(`has a "scope" that is not a text (id ${id})`)
  const document: KnowledgeDocument = {
    id,
    scope: typeof fields.scope === 'string' ? normalizeScope(fields.scope) : scope,
    text: content,
    source: `${file}#${id}`,
    places: { unit: 'line', of: [number] },
  }
  if (title) document.title = title
  return { document }
}
