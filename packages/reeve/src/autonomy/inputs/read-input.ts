import type { Json } from '../../base/json/json.ts'
import { nearestName } from '../../base/text/nearest-name.ts'
import { fromJsonSchema, type JsonSchemaObject } from '../../tools/json-schema/json-schema.ts'
import type { Input } from './input.ts'
import { splitOutside } from './split-outside.ts'

/** The types of one value, with all the names that people give them. */
const types: Readonly<Record<string, JsonSchemaObject>> = {
  string: { type: 'string' },
  str: { type: 'string' },
  text: { type: 'string' },
  number: { type: 'number' },
  float: { type: 'number' },
  integer: { type: 'integer' },
  int: { type: 'integer' },
  boolean: { type: 'boolean' },
  bool: { type: 'boolean' },
  date: { type: 'string', format: 'date' },
  datetime: { type: 'string', format: 'date-time' },
  email: { type: 'string', format: 'email' },
  url: { type: 'string', format: 'url' },
  object: { type: 'object' },
}

/** For messages. */
export const inputExample = '- topic: string (required) — what to write about'
const typesAdvice =
  'The types are string, number, integer, boolean, date, datetime, email, url, object, list[TYPE] and enum[a, b]'
const notesAdvice =
  'In brackets you may write: required, optional, default 3, 1 to 10, at least 1, at most 10'

const shape = /^`?([A-Za-z_][\w-]*)`?\s*:\s*(.*)$/s
const typeShape = /^`?((?:list|array|enum)\s*[[(<].*?[\])>]\]?|[A-Za-z]+(?:\[\])?)`?/s

/**
 * One input as an author writes it: `topic: string (required) — what it is about`.
 * @returns the input, or what is wrong and how to write it
 */
export function readInput(text: string): Input | string {
  const [, name, rest] = shape.exec(text.trim()) ?? []
  if (name === undefined || rest === undefined)
    return `"${text.trim()}" is not an input. Write NAME: TYPE, such as: ${inputExample}`
  const whole = /^\{.*\}$/s.test(rest) ? undefined : readType(rest)
  if (whole === undefined || typeof whole === 'string')
    return `Input ${name}: ${whole ?? `"${rest}" is no type. ${typesAdvice}.`}`
  const { schema, type } = whole
  let left = rest.slice(whole.length).trim()
  let notes = ''
  if (left.startsWith('(')) {
    const end = left.indexOf(')')
    if (end < 0) return `Input ${name}: the bracket before "${left.slice(1)}" is not closed`
    notes = left.slice(1, end)
    left = left.slice(end + 1).trim()
  }
  const said = /^(?:[—–:-]+\s*)?(.*)$/s.exec(left)![1]!.trim()
  const input: Input = { name, type, required: false, description: said, schema }
  for (const note of splitOutside(notes, ',')) {
    const wrong = takeNote(input, note.trim())
    if (wrong !== undefined) return `Input ${name}: ${wrong}`
  }
  return checkedDefault(input)
}

/** @returns the schema with how much text it took, or what is wrong */
function readType(text: string): { schema: JsonSchemaObject; type: string; length: number } | string {
  const found = typeShape.exec(text)
  if (!found) return `"${text}" is not a type. ${typesAdvice}.`
  const schema = schemaOf(found[1]!)
  return typeof schema === 'string' ? schema : { schema, type: found[1]!, length: found[0].length }
}

function schemaOf(type: string): JsonSchemaObject | string {
  const [, of] = /^(?:list|array)\s*[[(<](.*)[\])>]$/s.exec(type) ?? /^(.+)\[\]$/s.exec(type) ?? []
  if (of !== undefined) {
    const items = schemaOf(of.trim())
    return typeof items === 'string' ? items : { type: 'array', items }
  }
  const [, choices] = /^enum\s*[[(<](.*)[\])>]$/s.exec(type) ?? []
  if (choices !== undefined) {
    const names = splitOutside(choices.replaceAll('|', ','), ',').map((each) => unquoted(each.trim()))
    if (names.some((each) => each === '')) return `"${type}" names an empty choice. Write enum[low, high]`
    return { type: 'string', enum: [...new Set(names)] }
  }
  const name = type.toLowerCase()
  if (Object.hasOwn(types, name)) return { ...types[name]! }
  const near = nearestName(name, [...Object.keys(types), 'list', 'enum'])
  return `"${type}" is not a type. ${near ? `Did you mean ${near === 'list' ? 'list[string]' : near}? ` : ''}${typesAdvice}.`
}

/** @returns what is wrong */
function takeNote(input: Input, note: string): string | undefined {
  if (note === '') return undefined
  if (/^required$/i.test(note)) input.required = true
  else if (/^optional$/i.test(note)) input.required = false
  else if (/^default\b/i.test(note)) {
    const value = readDefault(input, note.replace(/^default\s*(?:is|:|=)?\s*/i, ''))
    if (value === undefined) return `"${note}" is not a default of type ${input.type}`
    input.default = value
  } else {
    const bounds = boundsIn(note)
    if (!bounds) return `"${note}" is not understood. ${notesAdvice}.`
    return bound(input, bounds, note)
  }
  return undefined
}

const numeral = String.raw`(-?\d+(?:\.\d+)?)`
const unit = String.raw`(?:\s+(?:characters?|items?))?`

function boundsIn(note: string): { least?: number; most?: number } | undefined {
  const [, from, to] =
    new RegExp(`^${numeral}\\s*(?:to|\\.\\.|–)\\s*${numeral}${unit}$`, 'i').exec(note) ?? []
  if (from !== undefined && to !== undefined) return { least: Number(from), most: Number(to) }
  const [, least] = new RegExp(`^(?:at least|min(?:imum)?|>=|≥)\\s*${numeral}${unit}$`, 'i').exec(note) ?? []
  if (least !== undefined) return { least: Number(least) }
  const [, most] = new RegExp(`^(?:at most|max(?:imum)?|<=|≤)\\s*${numeral}${unit}$`, 'i').exec(note) ?? []
  return most === undefined ? undefined : { most: Number(most) }
}

function bound(
  input: Input,
  { least, most }: { least?: number; most?: number },
  note: string,
): string | undefined {
  if (least !== undefined && most !== undefined && least > most) return `"${note}" leaves no value`
  const { type } = input.schema
  const words = {
    string: ['minLength', 'maxLength'],
    number: ['minimum', 'maximum'],
    integer: ['minimum', 'maximum'],
    array: ['minItems', 'maxItems'],
  }[type as string]
  if (!words || input.schema.enum || input.schema.format)
    return `"${note}" bounds a number, the characters of a string or the items of a list, and this is ${input.type}`
  input.schema = {
    ...input.schema,
    ...(least !== undefined && { [words[0]!]: least }),
    ...(most !== undefined && { [words[1]!]: most }),
  }
  return undefined
}

/** Undefined: it is no such value. */
function readDefault({ schema }: Input, written: string): Json | undefined {
  const text = written.trim()
  if (schema.type === 'string') return unquoted(text)
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

function checkedDefault(input: Input): Input | string {
  if (input.default === undefined) return input
  if (input.required)
    return `Input ${input.name}: it is required, and so its default is never taken. Leave out one of the two.`
  const check = fromJsonSchema(input.schema, `Input ${input.name}`)
  const { issues } = check['~standard'].validate(input.default) as { issues?: readonly { message: string }[] }
  return issues ? `Input ${input.name}: its default does not fit: ${issues[0]!.message}` : input
}

function unquoted(text: string): string {
  return /^(["'`]).*\1$/s.test(text) ? text.slice(1, -1) : text
}
