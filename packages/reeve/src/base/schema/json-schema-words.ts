import type { Json } from '../json/json.ts'
import { isRecord } from '../json/record.ts'
import { firstCharacters } from '../text/shorten.ts'

type Node = { readonly [key: string]: unknown }

const deepest = 6
const mostChoices = 12

/** What a JSON Schema asks for, in a few words for a person. Schemas that people wrote for their own code, not strangers'. */
export function describeShape(schema: Json): string {
  return words(schema, schema, 0)
}

/** A value that fits the schema, as an example; undefined where none can be made from it alone. */
export function sampleOf(schema: Json): Json | undefined {
  return sample(schema, schema, 0)
}

/** Whether null fits, as far as the schema says it in its types. */
export function takesNull(schema: Json): boolean {
  return nullFits(schema, schema, 0)
}

function nullFits(part: unknown, root: Json, depth: number): boolean {
  const node = followed(part, root)
  if (node === undefined || depth > deepest) return false
  if ('const' in node) return node.const === null
  if (Array.isArray(node.enum)) return node.enum.includes(null)
  const options = node.anyOf ?? node.oneOf
  if (Array.isArray(options)) return options.some((option) => nullFits(option, root, depth + 1))
  return node.type === undefined || [node.type].flat().includes('null')
}

const textFormats: Record<string, string> = {
  email: 'name@example.com',
  uri: 'https://example.com/',
  url: 'https://example.com/',
  date: '2026-01-31',
  'date-time': '2026-01-31T12:00:00Z',
  time: '12:00:00',
  duration: 'P1D',
  uuid: '123e4567-e89b-42d3-a456-426614174000',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
}

function words(part: unknown, root: Json, depth: number): string {
  const node = followed(part, root)
  if (node === undefined || depth > deepest) return 'a value'
  if ('const' in node) return JSON.stringify(node.const)
  if (Array.isArray(node.enum)) {
    const shown = node.enum.slice(0, mostChoices).map((value) => JSON.stringify(value))
    return `one of ${shown.join(', ')}${node.enum.length > mostChoices ? ', …' : ''}`
  }
  const options = node.anyOf ?? node.oneOf
  if (Array.isArray(options)) return options.map((option) => words(option, root, depth + 1)).join(', or ')
  const types = Array.isArray(node.type) ? node.type : [node.type]
  return types.map((type) => ofType(type, node, root, depth)).join(', or ')
}

function ofType(type: unknown, node: Node, root: Json, depth: number): string {
  switch (type) {
    case 'object':
      return objectWords(node, root, depth)
    case 'array': {
      if (Array.isArray(node.prefixItems)) {
        return `a list: ${node.prefixItems.map((item) => words(item, root, depth + 1)).join(', then ')}`
      }
      const count = range(node.minItems, node.maxItems, '')
      return `a list${count && ` of${count}`}, each ${words(node.items, root, depth + 1)}`
    }
    case 'string': {
      const { format: checked = node['x-format'] } = node
      const format = typeof checked === 'string' ? ` (${checked})` : ''
      return `a text${format}${lengthWords(node)}`
    }
    case 'integer':
      return `a whole number${range(node.minimum, node.maximum, ' from')}`
    case 'number':
      return `a number${range(node.minimum, node.maximum, ' from')}`
    case 'boolean':
      return 'true or false'
    case 'null':
      return 'null'
    default:
      return 'a value'
  }
}

function lengthWords({ minLength, maxLength }: Node): string {
  const count = range(minLength, maxLength, '')
  return count ? ` of${count} characters` : ''
}

function range(least: unknown, most: unknown, from: string): string {
  const low = typeof least === 'number' && least > Number.MIN_SAFE_INTEGER ? least : undefined
  const high = typeof most === 'number' && most < Number.MAX_SAFE_INTEGER ? most : undefined
  if (low !== undefined && high !== undefined) return `${from} ${low} to ${high}`
  if (low !== undefined) return ` ${low} or more`
  return high === undefined ? '' : ` ${high} or less`
}

function objectWords(node: Node, root: Json, depth: number): string {
  const properties = recordOf(node.properties)
  const required = requiredOf(node)
  const fields = Object.entries(properties).map(([key, part]) => {
    const optional = required.includes(key) ? '' : ', may be left out'
    return `${key} (${words(part, root, depth + 1)}${optional})`
  })
  return fields.length === 0 ? 'an object' : `an object with ${fields.join(', ')}`
}

function sample(part: unknown, root: Json, depth: number): Json | undefined {
  const node = followed(part, root)
  if (node === undefined || depth > deepest * 2 || node.allOf !== undefined || node.not !== undefined) return
  if ('const' in node) return node.const as Json
  if (Array.isArray(node.enum)) return node.enum[0] as Json
  const options = node.anyOf ?? node.oneOf
  if (Array.isArray(options)) {
    const samples = options.map((option) => sample(option, root, depth + 1))
    return (
      samples.find((each) => each !== undefined && each !== null) ?? samples.find((each) => each === null)
    )
  }
  switch (Array.isArray(node.type) ? node.type[0] : node.type) {
    case 'object':
      return sampleObject(node, root, depth)
    case 'array':
      return sampleList(node, root, depth)
    case 'string':
      return sampleText(node)
    case 'integer':
    case 'number':
      return sampleNumber(node)
    case 'boolean':
      return true
    case 'null':
      return null
    default:
      return Object.keys(node).every((key) => key === '$schema' || key === 'description') ? 'text' : undefined
  }
}

function sampleObject(node: Node, root: Json, depth: number): Json | undefined {
  const properties = recordOf(node.properties)
  const entries = requiredOf(node).map((key) => [key, sample(properties[key], root, depth + 1)] as const)
  if (entries.some(([, value]) => value === undefined)) return
  return Object.fromEntries(entries)
}

function sampleList(node: Node, root: Json, depth: number): Json | undefined {
  const { minItems, items, prefixItems } = node
  if (Array.isArray(prefixItems)) {
    const values = prefixItems.map((item) => sample(item, root, depth + 1))
    return values.includes(undefined) ? undefined : (values as Json[])
  }
  const least = typeof minItems === 'number' ? minItems : 1
  const item = sample(items ?? {}, root, depth + 1)
  if (item === undefined || least > 20) return least === 0 ? [] : undefined
  return Array<Json>(Math.max(1, least)).fill(item)
}

function sampleText(node: Node): string | undefined {
  const { format = node['x-format'], pattern, minLength, maxLength } = node
  if (typeof format === 'string' && Object.hasOwn(textFormats, format)) return textFormats[format]
  if (pattern !== undefined || format !== undefined) return
  const text = 'text'.padEnd(typeof minLength === 'number' ? Math.min(minLength, 1000) : 0, '.')
  return typeof maxLength === 'number' ? firstCharacters(text, maxLength) : text
}

function sampleNumber(node: Node): number | undefined {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf } = node
  if (multipleOf !== undefined) return
  let value = 1
  if (typeof minimum === 'number' && value < minimum) value = Math.ceil(minimum)
  if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum)
    value = Math.floor(exclusiveMinimum) + 1
  if (typeof maximum === 'number' && value > maximum) value = Math.floor(maximum)
  if (typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum)
    value = Math.ceil(exclusiveMaximum) - 1
  const isIn =
    !(typeof minimum === 'number' && value < minimum) &&
    !(typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum)
  return isIn ? value : undefined
}

/** The part itself, or what it refers to inside the same schema. */
function followed(part: unknown, root: Json): Node | undefined {
  let node = part
  for (let hops = 0; hops < deepest; hops++) {
    if (node === true) return {}
    if (!isRecord(node)) return
    const { $ref } = node as Node
    if (typeof $ref !== 'string') return node as Node
    node = pointed($ref, root)
  }
  return
}

function pointed(reference: string, root: Json): unknown {
  if (!reference.startsWith('#')) return
  let at: unknown = root
  for (const key of reference.slice(1).split('/').filter(Boolean)) {
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return
    at = (at as Record<string, unknown>)[name]
  }
  return at
}

function recordOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? (value as Record<string, unknown>) : {}
}

function requiredOf({ required }: Node): string[] {
  return Array.isArray(required) ? required.filter((key) => typeof key === 'string') : []
}
