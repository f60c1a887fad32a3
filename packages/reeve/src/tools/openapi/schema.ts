import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { firstCharacters } from '../../base/text/shorten.ts'
import type { Part } from './document.ts'

const componentPrefix = '#/components/schemas/'
/** They say nothing about a value that is sent, or belong to other readers. */
const dropped = new Set(['example', 'examples', 'xml', 'externalDocs', 'discriminator', '$schema', '$id'])
/** Their values are no schemas. */
const literal = new Set(['enum', 'const', 'default', 'required'])
const schemaMaps = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'])

/** As many as a schema may have to be checked; deeper ones are no data that a model writes. */
const most = { parts: 20_000, depth: 48 }
/** Of all operations together: each brings a copy of what it refers to. */
export const mostParts = 500_000

/**
 * Turns schemas of a document into JSON Schema (2020-12) that stands by itself: `nullable` and boolean exclusive limits
 * of OpenAPI 3.0 are translated, and what is referred to is collected under `$defs`.
 */
export class SchemaCollector {
  readonly definitions: { [name: string]: Json } = {}
  readonly #referred: { name: string; target: Part }[] = []
  #parts = 0
  readonly #budget: { left: number }

  /** `budget`: how many parts all collectors of a document may still have. */
  constructor(budget: { left: number }) {
    this.#budget = budget
  }

  /** @throws `bad-openapi` */
  convert(schema: Part): Json {
    const converted = this.#converted(schema, 0)
    // One after the other: a chain of references may be as long as the document.
    for (let next = this.#referred.pop(); next; next = this.#referred.pop()) {
      this.definitions[next.name] = this.#converted(next.target, 0)
    }
    return converted
  }

  #converted(schema: Part, depth: number): Json {
    if (++this.#parts > most.parts) throw schema.fault(`it brings more than ${most.parts} parts`)
    if (--this.#budget.left < 0) {
      throw schema.fault(
        `its operations bring more than ${mostParts} parts; choose some with the option \`operations\``,
      )
    }
    if (depth > most.depth) throw schema.fault(`it is nested more than ${most.depth} levels deep`)
    if (typeof schema.value === 'boolean') return schema.value
    const source = schema.object()
    const result: { [key: string]: Json } = {}
    for (const [key, value] of Object.entries(source)) {
      if (value === undefined || dropped.has(key) || key.startsWith('x-') || key === 'nullable') continue
      result[key] = this.#keyword(schema, key, value, depth)
    }
    exclusiveLimits(result)
    // What only answers carry is no part of what is sent.
    if (isRecord(source.properties)) withoutReadOnly(result, source.properties)
    return source.nullable === true ? nullable(result) : result
  }

  #keyword(schema: Part, key: string, value: Json, depth: number): Json {
    const part = schema.at(key)
    if (key === '$ref') return this.#reference(part)
    if (literal.has(key)) return structuredClone(value)
    if (schemaMaps.has(key)) {
      return Object.fromEntries(
        part.entries().map(([name, inner]) => [name, this.#converted(inner, depth + 1)]),
      )
    }
    if (Array.isArray(value))
      return part
        .list()
        .map((item) => (isRecord(item.value) ? this.#converted(item, depth + 1) : item.value!))
    return isRecord(value) ? this.#converted(part, depth + 1) : value
  }

  #reference(part: Part): string {
    const ref = part.text()
    const target = part.target(ref)
    if (!ref.startsWith(componentPrefix) || ref.slice(componentPrefix.length).includes('/')) {
      throw part.fault(
        `it refers to "${firstCharacters(ref, 200)}"; schemas may refer to ${componentPrefix}… only`,
      )
    }
    const name = ref.slice(componentPrefix.length)
    if (!Object.hasOwn(this.definitions, name)) {
      // Taken first: a schema may refer to itself.
      this.definitions[name] = true
      this.#referred.push({ name, target })
    }
    return `#/$defs/${name}`
  }
}

function withoutReadOnly(
  result: { [key: string]: Json },
  properties: { [key: string]: Json | undefined },
): void {
  const hidden = Object.keys(properties).filter((name) => {
    const property = properties[name]
    return isRecord(property) && property.readOnly === true
  })
  if (hidden.length === 0) return
  const kept = result.properties as { [key: string]: Json }
  for (const name of hidden) delete kept[name]
  if (Array.isArray(result.required)) {
    result.required = result.required.filter((name) => !hidden.includes(String(name)))
  }
}

/** `exclusiveMinimum: true` beside `minimum: 5` became `exclusiveMinimum: 5`. */
function exclusiveLimits(schema: { [key: string]: Json }): void {
  for (const [limit, exclusive] of [
    ['minimum', 'exclusiveMinimum'],
    ['maximum', 'exclusiveMaximum'],
  ] as const) {
    if (typeof schema[exclusive] !== 'boolean') continue
    if (schema[exclusive] && schema[limit] !== undefined) {
      schema[exclusive] = schema[limit]
      delete schema[limit]
    } else delete schema[exclusive]
  }
}

function nullable(schema: { [key: string]: Json }): Json {
  if (typeof schema.type !== 'string') return { anyOf: [schema, { type: 'null' }] }
  const widened: { [key: string]: Json } = { ...schema, type: [schema.type, 'null'] }
  if (Array.isArray(schema.enum) && !schema.enum.includes(null)) widened.enum = [...schema.enum, null]
  return widened
}
