import type { Json } from '../../../base/json/json.ts'
import { firstCharacters } from '../../../base/text/shorten.ts'
import { maxTextLength } from '../../../text/normalize.ts'

/** More values than this are not looked at, however deep they lie. */
const maxValues = 10_000

/**
 * All strings anywhere in a question's input, in their order, one per line: at most `maxTextLength` characters.
 * Strings of `except` are passed over.
 */
export function textOf(input: Json, except?: ReadonlySet<string>): string {
  if (typeof input === 'string') return firstCharacters(input, maxTextLength)
  let text = ''
  const open: (Json | undefined)[] = [input]
  for (let seen = 0; open.length > 0 && seen < maxValues && text.length < maxTextLength; seen++) {
    const value = open.pop()
    if (typeof value === 'string') {
      if (!except?.has(value)) text += text === '' ? value : `\n${value}`
    } else if (value !== null && typeof value === 'object') {
      const inner = Array.isArray(value) ? value : Object.values(value)
      for (let index = Math.min(inner.length, maxValues) - 1; index >= 0; index--) open.push(inner[index])
    }
  }
  return firstCharacters(text, maxTextLength)
}
