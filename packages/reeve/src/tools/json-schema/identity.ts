import { sha256 } from '../../base/hash.ts'
import type { Json } from '../../base/json/json.ts'
import { firstCharacters, shorten } from '../../base/text/shorten.ts'
import type { SchemaNode } from './node.ts'
import { Spot } from './spot.ts'

/** Longer ones are stood for by their digest, so that what holds a value need not hold its text. */
const longestText = 200

/** A text that is the same for equal values and for no others; `spend` hears of the work before it is done. */
export function identityOf(spot: Spot, spend: (steps: number) => void): string {
  if (spot.identity !== undefined) return spot.identity
  const { value } = spot
  let text: string
  if (typeof value !== 'object' || value === null) {
    spend(4 + (typeof value === 'string' ? Math.ceil(value.length / 4) : 0))
    text = JSON.stringify(value)
  } else if (Array.isArray(value)) {
    spend(value.length * 8 + 8)
    text = `[${value.map((_item, index) => identityOf(spot.child(index), spend)).join()}]`
  } else {
    const keys = Object.keys(value).filter((key) => value[key] !== undefined)
    spend(keys.length * 16 + 8)
    text = `{${keys
      .sort()
      .map((key) => `${JSON.stringify(key)}:${identityOf(spot.child(key), spend)}`)
      .join()}}`
  }
  if (text.length > longestText) {
    spend(40 + Math.ceil(text.length / 8))
    text = `digest ${sha256(text)}`
  }
  spot.identity = text
  return text
}

/** Of a value that stands in a schema, whose size is bounded. */
export function identityOfLiteral(value: Json): string {
  return identityOf(new Spot(value, undefined, ''), () => {})
}

/** The values of an `enum` or a `const`: to look one up, and to show them. */
export function valuesOf(values: readonly Json[]): NonNullable<SchemaNode['values']> {
  const texts = values.slice(0, 50).map((value) => {
    const text = JSON.stringify(value)
    return shorten(text, 100)
  })
  return {
    identities: new Set(values.map(identityOfLiteral)),
    shown: firstCharacters(texts.join(', '), 1000),
  }
}
