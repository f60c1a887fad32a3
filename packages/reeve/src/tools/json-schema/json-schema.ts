import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'
import type { Json } from '../../base/json/json.ts'
import { type Issue, validate } from '../../base/schema/schema.ts'
import { judge } from './judge.ts'
import type { JsonSchemaObject } from './node.ts'
import { readSchema } from './read-schema.ts'

export type { JsonSchemaObject } from './node.ts'

/** A Standard Schema that also gives its JSON Schema. */
export interface FromJsonSchema extends StandardSchemaV1<Json, Json> {
  readonly '~standard': StandardSchemaV1.Props<Json, Json> & StandardJSONSchemaV1.Props<Json, Json>
}

/**
 * A schema that somebody else wrote, as a check of values. Nothing is compiled from it and nothing fetched for it. It
 * answers at once: what a value takes is counted, and one that would keep the process busy does not fit.
 * @throws `bad-schema` that names the place: what is not understood, or cannot be checked in linear time, is refused here
 */
export function fromJsonSchema(schema: JsonSchemaObject, what: string): FromJsonSchema {
  const read = readSchema(schema, what)
  const check = (value: unknown): StandardSchemaV1.Result<Json> => {
    const issues = judge(read, value)
    return issues.length === 0 ? { value: value as Json } : { issues }
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
