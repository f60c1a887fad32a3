import type { Json } from '../../base/json/json.ts'

/** One text or number inside a value, with the names that lead to it. */
export interface Field {
  path: readonly string[]
  value: string | number
  /** Whether it can carry instructions: prose, or a field that is meant for prose. */
  isFree: boolean
  /** The item of a list or map that it belongs to: -1 when the value holds one thing alone. */
  item: number
}

const freeNames =
  /^(?:body|content|contents|text|message|description|details?|notes?|comments?|reviews?|summary|bio|about|caption|snippet|html|markdown|transcript|answer)$/i
const longestNarrow = 80
const mostNarrowWords = 10
const mostFields = 20_000

/**
 * The fields of a value. A short identifier, name, number, date or address cannot carry instructions; prose can. That narrows
 * what a field may say, never where it came from.
 */
export function fieldsOf(value: Json, { isProse = false } = {}): Field[] {
  const fields: Field[] = []
  const walk = (node: Json | undefined, path: readonly string[], item: number, free: boolean): void => {
    if (node === null || node === undefined || typeof node === 'boolean' || fields.length >= mostFields)
      return
    if (typeof node === 'number') fields.push({ path, value: node, isFree: false, item })
    else if (typeof node === 'string') {
      if (node.trim() !== '') fields.push({ path, value: node, isFree: free || isLong(node), item })
    } else if (Array.isArray(node)) {
      for (const [index, entry] of node.entries()) walk(entry, path, path.length === 0 ? index : item, free)
    } else {
      const entries = Object.entries(node)
      const isMap = path.length === 0 && entries.length > 0 && entries.every(([, entry]) => isThing(entry))
      for (const [index, [key, entry]] of entries.entries()) {
        const at = isMap ? index : item
        // The key of a map is the name of its thing.
        if (isMap) fields.push({ path: ['name'], value: key, isFree: isLong(key), item: at })
        walk(entry, isMap ? [''] : [...path, key], at, free || freeNames.test(key))
      }
    }
  }
  walk(value, [], -1, isProse && typeof value === 'string')
  return fields
}

function isThing(value: Json | undefined): boolean {
  return typeof value === 'string' ? isLong(value) : typeof value === 'object' && value !== null
}

function isLong(text: string): boolean {
  if (text.length > longestNarrow || text.includes('\n')) return true
  let words = 1
  for (const letter of text) if (letter === ' ') words++
  return words > mostNarrowWords
}
