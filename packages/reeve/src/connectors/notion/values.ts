import { isRecord } from '../../base/json/record.ts'
import type { ServiceCall } from '../door/service-call.ts'
import { plainText, richText } from './schemas.ts'

/** Values of a page's properties, as they are written. */
export type Values = Record<string, Record<string, unknown>>

/** Of some properties, as they are now. */
export async function valuesOf(api: ServiceCall, page: string, names: readonly string[]): Promise<Values> {
  const { json } = await api.get(`/v1/pages/${page}`)
  const all = isRecord(json.properties) ? json.properties : {}
  return Object.fromEntries(names.map((name) => [name, bare(all[name])]))
}

const textTypes = ['title', 'rich_text']

/** A value as it is written: what Notion adds when it is read would not be taken, and is not compared. */
export function bare(value: unknown): Record<string, unknown> {
  if (!isRecord(value)) return {}
  const type = typeof value.type === 'string' ? value.type : Object.keys(value)[0]
  if (type === undefined) return {}
  const its = value[type]
  if (textTypes.includes(type)) return { [type]: richText(wordsIn(its)) }
  if (isRecord(its) && typeof its.name === 'string') return { [type]: { name: its.name } }
  return { [type]: its ?? null }
}

/** Of a text that was read, and of one that is written. */
function wordsIn(parts: unknown): string {
  const read = plainText(parts)
  if (read !== '' || !Array.isArray(parts)) return read
  return parts
    .map((part) => (isRecord(part) && isRecord(part.text) ? String(part.text.content ?? '') : ''))
    .join('')
}
