import type { Json } from '../../base/json/json.ts'
import type { LinearPattern } from './pattern/linear-pattern.ts'

export const typeNames: readonly string[] = [
  'null',
  'boolean',
  'number',
  'integer',
  'string',
  'array',
  'object',
]

export type JsonType = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object'

/** A schema as it is judged by: what it says, checked for form, with its references resolved. */
export interface SchemaNode {
  /** Where it stands in the schema, such as `#/properties/name`. */
  readonly place: string
  /** Others refer to it: its answers for one value are kept, so that no combination is worked out twice. */
  isShared: boolean
  /** `false`: nothing fits. */
  never?: true | undefined
  ref?: SchemaNode | undefined
  types?: ReadonlySet<JsonType | 'integer'> | undefined
  /** `enum` or `const`, by the identity of each, and as they are shown to whoever missed them. */
  values?: { identities: ReadonlySet<string>; shown: string } | undefined
  not?: SchemaNode | undefined
  allOf?: SchemaNode[] | undefined
  anyOf?: SchemaNode[] | undefined
  oneOf?: SchemaNode[] | undefined
  condition?: { if: SchemaNode; then?: SchemaNode; else?: SchemaNode } | undefined
  object?: ObjectRules | undefined
  array?: ArrayRules | undefined
  number?: NumberRules | undefined
  string?: StringRules | undefined
}

export interface ObjectRules {
  required?: string[] | undefined
  properties?: Map<string, SchemaNode> | undefined
  patterns?: { pattern: LinearPattern; node: SchemaNode }[] | undefined
  additional?: SchemaNode | undefined
  unevaluated?: SchemaNode | undefined
  names?: SchemaNode | undefined
  least?: number | undefined
  most?: number | undefined
  dependentRequired?: Map<string, string[]> | undefined
  dependentSchemas?: Map<string, SchemaNode> | undefined
}

export interface ArrayRules {
  prefix?: SchemaNode[] | undefined
  rest?: SchemaNode | undefined
  unevaluated?: SchemaNode | undefined
  contains?: { node: SchemaNode; least: number; most: number } | undefined
  isUnique?: boolean | undefined
  least?: number | undefined
  most?: number | undefined
}

export interface NumberRules {
  minimum?: number | undefined
  maximum?: number | undefined
  above?: number | undefined
  below?: number | undefined
  multipleOf?: number | undefined
}

export interface StringRules {
  least?: number | undefined
  most?: number | undefined
  pattern?: { source: string; pattern: LinearPattern } | undefined
  format?: { name: string; fits: (text: string) => boolean } | undefined
}

export function typeOf(value: Json): JsonType {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : (typeof value as JsonType)
}

export interface ReadSchema {
  root: SchemaNode
  /** Whether it asks what the rest of it has looked at (`unevaluatedProperties`, `unevaluatedItems`). */
  tracks: boolean
}

/** A JSON Schema. */
export type JsonSchemaObject = { readonly [key: string]: Json | undefined }
