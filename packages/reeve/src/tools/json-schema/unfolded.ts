import type { Json } from '../../base/json.ts'
import { unescapeStep } from './pointer.ts'

type JsonObject = { readonly [key: string]: Json | undefined }

/**
 * Whether a schema has more parts than `most` once each reference in it stands for what it refers to, but for those that
 * lead back to themselves. Whoever shows it, translates it or sends it to a model may write it out.
 */
export function unfoldsBeyond(root: Json, most: number): boolean {
  let parts = 0
  const walk = (schema: Json | undefined, above: readonly string[]): boolean => {
    if (typeof schema !== 'object' || schema === null) return false
    if (++parts > most) return true
    if (Array.isArray(schema)) return schema.some((item) => walk(item, above))
    const { $ref } = schema
    if (typeof $ref === 'string' && !above.includes($ref) && walk(followed(root, $ref), [...above, $ref])) {
      return true
    }
    for (const key of Object.keys(schema)) if (key !== '$ref' && walk(schema[key], above)) return true
    return false
  }
  return walk(root, [])
}

/** What a reference such as `#/$defs/order` leads to in a schema. */
export function followed(root: Json, ref: string): Json | undefined {
  if (ref !== '#' && !ref.startsWith('#/')) return
  let found: Json | undefined = root
  for (const step of ref.split('/').slice(1)) {
    const key = unescapeStep(step)
    if (key === undefined || typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return
    found = (found as JsonObject)[key]
  }
  return found
}
