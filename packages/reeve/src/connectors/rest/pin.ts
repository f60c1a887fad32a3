import { ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { canonical, type Json } from '../../base/json/json.ts'

/** A document of more values is no document that a person looks through. */
const mostValues = 1_000_000
const mostDepth = 200

/**
 * The fingerprint of a whole document, whatever the order of its fields.
 * @throws `bad-openapi` for one that has no end: parsers of YAML give such
 */
export function documentPin(document: Json): string {
  let left = mostValues
  const count = (value: unknown, depth: number): void => {
    if (--left < 0 || depth > mostDepth)
      throw new ReeveError(
        'bad-openapi',
        `The OpenAPI document cannot be used: it has more than ${mostValues.toLocaleString('en')} values or ${mostDepth} levels, or refers to itself. Keep of it what is called.`,
      )
    if (typeof value !== 'object' || value === null) return
    for (const inner of Object.values(value)) count(inner, depth + 1)
  }
  count(document, 0)
  return sha256(canonical(document)).slice(0, 32)
}

/** @throws `bad-openapi` */
export function checkPin(pin: string, wanted: string | undefined, name: string): void {
  if (wanted === undefined || wanted === pin) return
  throw new ReeveError(
    'bad-openapi',
    `The OpenAPI document of "${name}" is another one: its fingerprint is ${pin}, and \`pin\` is ${wanted}. Look at what changed, then write the new one.`,
    { details: { pin, wanted } },
  )
}
