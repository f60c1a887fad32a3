import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { firstCharacters } from '../../base/text/shorten.ts'
import { unescapeStep } from './pointer.ts'

type JsonObject = { readonly [key: string]: Json | undefined }

/** The parts of a schema that have a name of their own: `$anchor` and `$dynamicAnchor`. */
export type Anchors = ReadonlyMap<string, Json>

/**
 * As each schema here is one resource (no `$id` inside), a dynamic reference leads to where a plain one with the same
 * words does.
 */
const references: readonly string[] = ['$ref', '$dynamicRef', '$recursiveRef']

/** Whether under this key of a schema a reference stands. */
export function isReference(key: string): boolean {
  return references.includes(key)
}

/** What a reference such as `#/$defs/order`, or `#order` for an anchor, leads to in a schema. */
export function followed(root: Json, given: string, anchors: Anchors): Json | undefined {
  const ref = withoutId(root, given)
  if (ref.startsWith('#') && anchors.has(ref.slice(1))) return anchors.get(ref.slice(1))
  if (ref !== '#' && !ref.startsWith('#/')) return
  let found: Json | undefined = root
  for (const step of ref.split('/').slice(1)) {
    const key = unescapeStep(step)
    if (key === undefined || typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return
    found = (found as JsonObject)[key]
  }
  return found
}

/** A reference to the schema by its own whole name is one into it. */
function withoutId(root: Json, ref: string): string {
  const id = isRecord(root) ? root.$id : undefined
  if (typeof id !== 'string' || id === '') return ref
  const base = id.replace(/#$/, '')
  if (ref === base) return '#'
  return ref.startsWith(`${base}#`) ? ref.slice(base.length) : ref
}

/** Remembers the names that other parts may refer to this one by. */
export function noteAnchors(
  schema: JsonObject,
  anchors: Map<string, Json>,
  refused: (key: string, why: string) => Error,
): void {
  for (const key of ['$anchor', '$dynamicAnchor']) {
    const name = schema[key]
    if (name === undefined) continue
    if (typeof name !== 'string' || name === '') throw refused(key, 'it must be a text')
    const known = anchors.get(name)
    if (known !== undefined && known !== schema)
      throw refused(key, `there are two parts with the name "${firstCharacters(name, 100)}"`)
    anchors.set(name, schema as Json)
  }
}

export function referencesOf(schema: JsonObject, refused: (key: string, why: string) => Error): string[] {
  return Object.keys(schema).flatMap((key) => {
    if (!isReference(key)) return []
    const ref = schema[key]
    if (typeof ref === 'string') return ref
    throw refused(key, 'it must be a text')
  })
}
