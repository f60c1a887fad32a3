import { isRecord } from '../../base/json/record.ts'
import type { WireName } from './wire.ts'

type Schema = Record<string, unknown>

/** What a provider takes in the schema of an answer or of a tool's arguments. Whatever it refuses is left out. */
interface Rules {
  /** The only keywords that it takes; absent: all that are left after `relax`. */
  keywords?: ReadonlySet<string>
  /** Whether `enum` and `const` may hold texts and numbers alone. */
  plainEnums?: true
}

/**
 * By wire. All of them want an object at the root; what is no object is wrapped in one. Of tuples, patterns of names,
 * intersections, negations and schemas that are `false`, some provider refuses each, so they are relaxed for all.
 *
 * OpenAI: https://platform.openai.com/docs/guides/structured-outputs (strictness: `fitsStrictMode`) ·
 * Anthropic: https://docs.claude.com/en/docs/build-with-claude/structured-outputs (the AI SDK moves limits of values into
 * descriptions) · Google: https://ai.google.dev/api/generate-content (`responseJsonSchema`)
 */
const rules: Readonly<Record<WireName, Rules>> = {
  'openai-responses': {},
  'openai-chat': {},
  anthropic: {},
  google: {
    keywords: new Set([
      'type',
      'format',
      'title',
      'description',
      'enum',
      'const',
      'items',
      'minItems',
      'maxItems',
      'minimum',
      'maximum',
      'anyOf',
      'properties',
      'additionalProperties',
      'required',
      '$ref',
      '$defs',
    ]),
    plainEnums: true,
  },
}

const strictKeywords = new Set([
  '$schema',
  'type',
  'title',
  'description',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'enum',
  'const',
  'anyOf',
  'minimum',
  'maximum',
  'pattern',
])

/** The property that holds a value which is no object. */
export const wrappedIn = 'value'

export interface SentSchema {
  schema: Schema
  /** Whether the value travels in a property of its own. */
  isWrapped: boolean
  /** Whether OpenAI's strict mode takes it. */
  isStrict: boolean
}

const kept = new WeakMap<Schema, Partial<Record<WireName, SentSchema>>>()

/**
 * A schema as this provider takes it. It may allow more than was asked for, never less: what comes back is checked
 * against the schema itself.
 */
export function sentSchema(wire: WireName, schema: Schema): SentSchema {
  const known = kept.get(schema) ?? {}
  kept.set(schema, known)
  known[wire] ??= makeSent(rules[wire], schema)
  return known[wire]
}

function makeSent(provider: Rules, given: Schema): SentSchema {
  const isWrapped = !isPlainObject(given)
  const schema = relax(isWrapped ? wrapSchema(given) : given, provider)
  return { schema, isWrapped, isStrict: fitsStrictMode(schema) }
}

const notAtRoot = ['anyOf', 'oneOf', 'allOf', 'not', 'enum', 'const', '$ref', 'if']

function isPlainObject(schema: Schema): boolean {
  return schema.type === 'object' && !notAtRoot.some((keyword) => keyword in schema)
}

/** The schema of an object whose one property is the value. */
export function wrapSchema(schema: Schema): Schema {
  const { $schema: _version, $defs, ...value } = schema
  const moved = moveReferences({ ...value, ...(isRecord($defs) && { $defs }) }, `#/properties/${wrappedIn}`)
  const { $defs: movedDefs, ...inner } = moved as Schema
  return {
    type: 'object',
    properties: { [wrappedIn]: inner },
    required: [wrappedIn],
    additionalProperties: false,
    ...(movedDefs === undefined ? {} : { $defs: movedDefs }),
  }
}

/** What holds data, not schemas. */
const dataKeywords = new Set(['const', 'enum', 'default', 'examples', 'required'])

/** A schema that becomes a part of another must point at its own parts there; its `$defs` move to the root. */
function moveReferences(schema: unknown, to: string): unknown {
  if (Array.isArray(schema)) return schema.map((part) => moveReferences(part, to))
  if (!isRecord(schema)) return schema
  return Object.fromEntries(
    Object.entries(schema).map(([key, part]) => {
      if (key === '$ref' && typeof part === 'string' && /^#(?!\/\$defs\/)/.test(part))
        return [key, to + part.slice(1)]
      return [key, dataKeywords.has(key) ? part : moveReferences(part, to)]
    }),
  )
}

/** Keywords whose value is a schema, a list of schemas, or schemas by name. */
const inner = new Set(['items', 'additionalProperties', 'contains', 'if', 'then', 'else'])
const innerLists = new Set(['anyOf', 'allOf'])
const innerMaps = new Set(['properties', '$defs', 'definitions'])

/** Takes out what some provider refuses, so that the rest allows no less than before. */
function relax(given: unknown, provider: Rules): Schema {
  // `true` allows everything, and so does what is left of `false`.
  if (!isRecord(given)) return {}
  const { $schema: _version, ...schema } = mergeAll(given)
  const { prefixItems, patternProperties, propertyNames: _names, not: _not, oneOf, ...rest } = schema
  const relaxed: Schema = rest
  if (Array.isArray(oneOf)) relaxed.anyOf = Array.isArray(rest.anyOf) ? rest.anyOf : oneOf
  if (rest.type === 'array' || prefixItems !== undefined) relaxed.items = itemsOf(prefixItems, rest.items)
  if (rest.items === false && !Array.isArray(prefixItems)) relaxed.maxItems = 0
  if (isRecord(patternProperties))
    relaxed.additionalProperties = anyOf([
      ...Object.values(patternProperties),
      ...(isRecord(rest.additionalProperties) ? [rest.additionalProperties] : []),
    ])
  else if (isRecord(rest.properties)) {
    relaxed.properties = withoutNever(rest.properties, rest.required)
    // What a schema does not name is left out or refused when the answer is read.
    relaxed.additionalProperties ??= false
  }
  return keywordsOf(relaxed, provider)
}

function keywordsOf(schema: Schema, provider: Rules): Schema {
  const entries = Object.entries(schema)
    .filter(([key]) => provider.keywords?.has(key) ?? true)
    // Beside a reference Google takes nothing else.
    .filter(([key]) => !(provider.keywords && '$ref' in schema && !key.startsWith('$')))
    .filter(([key, value]) => !(provider.plainEnums && !isPlainEnum(key, value)))
  return Object.fromEntries(
    entries.map(([key, value]) => {
      if (inner.has(key)) return [key, typeof value === 'boolean' ? value : relax(value, provider)]
      if (innerLists.has(key) && Array.isArray(value))
        return [key, value.map((each) => relax(each, provider))]
      if (innerMaps.has(key) && isRecord(value))
        return [
          key,
          Object.fromEntries(Object.entries(value).map(([name, each]) => [name, relax(each, provider)])),
        ]
      return [key, value]
    }),
  )
}

function isPlainEnum(key: string, value: unknown): boolean {
  const values = key === 'const' ? [value] : key === 'enum' && Array.isArray(value) ? value : []
  return values.every((each) => typeof each === 'string' || typeof each === 'number')
}

/** Of a tuple any of its items; a list without a word on its items may hold all. */
function itemsOf(prefixItems: unknown, items: unknown): Schema {
  const rest = isRecord(items) ? [items] : []
  if (Array.isArray(prefixItems)) return anyOf([...prefixItems, ...rest])
  return isRecord(items) ? items : {}
}

function anyOf(schemas: unknown[]): Schema {
  const different = [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()]
  const [first] = different
  return different.length === 1 && isRecord(first) ? first : { anyOf: different }
}

/** A property that may not be there needs no schema. */
function withoutNever(properties: Schema, required: unknown): Schema {
  const isNever = (part: unknown) =>
    isRecord(part) && isRecord(part.not) && Object.keys(part.not).length === 0
  const isNeeded = (name: string) => Array.isArray(required) && required.includes(name)
  return Object.fromEntries(
    Object.entries(properties).filter(([name, part]) => !isNever(part) || isNeeded(name)),
  )
}

/** Objects that a value must all fit are one object. Where others are met, they are left aside. */
function mergeAll(schema: Schema): Schema {
  const { allOf, ...rest } = schema
  if (!Array.isArray(allOf)) return schema
  const parts = [rest, ...allOf].filter(isRecord).map(mergeAll)
  const objects = parts.filter((part) => part.type === 'object' || isRecord(part.properties))
  if (objects.length !== parts.filter((part) => Object.keys(part).length > 0).length) return rest
  return {
    ...rest,
    type: 'object',
    properties: Object.assign({}, ...objects.map(({ properties }) => properties)),
    required: [...new Set(objects.flatMap(({ required }) => (Array.isArray(required) ? required : [])))],
  }
}

/**
 * Whether OpenAI's strict mode takes the schema: every property required, no other properties, only the keywords that it
 * knows, and a type for each part. A schema with an optional property would be refused there, so it is sent without
 * strictness.
 */
export function fitsStrictMode(schema: unknown): boolean {
  if (!isRecord(schema) || !Object.keys(schema).every((keyword) => strictKeywords.has(keyword))) return false
  const { type, properties, required, additionalProperties, items, pattern } = schema
  if (type === undefined && !Array.isArray(schema.anyOf)) return false
  if (typeof pattern === 'string' && pattern.includes('(?')) return false
  if (isRecord(properties)) {
    if (additionalProperties !== false || !Array.isArray(required)) return false
    const parts = Object.entries(properties)
    if (!parts.every(([name, part]) => required.includes(name) && fitsStrictMode(part))) return false
  } else if (type === 'object') return false
  if (type === 'array' && items === undefined) return false
  if (items !== undefined && !fitsStrictMode(items)) return false
  return !Array.isArray(schema.anyOf) || schema.anyOf.every(fitsStrictMode)
}
