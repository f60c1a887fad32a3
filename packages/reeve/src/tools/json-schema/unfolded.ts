import type { Json } from '../../base/json/json.ts'
import { type Anchors, followed, isReference } from './references.ts'

/** Written out, nobody reads it, and what walks it has used up its stack. */
const deepest = 1000

/**
 * Whether a schema has more parts than `most`, or is nested more than 1000 deep, once each reference in it stands for what
 * it refers to, but for those that lead back to themselves. Whoever shows it, translates it or sends it to a model may write it out.
 */
export function unfoldsBeyond(root: Json, most: number, anchors: Anchors): boolean {
  let parts = 0
  const walk = (schema: Json | undefined, above: readonly string[], depth: number): boolean => {
    if (typeof schema !== 'object' || schema === null) return false
    if (++parts > most || depth > deepest) return true
    if (Array.isArray(schema)) return schema.some((item) => walk(item, above, depth + 1))
    for (const key of Object.keys(schema)) {
      const part = schema[key]
      if (!isReference(key) || typeof part !== 'string') {
        if (walk(part, above, depth + 1)) return true
      } else if (!above.includes(part)) {
        if (walk(followed(root, part, anchors), [...above, part], depth + 1)) return true
      }
    }
    return false
  }
  return walk(root, [], 0)
}
