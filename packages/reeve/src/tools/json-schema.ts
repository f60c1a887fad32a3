import { type Schema as CheckedSchema, type OutputUnit, Validator } from '@cfworker/json-schema'
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'
import { messageOf, ReeveError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import { type Issue, validate } from '../base/schema.ts'
import { boundedPattern } from '../models/local/bounded-pattern.ts'

export type JsonSchemaObject = { readonly [key: string]: Json | undefined }

/** A Standard Schema that also gives its JSON Schema. */
export interface FromJsonSchema extends StandardSchemaV1<Json, Json> {
  readonly '~standard': StandardSchemaV1.Props<Json, Json> & StandardJSONSchemaV1.Props<Json, Json>
}

/** Schemas that come to more than this when their references are followed are refused. */
const mostParts = 20_000
const deepest = 48
/** Patterns are not tried on longer texts: what they cost may grow with the square of the length. */
const longestMatched = 2048
const mostIssues = 20

/** Keywords whose errors only repeat that something below them is wrong. */
const containers = new Set([
  '$ref',
  'allOf',
  'if',
  'properties',
  'patternProperties',
  'additionalProperties',
  'unevaluatedProperties',
  'items',
  'prefixItems',
  'additionalItems',
  'unevaluatedItems',
])

/**
 * A schema that somebody else wrote, as a check of values. Nothing is compiled from it and nothing fetched for it;
 * patterns that could run for long are left to whoever wrote them.
 * @throws `bad-schema`
 */
export function fromJsonSchema(schema: JsonSchemaObject, what: string): FromJsonSchema {
  measure(schema, what)
  const full = validatorFor(schema, isSafePattern)
  const withoutPatterns = validatorFor(schema, () => false)
  const check = (value: unknown): StandardSchemaV1.Result<Json> => {
    const validator = hasLongText(value) ? withoutPatterns : full
    try {
      const { valid, errors } = validator.validate(value)
      return valid ? { value: value as Json } : { issues: issuesFrom(errors) }
    } catch (cause) {
      return { issues: [{ message: `its schema cannot be followed: ${messageOf(cause)}` }] }
    }
  }
  const asJsonSchema = () => structuredClone(schema) as Record<string, unknown>
  return {
    '~standard': {
      version: 1,
      vendor: 'reeve',
      validate: check,
      jsonSchema: { input: asJsonSchema, output: asJsonSchema },
    },
  }
}

/** Checks a value against a JSON Schema; one that cannot be used finds nothing, and whoever owns it still parses. */
export async function jsonSchemaIssues(schema: Json, value: Json): Promise<Issue[]> {
  let check: FromJsonSchema
  try {
    check = fromJsonSchema(schema as JsonSchemaObject, 'A schema')
  } catch {
    return []
  }
  const checked = validate(check, value)
  return checked.ok ? [] : checked.issues
}

/** The validator writes into its schema, so it gets a copy of its own. */
function validatorFor(schema: JsonSchemaObject, keepsPattern: (source: string) => boolean): Validator {
  const copy = withPatterns(structuredClone(schema), keepsPattern)
  return new Validator(copy as CheckedSchema, draftOf(schema), false)
}

function draftOf({ $schema }: JsonSchemaObject): '7' | '2019-09' | '2020-12' {
  if (typeof $schema !== 'string') return '2020-12'
  if ($schema.includes('draft-07') || $schema.includes('draft-06') || $schema.includes('draft-04')) return '7'
  return $schema.includes('2019-09') ? '2019-09' : '2020-12'
}

/** Without the patterns that are not kept. Values under `const`, `enum` and the like are no schemas and stay. */
function withPatterns(schema: Json, keeps: (source: string) => boolean): Json {
  if (Array.isArray(schema)) return schema.map((item) => withPatterns(item, keeps))
  if (typeof schema !== 'object' || schema === null) return schema
  const kept: { [key: string]: Json } = {}
  for (const [key, value] of Object.entries(schema)) {
    if (value === undefined) continue
    if (key === 'pattern' && typeof value === 'string') {
      if (keeps(value)) kept[key] = value
    } else if (key === 'patternProperties' && isObject(value)) {
      const allSafe = Object.keys(value).every(keeps)
      if (allSafe) kept[key] = withPatterns(value, keeps)
    } else if (key === 'const' || key === 'enum' || key === 'default' || key === 'examples') kept[key] = value
    else kept[key] = withPatterns(value, keeps)
  }
  // Without its patterns it is not known which properties are additional.
  if (schema.patternProperties !== undefined && kept.patternProperties === undefined) {
    delete kept.additionalProperties
    delete kept.unevaluatedProperties
  }
  return kept
}

function isSafePattern(source: string): boolean {
  try {
    boundedPattern(new RegExp(source, 'u'))
    return true
  } catch {
    return false
  }
}

function hasLongText(value: unknown): boolean {
  const left = [value]
  while (left.length > 0) {
    const next = left.pop()
    if (typeof next === 'string' && next.length > longestMatched) return true
    if (typeof next !== 'object' || next === null) continue
    for (const [key, inner] of Object.entries(next)) {
      if (key.length > longestMatched) return true
      left.push(inner)
    }
  }
  return false
}

/** Follows every reference, so that a small schema that unfolds into a huge one is known before it is used. */
function measure(root: JsonSchemaObject, what: string): void {
  let parts = 0
  const refuse = (why: string) => new ReeveError('bad-schema', `${what} cannot be used: ${why}.`)
  const walk = (schema: Json | undefined, depth: number, above: readonly string[]): void => {
    if (typeof schema !== 'object' || schema === null) return
    if (++parts > mostParts) throw refuse(`it unfolds into more than ${mostParts} parts`)
    if (depth > deepest) throw refuse(`it is nested more than ${deepest} levels deep`)
    if (Array.isArray(schema)) {
      for (const item of schema) walk(item, depth + 1, above)
      return
    }
    if (typeof schema.$id === 'string' && depth > 0) throw refuse('it has an $id inside')
    const { $ref } = schema
    if (typeof $ref === 'string' && !above.includes($ref)) {
      walk(resolveRef(root, $ref, refuse), depth + 1, [...above, $ref])
    }
    for (const [key, value] of Object.entries(schema)) if (key !== '$ref') walk(value, depth + 1, above)
  }
  walk(root, 0, [])
}

function resolveRef(root: JsonSchemaObject, ref: string, refuse: (why: string) => ReeveError): Json {
  if (ref !== '#' && !ref.startsWith('#/'))
    throw refuse(`it refers to "${ref.slice(0, 100)}", outside itself`)
  let found: Json | undefined = root
  for (const part of ref.split('/').slice(1)) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
    found =
      typeof found === 'object' && found !== null && Object.hasOwn(found, key)
        ? (found as JsonSchemaObject)[key]
        : undefined
  }
  if (found === undefined) throw refuse(`it refers to "${ref.slice(0, 100)}", which it does not have`)
  return found
}

function issuesFrom(errors: OutputUnit[]): StandardSchemaV1.Issue[] {
  const precise = errors.filter(({ keyword }) => !containers.has(keyword))
  return (precise.length > 0 ? precise : errors)
    .slice(0, mostIssues)
    .map(({ instanceLocation, keyword, error }) => ({
      message: keyword === 'false' ? 'It may not be there.' : error,
      path: pathFrom(instanceLocation),
    }))
}

/** `#/items/0/price` as `items[0].price` is told of. */
function pathFrom(location: string): PropertyKey[] {
  return location
    .split('/')
    .slice(1)
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d{1,9}$/.test(part) ? Number(part) : part))
}

function isObject(value: Json): value is { [key: string]: Json | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
