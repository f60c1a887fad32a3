import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'
import { ReeveError } from './errors.ts'

/** Any Standard Schema (Zod by default). */
export type Schema<Output = unknown> = StandardSchemaV1<unknown, Output> | StandardSchemaV1<never, Output>
export type OutputOf<S> = S extends StandardSchemaV1<infer _In, infer Out> ? Out : never
export type InputOf<S> = S extends StandardSchemaV1<infer In, infer _Out> ? In : never

export interface Issue {
  /** `items[2].price`; empty for the value itself. */
  path: string
  message: string
}

export type Validation<T> = { ok: true; value: T } | { ok: false; issues: Issue[] }

/** Checks a value. @throws `async-schema` when the schema needs to wait: a run may only wait through `ctx`. */
export function validate<S extends StandardSchemaV1>(schema: S, value: unknown): Validation<OutputOf<S>> {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) {
    throw new ReeveError(
      'async-schema',
      'This schema checks asynchronously; workflows and tools need one that answers at once. Move the slow check into a step.',
    )
  }
  if (!result.issues) return { ok: true, value: result.value as OutputOf<S> }
  return {
    ok: false,
    issues: result.issues.map((issue) => ({ path: pathOf(issue.path), message: issue.message })),
  }
}

/** Checks a value or throws `invalid-input` that names every field. */
export function parse<S extends StandardSchemaV1>(schema: S, value: unknown, what: string): OutputOf<S> {
  const result = validate(schema, value)
  if (result.ok) return result.value
  throw new ReeveError('invalid-input', `${what} does not fit its schema: ${describeIssues(result.issues)}`, {
    details: { issues: result.issues },
  })
}

export function describeIssues(issues: Issue[]): string {
  return issues.map((issue) => (issue.path ? `${issue.path}: ${issue.message}` : issue.message)).join('; ')
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
    return standard.jsonSchema[side]({ target: 'draft-2020-12' })
  } catch (cause) {
    throw new ReeveError(
      'no-json-schema',
      `This schema has a part that JSON Schema cannot express: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
  }
}

function pathOf(path: StandardSchemaV1.Issue['path']): string {
  let text = ''
  for (const part of path ?? []) {
    const key = typeof part === 'object' ? part.key : part
    text += typeof key === 'number' ? `[${key}]` : text ? `.${String(key)}` : String(key)
  }
  return text
}
