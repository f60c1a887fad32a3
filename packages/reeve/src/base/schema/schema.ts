import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'
import { ReeveError } from '../errors.ts'
import type { Json } from '../json/json.ts'
import { firstCharacters } from '../text/shorten.ts'
import { acceptedByZod, dropMisleading } from './zod-json-schema.ts'
import { isZod, runZod, type ZodSchema, zodKindOf } from './zod-run.ts'

/** Any Standard Schema (Zod by default). */
export type Schema<Output = unknown> = StandardSchemaV1<unknown, Output> | StandardSchemaV1<never, Output>
/** What a schema gives. */
export type OutputOf<S> = S extends StandardSchemaV1<infer _In, infer Out> ? Out : never
/** What a schema takes. */
export type InputOf<S> = S extends StandardSchemaV1<infer In, infer _Out> ? In : never

export interface Issue {
  /** `items[2].price`; empty for the value itself. */
  path: string
  message: string
  /** The same path in parts: a joined one cannot tell `a.b` from a key that holds a dot. */
  keys: PropertyKey[]
}

export type Validation<T> = { ok: true; value: T } | { ok: false; issues: Issue[] }

/**
 * Checks a value. A check that throws is a mismatch like any other, which names what was thrown.
 * @throws `async-schema` when the schema needs to wait: a run may only wait through `ctx`
 */
export function validate<S extends StandardSchemaV1>(schema: S, value: unknown): Validation<OutputOf<S>> {
  try {
    const result: unknown = isZod(schema) ? runZod(schema, value) : schema['~standard'].validate(value)
    if (!isThenable(result)) return readResult(result)
    // Nobody waits for it: whatever becomes of it must not end the process as an unhandled rejection.
    result.then(ignore, ignore)
  } catch (error) {
    // A schema of Reeve's own that cannot be used at all says so itself.
    if (error instanceof ReeveError && schema['~standard'].vendor === 'reeve') throw error
    return mismatch(`its check threw ${thrownText(error)}`)
  }
  throw asyncSchema('This schema')
}

/**
 * Refuses a schema that is known to check asynchronously, where it is declared. A check that only turns out to be is
 * refused with the first value.
 * @throws `async-schema`
 */
export function requireSync(schema: StandardSchemaV1 | undefined, what: string): void {
  if (!schema) return
  const isAsync = isZod(schema)
    ? zodKindOf(schema) === 'async'
    : // As Valibot marks those that need `parseAsync`.
      (schema as { async?: unknown }).async === true
  if (isAsync) throw asyncSchema(what)
}

function asyncSchema(what: string): ReeveError {
  return new ReeveError(
    'async-schema',
    `${what} checks asynchronously; Reeve needs one that answers at once, for a run may only wait through ctx. Move the slow check into a step.`,
  )
}

/** Checks a value or throws `invalid-input` that names every field. */
export function parse<S extends StandardSchemaV1>(schema: S, value: unknown, what: string): OutputOf<S> {
  const result = validate(schema, value)
  if (result.ok) return result.value
  throw misfit('invalid-input', `${what} does not fit its schema`, result.issues)
}

/** An error that says what is wrong with a value, and has it in its details. */
export function misfit(code: string, what: string, issues: Issue[]): ReeveError {
  return new ReeveError(code, `${what}: ${describeIssues(issues)}`, {
    details: { issues: issues.slice(0, mostDescribed).map(({ path, message }) => ({ path, message })) },
  })
}

const mostDescribed = 20
const longestMessage = 1000

export function describeIssues(issues: readonly Pick<Issue, 'path' | 'message'>[]): string {
  const lines = issues
    .slice(0, mostDescribed)
    .map(({ path, message }) => `${path ? `${path}: ` : ''}${message.replace(/\.$/, '')}`)
  const more = issues.length - lines.length
  return `${lines.join('; ')}${more > 0 ? `; and ${more} more` : ''}`
}

/**
 * The schema as JSON Schema (draft 2020-12), for a model's prompt: of what it accepts (`input`, where a property with a
 * default is optional) or of what it gives. @throws `no-json-schema`
 */
export function toJsonSchema(
  schema: StandardSchemaV1,
  side: 'input' | 'output' = 'output',
): Record<string, unknown> {
  const standard = schema['~standard'] as StandardSchemaV1.Props & Partial<StandardJSONSchemaV1.Props>
  if (!standard.jsonSchema) {
    throw new ReeveError(
      'no-json-schema',
      `This ${standard.vendor} schema cannot be written as JSON Schema, which a model needs to answer in it. Use Zod 4, or another library with Standard JSON Schema.`,
    )
  }
  try {
    return isZod(schema)
      ? zodJsonSchema(standard.jsonSchema[side], side)
      : standard.jsonSchema[side]({ target })
  } catch (cause) {
    throw new ReeveError(
      'no-json-schema',
      `This schema has a part that JSON Schema cannot express: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
  }
}

const target = 'draft-2020-12'

type ToJson = StandardJSONSchemaV1.Props['jsonSchema']['input']

/** Zod writes no coerced dates and big integers, though a text goes into them. */
function zodJsonSchema(convert: ToJson, side: 'input' | 'output'): Record<string, unknown> {
  try {
    return convert({ target, libraryOptions: { override: dropMisleading } })
  } catch (error) {
    if (side === 'output') throw error
    return convert({ target, libraryOptions: coercing })
  }
}

const coerced: Readonly<Record<string, object>> = {
  date: { type: 'string', format: 'date-time' },
  bigint: { type: 'string', pattern: '^-?[0-9]+$' },
}
const unwritten = [
  'symbol',
  'undefined',
  'void',
  'map',
  'set',
  'nan',
  'custom',
  'function',
  'promise',
  'transform',
]

/** Options of Zod's own conversion. */
const coercing = {
  unrepresentable: 'any',
  override(part: { zodSchema: ZodSchema; jsonSchema: object }) {
    const { zodSchema, jsonSchema } = part
    dropMisleading(part)
    const { type, coerce, values = [] } = zodSchema._zod.def as ZodDefinition
    const text = Object.hasOwn(coerced, type) ? coerced[type] : undefined
    if (text && coerce) Object.assign(jsonSchema, text)
    else if (
      text ||
      unwritten.includes(type) ||
      values.some((value) => typeof value === 'undefined' || typeof value === 'bigint')
    )
      throw new Error(`${type} cannot be represented in JSON Schema`)
  },
}

interface ZodDefinition {
  type: string
  coerce?: boolean
  values?: unknown[]
}

const accepted = new WeakMap<StandardSchemaV1, Json | null>()

/** What a schema accepts, as JSON Schema that refuses nothing else; null where that cannot be told. Made once. */
export function jsonSchemaIn(schema: StandardSchemaV1): Json | null {
  let json = accepted.get(schema)
  if (json === undefined) {
    try {
      json = (isZod(schema) ? acceptedByZod(schema) : toJsonSchema(schema, 'input')) as Json
    } catch {
      json = null
    }
    accepted.set(schema, json)
  }
  return json
}

/** A result as the standard has it; anything else is no answer, and nothing may pass by it. */
function readResult<T>(result: unknown): Validation<T> {
  if (typeof result !== 'object' || result === null) return mismatch('its check gave no result')
  const { issues } = result as { issues?: unknown }
  if (issues === undefined || issues === null) {
    return 'value' in result ? { ok: true, value: result.value as T } : mismatch('its check gave no result')
  }
  const read = Array.isArray(issues) ? issues.map(readIssue) : []
  return read.length > 0 ? { ok: false, issues: read } : mismatch('does not fit')
}

function mismatch(message: string): { ok: false; issues: Issue[] } {
  return { ok: false, issues: [{ path: '', message, keys: [] }] }
}

function readIssue(issue: unknown): Issue {
  const { message, path } = (issue ?? {}) as { message?: unknown; path?: unknown }
  const keys = Array.isArray(path) ? path.map(keyOf) : []
  const text = typeof message === 'string' && message !== '' ? message : 'does not fit'
  return { path: pathOf(keys), message: firstCharacters(text, longestMessage), keys }
}

function keyOf(part: unknown): PropertyKey {
  const key = typeof part === 'object' && part !== null ? (part as { key?: unknown }).key : part
  return typeof key === 'number' || typeof key === 'symbol' ? key : String(key)
}

function pathOf(keys: PropertyKey[]): string {
  let text = ''
  for (const key of keys) {
    text += typeof key === 'number' ? `[${key}]` : text ? `.${String(key)}` : String(key)
  }
  return text
}

function thrownText(error: unknown): string {
  try {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    return firstCharacters(text, longestMessage)
  } catch {
    return 'what cannot be read'
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  )
}

function ignore(): void {}
