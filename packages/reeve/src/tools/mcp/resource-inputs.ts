import { type FromJsonSchema, fromJsonSchema, type JsonSchemaObject } from '../json-schema/json-schema.ts'

const anyObject: JsonSchemaObject = { type: 'object' }
const uriOnly: JsonSchemaObject = {
  type: 'object',
  properties: { uri: { type: 'string', description: 'as resource.list gives it' } },
  required: ['uri'],
  additionalProperties: false,
}

/** What the tool takes that lists resources. */
export function listInput(): FromJsonSchema {
  return fromJsonSchema(anyObject, 'It')
}

/** What the tool takes that reads one. */
export function readInput(): FromJsonSchema {
  return fromJsonSchema(uriOnly, 'It')
}
