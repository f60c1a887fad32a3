import { isRecord } from '../../../base/json/record.ts'

/** Values of a page's properties, as they are read. */
export type Values = Record<string, Record<string, unknown>>

/** What a page has in each of its properties before anything is written there. */
export function empty(schema: Readonly<Record<string, string>>): Values {
  const values = Object.entries(schema).map(([name, type]) => {
    const nothing = type === 'title' || type === 'rich_text' ? [] : type === 'checkbox' ? false : null
    return [name, { id: name, type, [type]: nothing }]
  })
  return Object.fromEntries(values)
}

/** What was written, as it is read again: with its type, and its words in plain text. */
export function written(given: Record<string, unknown>, schema: Readonly<Record<string, string>>): Values {
  const values: Values = {}
  for (const [name, value] of Object.entries(given)) {
    const type = schema[name]
    if (type === undefined || !isRecord(value)) continue
    const raw = value[type]
    const isText = type === 'title' || type === 'rich_text'
    values[name] = { id: name, type, [type]: isText ? withPlainText(raw) : (raw ?? null) }
  }
  return values
}

function withPlainText(given: unknown): unknown[] {
  return (Array.isArray(given) ? given : []).filter(isRecord).map((part) => {
    const text = isRecord(part.text) ? String(part.text.content ?? '') : ''
    return {
      type: 'text',
      text: { content: text, link: null },
      plain_text: text,
      annotations: {},
      href: null,
    }
  })
}

/** The words of a title or a text; empty: it has none. */
export function plainOf(value: Record<string, unknown> | undefined): string {
  const parts = value && (value.title ?? value.rich_text)
  return Array.isArray(parts)
    ? parts.map((part) => (isRecord(part) ? String(part.plain_text ?? '') : '')).join('')
    : ''
}

/** Whether a page has what a filter wants; no filter: each has. */
export function matchesFilter(values: Values, filter: unknown): boolean {
  if (!isRecord(filter)) return true
  if (Array.isArray(filter.and)) return filter.and.every((each) => matchesFilter(values, each))
  if (Array.isArray(filter.or)) return filter.or.some((each) => matchesFilter(values, each))
  const value = values[String(filter.property)]
  for (const type of ['title', 'rich_text', 'select', 'checkbox', 'number', 'date'] as const) {
    const wanted = filter[type]
    if (isRecord(wanted)) return matches(type, value, wanted)
  }
  return false
}

function matches(
  type: string,
  value: Record<string, unknown> | undefined,
  wanted: Record<string, unknown>,
): boolean {
  if (type === 'title' || type === 'rich_text') {
    const text = plainOf(value)
    if ('equals' in wanted) return text === wanted.equals
    if ('contains' in wanted) return text.toLowerCase().includes(String(wanted.contains).toLowerCase())
    return 'is_empty' in wanted ? text === '' : false
  }
  if (type === 'select') return isRecord(value?.select) && value.select.name === wanted.equals
  if (type === 'checkbox') return (value?.checkbox ?? false) === wanted.equals
  if (type === 'date') {
    const start = isRecord(value?.date) ? String(value.date.start) : ''
    if ('equals' in wanted) return start === wanted.equals
    if ('before' in wanted) return start !== '' && start < String(wanted.before)
    return 'after' in wanted ? start > String(wanted.after) : false
  }
  const number = value?.number
  if (typeof number !== 'number') return false
  if ('equals' in wanted) return number === wanted.equals
  if ('greater_than' in wanted) return number > Number(wanted.greater_than)
  return 'less_than' in wanted ? number < Number(wanted.less_than) : false
}
