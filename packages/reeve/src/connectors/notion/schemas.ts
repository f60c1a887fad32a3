import { z } from 'zod'
import { isRecord } from '../../base/json/record.ts'

export const id = z
  .string()
  .regex(/^[\da-f]{8}-?(?:[\da-f]{4}-?){3}[\da-f]{12}$/i, 'an id of Notion has 32 hexadecimal digits')

/** Values of properties, as Notion has them: `{ Name: { title: [{ text: { content: 'Call Ann' } }] } }`. */
export const properties = z
  .record(z.string().min(1).max(200), z.record(z.string(), z.unknown()))
  .describe('Values by property name, as the Notion API has them')

export const Page = z.object({
  id: z.string(),
  url: z.string(),
  in_trash: z.boolean(),
  parent: z.record(z.string(), z.unknown()),
  properties: z.record(z.string(), z.unknown()),
  created_time: z.string(),
  last_edited_time: z.string(),
})

/** A text as Notion takes it, in parts of up to 2,000 characters. */
export function richText(text: string): { text: { content: string } }[] {
  const parts: { text: { content: string } }[] = []
  for (let at = 0; at < text.length; ) {
    const end = at + 2000
    // A character of two halves stays whole.
    const isHalf = /[\uD800-\uDBFF]/.test(text[end - 1] ?? '')
    const next = isHalf ? end - 1 : end
    parts.push({ text: { content: text.slice(at, next) } })
    at = next
  }
  return parts
}

/** The words of a text of Notion. */
export function plainText(parts: unknown): string {
  return (Array.isArray(parts) ? parts : [])
    .map((part) => (isRecord(part) ? String(part.plain_text ?? '') : ''))
    .join('')
}

/** The words of a block of a page, whatever kind it is; empty: it has none. */
export function wordsOf(block: unknown): string {
  if (!isRecord(block) || typeof block.type !== 'string') return ''
  const its = block[block.type]
  return isRecord(its) ? plainText(its.rich_text) : ''
}
