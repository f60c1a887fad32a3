import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'
import { z } from 'zod'
import { ReeveError } from '../errors.ts'
import { isRecord } from '../json/record.ts'
import { isZod } from './zod-run.ts'

/** What a marked field holds. */
export type Mark = 'personal' | 'secret'

/**
 * Marks a text of a schema as personal: what stands there is kept apart from the journal, which has a reference in its place.
 * The run's code, its tools and its models get the text as it is. Another library's schema says the same by `reeve: 'personal'`,
 * or `'secret'`, in its JSON Schema.
 * @example
 * import { personal, workflow } from 'reeve'
 * import { z } from 'zod'
 *
 * export default workflow({
 *   name: 'greet',
 *   input: z.object({ email: personal(z.email()), plan: z.string() }),
 *   run: async (_, { email }) => `Hello ${email}`,
 * })
 */
export function personal<S extends z.ZodType<string>>(schema: S): S {
  return schema.meta({ ...schema.meta(), reeve: 'personal' }) as S
}

/** Where a schema has marks, as JSON Schema is nested. */
interface Marks {
  mark?: Mark
  properties?: Map<string, Marks>
  /** Of all other properties. */
  others?: Marks
  items?: Marks
  first?: (Marks | undefined)[]
}

export interface MarkedText {
  mark: Mark
  text: string
}

/** How the texts are found in a value. */
interface Known {
  marks: Marks | undefined
  find?: (value: unknown) => MarkedText[]
}

const known = new WeakMap<StandardSchemaV1, Known>()

/** Says which texts a schema marks whose JSON Schema cannot tell, since that depends on the value. */
export function markedBy<S extends StandardSchemaV1>(schema: S, find: (value: unknown) => MarkedText[]): S {
  known.set(schema, { marks: undefined, find })
  return schema
}

/** Whether a schema marks anything. @throws `bad-mark` */
export function hasMarks(schema: StandardSchemaV1 | undefined): boolean {
  if (schema === undefined) return false
  const { marks, find } = knownOf(schema)
  return marks !== undefined || find !== undefined
}

/** The same of a JSON Schema. One that marks something else than texts marks it, too. */
export function marksInJson(schema: unknown): boolean {
  try {
    return readMarks(schema, schema, []) !== undefined
  } catch {
    return true
  }
}

/** The texts of a value that stand where its schema has marks. @throws `bad-mark` where something else than text is marked */
export function markedTexts(schema: StandardSchemaV1, value: unknown): MarkedText[] {
  const { marks, find } = knownOf(schema)
  if (find) return find(value)
  if (!marks) return []
  const found: MarkedText[] = []
  collect(marks, value, found)
  return found
}

function collect(marks: Marks, value: unknown, found: MarkedText[]): void {
  if (typeof value === 'string') {
    if (marks.mark && value !== '') found.push({ mark: marks.mark, text: value })
  } else if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) {
      const its = marks.first?.[index] ?? marks.items
      if (its) collect(its, each, found)
    }
  } else if (isRecord(value)) {
    for (const [name, each] of Object.entries(value)) {
      const its = marks.properties?.get(name) ?? marks.others
      if (its) collect(its, each, found)
    }
  }
}

function knownOf(schema: StandardSchemaV1): Known {
  let read = known.get(schema)
  if (!read) {
    // What it takes and what it gives may be marked apart, and either may hold the text.
    const sides = [jsonOf(schema, 'input'), jsonOf(schema, 'output')]
    const all = sides.map((json) => (json === undefined ? undefined : readMarks(json, json, [])))
    read = { marks: merged(all) }
    known.set(schema, read)
  }
  return read
}

/** Undefined where the schema cannot say: then it can mark nothing. */
function jsonOf(schema: StandardSchemaV1, io: 'input' | 'output'): unknown {
  try {
    if (isZod(schema)) return z.toJSONSchema(schema as z.ZodType, { io, unrepresentable: 'any' })
    const { jsonSchema } = schema['~standard'] as StandardSchemaV1.Props & Partial<StandardJSONSchemaV1.Props>
    return jsonSchema?.[io]({ target: 'draft-2020-12' })
  } catch {
    return undefined
  }
}

function readMarks(node: unknown, root: unknown, seen: readonly unknown[]): Marks | undefined {
  // A schema that contains itself is followed once: deeper texts are found by their value where they stand above, too.
  if (!isRecord(node) || seen.includes(node)) return undefined
  const deeper = [...seen, node]
  const read = (part: unknown) => readMarks(part, root, deeper)
  const parts: (Marks | undefined)[] = []
  if (typeof node.$ref === 'string') parts.push(read(pointed(root, node.$ref)))
  for (const key of ['anyOf', 'oneOf', 'allOf'] as const)
    if (Array.isArray(node[key])) parts.push(...node[key].map(read))
  const own: Marks = {}
  if (node.reeve === 'personal' || node.reeve === 'secret') {
    requireText(node, root)
    own.mark = node.reeve
  }
  if (isRecord(node.properties)) {
    const named = Object.entries(node.properties).map(([name, part]) => [name, read(part)] as const)
    const marked = named.filter((each): each is [string, Marks] => each[1] !== undefined)
    if (marked.length > 0) own.properties = new Map(marked)
  }
  const others = read(node.additionalProperties)
  if (others) own.others = others
  const items = read(node.items)
  if (items) own.items = items
  if (Array.isArray(node.prefixItems)) {
    const first = node.prefixItems.map(read)
    if (first.some((each) => each !== undefined)) own.first = first
  }
  return merged([Object.keys(own).length > 0 ? own : undefined, ...parts])
}

function pointed(root: unknown, ref: string): unknown {
  if (!ref.startsWith('#')) return undefined
  let node: unknown = root
  for (const part of ref.slice(1).split('/').filter(Boolean))
    node = isRecord(node) ? node[part.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined
  return node
}

/** @throws `bad-mark` */
function requireText(node: Record<string, unknown>, root: unknown): void {
  if (isText(node, root, [])) return
  throw new ReeveError(
    'bad-mark',
    `A schema marks ${JSON.stringify(node.type ?? 'something')} as ${String(node.reeve)}. Only a text can be kept apart: mark the texts in it, and make a text of a number.`,
  )
}

function isText(node: unknown, root: unknown, seen: readonly unknown[]): boolean {
  if (!isRecord(node) || seen.includes(node)) return false
  const deeper = [...seen, node]
  if (node.type === 'string' || node.type === 'null') return true
  if (Array.isArray(node.type)) return node.type.every((type) => type === 'string' || type === 'null')
  if (typeof node.$ref === 'string') return isText(pointed(root, node.$ref), root, deeper)
  const parts = [node.anyOf, node.oneOf, node.allOf].find(Array.isArray) as unknown[] | undefined
  return parts?.every((part) => isText(part, root, deeper)) ?? false
}

function merged(all: readonly (Marks | undefined)[]): Marks | undefined {
  const [first, ...more] = all.filter((each) => each !== undefined)
  return first && more.reduce(joined, first)
}

function joined(one: Marks, other: Marks): Marks {
  const both: Marks = {}
  const mark = one.mark === 'secret' ? one.mark : (other.mark ?? one.mark)
  if (mark) both.mark = mark
  const names = new Set([...(one.properties?.keys() ?? []), ...(other.properties?.keys() ?? [])])
  if (names.size > 0)
    both.properties = new Map(
      [...names].map((name) => [name, merged([one.properties?.get(name), other.properties?.get(name)])!]),
    )
  const others = merged([one.others, other.others])
  if (others) both.others = others
  const items = merged([one.items, other.items])
  if (items) both.items = items
  const length = Math.max(one.first?.length ?? 0, other.first?.length ?? 0)
  if (length > 0)
    both.first = Array.from({ length }, (_, index) => merged([one.first?.[index], other.first?.[index]]))
  return both
}
