import type { StandardSchemaV1 } from '@standard-schema/spec'
import { requireSync, toJsonSchema } from '../../base/schema/schema.ts'

const shown = new WeakMap<StandardSchemaV1, Record<string, unknown>>()

/**
 * A schema as a model is shown it: what it accepts, since that is what the model's answer is checked against. A property
 * with a default is optional, and of a pipe, a codec or a transform it is the side that goes in. Converted once.
 * @throws `no-json-schema` when it has a part that no JSON fits, `async-schema`
 */
export function shownSchema(schema: StandardSchemaV1): Record<string, unknown> {
  let json = shown.get(schema)
  if (!json) {
    requireSync(schema, 'The schema of a question')
    json = toJsonSchema(schema, 'input')
    shown.set(schema, json)
  }
  return json
}
