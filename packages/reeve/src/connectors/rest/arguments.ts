import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import type { Operation } from '../../tools/openapi/operation.ts'

type Schema = { readonly [name: string]: Json }

/** What an action takes, and how a request is made of it. */
export interface ActionArguments {
  /** JSON Schema. */
  input: Schema
  /** Those that name what is reached, by the document's own word: in the path, in the query, in headers. */
  places: readonly string[]
  /** The body is one argument, because it is no plain object of fields. */
  hasWholeBody: boolean
  /** As the operation has them. */
  toOperation(args: { readonly [name: string]: Json | undefined }): { [name: string]: Json | undefined }
}

/** Words that say nothing of a value that a flat argument would lose. */
const plainWords = new Set(['type', 'properties', 'required', 'description', 'title', 'additionalProperties'])

/**
 * The fields of a body stand beside the parameters, where that is possible: so each has its own role, and grants can name it. A body
 * that is no plain object stays one argument.
 */
export function argumentsOf({ input, parameters, body }: Operation): ActionArguments {
  const places = parameters.map(({ key }) => key)
  const whole = {
    input,
    places,
    hasWholeBody: body !== undefined,
    toOperation: (args: object) => ({ ...args }),
  }
  if (!body) return whole
  const {
    properties,
    required = [],
    $defs = {},
  } = input as Record<'properties' | '$defs', Schema> & {
    required?: string[]
  }
  const schema = resolved(properties.body, $defs)
  if (schema?.type !== 'object' || !isRecord(schema.properties)) return whole
  if (Object.keys(schema).some((word) => !plainWords.has(word))) return whole
  const fields = schema.properties as Schema
  const names = Object.keys(fields)
  const { body: _body, ...others } = properties
  // `account` is the runtime's own word for which account acts.
  if (names.length === 0 || names.some((name) => Object.hasOwn(others, name) || name === 'account'))
    return whole
  const isNeeded = required.includes('body')
  const needed = isNeeded && Array.isArray(schema.required) ? (schema.required as string[]) : []
  return {
    input: {
      ...input,
      properties: { ...others, ...fields },
      required: [...required.filter((name) => name !== 'body'), ...needed],
    },
    places,
    hasWholeBody: false,
    toOperation(args) {
      const made: { [name: string]: Json } = {}
      const rest: { [name: string]: Json | undefined } = {}
      for (const [name, value] of Object.entries(args)) {
        if (value === undefined) continue
        if (Object.hasOwn(fields, name)) made[name] = value
        else rest[name] = value
      }
      return Object.keys(made).length > 0 || isNeeded ? { ...rest, body: made } : rest
    },
  }
}

function resolved(schema: Json | undefined, definitions: Schema): Schema | undefined {
  for (let at = schema, hops = 0; hops < 16; hops++) {
    if (!isRecord(at)) return undefined
    const ref = at.$ref
    if (typeof ref !== 'string') return at as Schema
    at = definitions[ref.slice('#/$defs/'.length)]
  }
  return undefined
}
