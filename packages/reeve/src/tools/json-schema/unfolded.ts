import type { Json } from '../../base/json.ts'
import { type Anchors, followed, isReference } from './references.ts'

/**
 * Whether a schema has more parts than `most` once each reference in it stands for what it refers to, but for those that
 * lead back to themselves. Whoever shows it, translates it or sends it to a model may write it out.
 */
export function unfoldsBeyond(root: Json, most: number, anchors: Anchors): boolean {
  let parts = 0
  const walk = (schema: Json | undefined, above: readonly string[]): boolean => {
    if (typeof schema !== 'object' || schema === null) return false
    if (++parts > most) return true
    if (Array.isArray(schema)) return schema.some((item) => walk(item, above))
    for (const key of Object.keys(schema)) {
      const part = schema[key]
      if (!isReference(key) || typeof part !== 'string') {
        if (walk(part, above)) return true
      } else if (!above.includes(part) && walk(followed(root, part, anchors), [...above, part])) return true
    }
    return false
  }
  return walk(root, [])
}
