import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { firstCharacters } from '../../base/text/shorten.ts'
import { formats } from './formats.ts'
import { identityOfLiteral, valuesOf } from './identity.ts'
import {
  type ArrayRules,
  type JsonSchemaObject,
  type JsonType,
  type NumberRules,
  type ObjectRules,
  type ReadSchema,
  type SchemaNode,
  type StringRules,
  typeNames,
} from './node.ts'
import { type LinearPattern, linearPattern } from './pattern/linear-pattern.ts'
import { escapeStep } from './pointer.ts'
import { followed, noteAnchors, referencesOf } from './references.ts'
import { unfoldsBeyond } from './unfolded.ts'

const mostNodes = 20_000
const deepest = 48
/** Of all its patterns together; what each costs beside its parts is as much as so many. */
const mostPatternParts = 12_000
const patternParts = 20

/**
 * Reads a schema that somebody else wrote. Nothing is compiled from it and nothing fetched for it; what it says in a
 * form that cannot be followed is refused here and not when a value comes.
 * @throws `bad-schema`
 */
export function readSchema(schema: JsonSchemaObject | boolean, what: string): ReadSchema {
  return new SchemaReader(schema, what).read()
}

class SchemaReader {
  readonly #schema: JsonSchemaObject | boolean
  readonly #what: string
  readonly #nodes = new Map<object, SchemaNode>()
  readonly #patterns = new Map<string, LinearPattern>()
  readonly #anchors = new Map<string, Json>()
  readonly #waiting: { node: SchemaNode; ref: string }[] = []
  #count = 0
  #patternParts = 0
  #tracks = false
  /** Up to draft 7, nothing counts beside a `$ref`. */
  readonly #refAlone: boolean

  constructor(schema: JsonSchemaObject | boolean, what: string) {
    this.#schema = schema
    this.#what = what
    const dialect = typeof schema === 'object' ? schema.$schema : undefined
    this.#refAlone = typeof dialect === 'string' && /draft-0[3-7]/.test(dialect)
  }

  read(): ReadSchema {
    const root = this.#node(this.#schema as Json, '#', 0)
    for (let next = this.#waiting.pop(); next; next = this.#waiting.pop()) {
      next.node.ref = this.#target(next.ref, next.node.place)
      next.node.ref.isShared = true
    }
    if (unfoldsBeyond(this.#schema as Json, mostNodes, this.#anchors)) {
      throw this.#refused('', `it unfolds into more than ${mostNodes} parts, or too deep`)
    }
    return { root, tracks: this.#tracks }
  }

  #node(schema: Json | undefined, place: string, depth: number): SchemaNode {
    if (++this.#count > mostNodes) throw this.#refused('', `it has more than ${mostNodes} parts`)
    if (depth > deepest) throw this.#refused('', `it is nested more than ${deepest} levels deep`)
    const node: SchemaNode = { place, isShared: false }
    if (schema === true) return node
    if (schema === false) return Object.assign(node, { never: true as const })
    if (!isRecord(schema)) {
      throw this.#refused(place, 'it must be an object, true or false')
    }
    this.#nodes.set(schema, node)
    if (depth > 0 && typeof schema.$id === 'string') throw this.#refused(place, 'it has an $id inside')
    const refuse = (key: string, why: string) => this.#refused(`${place}/${key}`, why)
    noteAnchors(schema, this.#anchors, refuse)
    const [ref, ...others] = referencesOf(schema, refuse)
    if (ref !== undefined) {
      this.#waiting.push({ node, ref })
      if (this.#refAlone) return node
    }
    this.#anyValue(node, schema, depth)
    for (const each of others) {
      const other: SchemaNode = { place, isShared: false }
      this.#waiting.push({ node: other, ref: each })
      node.allOf = [...(node.allOf ?? []), other]
    }
    this.#objects(node, schema, depth)
    this.#arrays(node, schema, depth)
    node.number = this.#numbers(schema, place)
    node.string = this.#strings(schema, place)
    return node
  }

  #anyValue(node: SchemaNode, schema: JsonSchemaObject, depth: number): void {
    const { place } = node
    const below = (key: string) => this.#optional(schema[key], `${place}/${key}`, depth + 1)
    const all = (key: string) => this.#list(schema[key], `${place}/${key}`, depth + 1)
    if (schema.type !== undefined) {
      const named = [schema.type].flat() as Json[]
      const bad = named.find((name) => typeof name !== 'string' || !typeNames.includes(name))
      if (bad !== undefined) throw this.#refused(`${place}/type`, `${JSON.stringify(bad)} is not a type`)
      node.types = new Set(named as (JsonType | 'integer')[])
    }
    const { enum: allowed, const: only } = schema
    if (Array.isArray(allowed)) node.values = valuesOf(allowed)
    if (only !== undefined) {
      const isAllowed = !node.values || node.values.identities.has(identityOfLiteral(only))
      node.values = valuesOf(isAllowed ? [only] : [])
    }
    node.not = below('not')
    node.allOf = all('allOf')
    node.anyOf = all('anyOf')
    node.oneOf = all('oneOf')
    const condition = below('if')
    if (condition) {
      // biome-ignore lint/suspicious/noThenProperty: the keyword's name
      node.condition = { if: condition, then: below('then'), else: below('else') }
    }
  }

  #objects(node: SchemaNode, schema: JsonSchemaObject, depth: number): void {
    const { place } = node
    const below = (key: string) => this.#optional(schema[key], `${place}/${key}`, depth + 1)
    const map = (key: string) => this.#map(schema[key], `${place}/${key}`, depth + 1)
    const dependencies = Object.entries(this.#object(schema.dependencies, `${place}/dependencies`) ?? {})
    const lists = { ...Object.fromEntries(dependencies.filter(([, value]) => Array.isArray(value))) }
    const schemas = { ...Object.fromEntries(dependencies.filter(([, value]) => !Array.isArray(value))) }
    const patterns = map('patternProperties')
    const rules: ObjectRules = {
      // Draft 3 had a boolean here; it says nothing now.
      required:
        typeof schema.required === 'boolean' ? undefined : this.#names(schema.required, `${place}/required`),
      properties: map('properties'),
      patterns:
        patterns &&
        [...patterns].map(([source, inner]) => ({ pattern: this.#pattern(source, place), node: inner })),
      additional: below('additionalProperties'),
      unevaluated: below('unevaluatedProperties'),
      names: below('propertyNames'),
      least: this.#number(schema, 'minProperties', place),
      most: this.#number(schema, 'maxProperties', place),
      dependentRequired: this.#nameLists(
        { ...lists, ...this.#object(schema.dependentRequired, place) },
        place,
      ),
      dependentSchemas: this.#map(
        { ...schemas, ...this.#object(schema.dependentSchemas, place) },
        `${place}/dependentSchemas`,
        depth + 1,
      ),
    }
    if (rules.unevaluated) this.#tracks = true
    // What only holds definitions says nothing itself, but may be referred to.
    for (const key of ['$defs', 'definitions']) map(key)
    if (Object.values(rules).some((rule) => rule !== undefined)) node.object = rules
  }

  #arrays(node: SchemaNode, schema: JsonSchemaObject, depth: number): void {
    const { place } = node
    const below = (key: string) => this.#optional(schema[key], `${place}/${key}`, depth + 1)
    const contains = below('contains')
    const isTuple = Array.isArray(schema.items)
    const rules: ArrayRules = {
      prefix: this.#list(
        isTuple ? schema.items : schema.prefixItems,
        `${place}/${isTuple ? 'items' : 'prefixItems'}`,
        depth + 1,
      ),
      rest: isTuple ? below('additionalItems') : below('items'),
      unevaluated: below('unevaluatedItems'),
      contains: contains && {
        node: contains,
        least: this.#number(schema, 'minContains', place) ?? 1,
        most: this.#number(schema, 'maxContains', place) ?? Number.POSITIVE_INFINITY,
      },
      isUnique: schema.uniqueItems === true ? true : undefined,
      least: this.#number(schema, 'minItems', place),
      most: this.#number(schema, 'maxItems', place),
    }
    if (rules.unevaluated) this.#tracks = true
    if (Object.values(rules).some((rule) => rule !== undefined)) node.array = rules
  }

  #numbers(schema: JsonSchemaObject, place: string): NumberRules | undefined {
    const limit = (key: string) =>
      typeof schema[key] === 'boolean' ? undefined : this.#number(schema, key, place)
    const [minimum, maximum] = [limit('minimum'), limit('maximum')]
    // Draft 4 had them as booleans beside the limits.
    const rules: NumberRules = {
      minimum,
      maximum,
      above: schema.exclusiveMinimum === true ? minimum : limit('exclusiveMinimum'),
      below: schema.exclusiveMaximum === true ? maximum : limit('exclusiveMaximum'),
      multipleOf: limit('multipleOf'),
    }
    if (rules.multipleOf !== undefined && rules.multipleOf <= 0) {
      throw this.#refused(`${place}/multipleOf`, 'it must be more than 0')
    }
    return Object.values(rules).some((rule) => rule !== undefined) ? rules : undefined
  }

  #strings(schema: JsonSchemaObject, place: string): StringRules | undefined {
    const { pattern: source, format } = schema
    const fits = typeof format === 'string' ? formats.get(format) : undefined
    const rules: StringRules = {
      least: this.#number(schema, 'minLength', place),
      most: this.#number(schema, 'maxLength', place),
      pattern: typeof source === 'string' ? { source, pattern: this.#pattern(source, place) } : undefined,
      format: fits && { name: String(format), fits },
    }
    return Object.values(rules).some((rule) => rule !== undefined) ? rules : undefined
  }

  #pattern(source: string, place: string): LinearPattern {
    const known = this.#patterns.get(source)
    if (known) return known
    try {
      const pattern = linearPattern(source)
      this.#patternParts += pattern.size + patternParts
      if (this.#patternParts > mostPatternParts) {
        throw this.#refused('', `its patterns have more than ${mostPatternParts} parts together`)
      }
      this.#patterns.set(source, pattern)
      return pattern
    } catch (error) {
      if (error instanceof ReeveError && error.code === 'bad-pattern') {
        throw this.#refused(place, error.message.replace(/\.$/, ''), error)
      }
      throw error
    }
  }

  #optional(schema: Json | undefined, place: string, depth: number): SchemaNode | undefined {
    return schema === undefined ? undefined : this.#node(schema, place, depth)
  }

  #list(schemas: Json | undefined, place: string, depth: number): SchemaNode[] | undefined {
    if (schemas === undefined) return
    if (!Array.isArray(schemas)) throw this.#refused(place, 'it must be an array')
    return schemas.map((schema, index) => this.#node(schema, `${place}/${index}`, depth))
  }

  #map(schemas: Json | undefined, place: string, depth: number): Map<string, SchemaNode> | undefined {
    const entries = Object.entries(this.#object(schemas, place) ?? {})
    if (entries.length === 0) return
    return new Map(
      entries.map(([key, schema]) => [key, this.#node(schema, `${place}/${escapeStep(key)}`, depth)]),
    )
  }

  #object(value: Json | undefined, place: string): JsonSchemaObject | undefined {
    if (value === undefined || isRecord(value)) return value
    throw this.#refused(place, 'it must be an object')
  }

  #names(value: Json | undefined, place: string): string[] | undefined {
    if (value === undefined) return
    if (!Array.isArray(value) || !value.every((name) => typeof name === 'string')) {
      throw this.#refused(place, 'it must be an array of texts')
    }
    return value
  }

  #nameLists(lists: JsonSchemaObject, place: string): Map<string, string[]> | undefined {
    const at = `${place}/dependentRequired`
    const entries = Object.entries(lists).map(([key, names]) => [key, this.#names(names, at) ?? []] as const)
    return entries.length > 0 ? new Map(entries) : undefined
  }

  #number(schema: JsonSchemaObject, key: string, place: string): number | undefined {
    const value = schema[key]
    if (value === undefined || typeof value === 'number') return value
    throw this.#refused(`${place}/${key}`, `${firstCharacters(JSON.stringify(value), 100)} is not a number`)
  }

  /** What a reference names: a part that was read already, or one under a key that is no keyword. */
  #target(ref: string, place: string): SchemaNode {
    const found = followed(this.#schema as Json, ref, this.#anchors)
    if (found === undefined) {
      const where = ref.startsWith('#') ? 'which it does not have' : 'outside itself'
      throw this.#refused(place, `it refers to "${firstCharacters(ref, 100)}", ${where}`)
    }
    return (isRecord(found) && this.#nodes.get(found)) || this.#node(found, ref, ref.split('/').length)
  }

  #refused(place: string, why: string, cause?: unknown): ReeveError {
    const at = place === '' || place === '#' ? '' : `${firstCharacters(place, 200)}: `
    return new ReeveError('bad-schema', `${this.#what} cannot be used: ${at}${why}.`, {
      details: { path: place },
      ...(cause !== undefined && { cause }),
    })
  }
}
