import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import {
  type FromJsonSchema,
  fromJsonSchema,
  type JsonSchemaObject,
} from '../../tools/json-schema/json-schema.ts'

/** One thing that a directive or a script is given, as its author declares it. */
export interface Input {
  name: string
  /** As it is written: `string`, `list[str]`, `enum[low, high]`. */
  type: string
  required: boolean
  /** Taken when it is left out. */
  default?: Json
  description: string
  /** What a value must be, as JSON Schema. */
  schema: JsonSchemaObject
}

/** The JSON Schema of all inputs together; nothing else may be given. */
export function inputsSchema(inputs: readonly Input[]): JsonSchemaObject {
  const properties = inputs.map(({ name, schema, description, default: value }) => [
    name,
    { ...schema, ...(description && { description }), ...(value !== undefined && { default: value }) },
  ])
  const required = inputs.filter((input) => input.required).map(({ name }) => name)
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  }
}

/** Checks what is given, once defaults stand for what was left out. */
export function inputsCheck(inputs: readonly Input[], what: string): FromJsonSchema {
  const check = fromJsonSchema(inputsSchema(inputs), what)
  const defaults = inputs.filter((input) => input.default !== undefined)
  if (defaults.length === 0) return check
  const { '~standard': standard } = check
  return {
    '~standard': { ...standard, validate: (value) => standard.validate(withDefaults(value, defaults)) },
  }
}

function withDefaults(value: unknown, defaults: readonly Input[]): unknown {
  if (!isRecord(value)) return value
  const added = defaults.filter(({ name }) => !Object.hasOwn(value, name) || value[name] === undefined)
  if (added.length === 0) return value
  return { ...value, ...Object.fromEntries(added.map((input) => [input.name, input.default])) }
}
