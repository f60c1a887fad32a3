import { isDeepStrictEqual } from 'node:util'
import { messageOf, ReeveError } from '../../base/errors.ts'
import { canonical, type Json } from '../../base/json/json.ts'
import { isPlainRecord } from '../../base/json/record.ts'
import { describeIssues, jsonSchemaIn, validate } from '../../base/schema/schema.ts'
import type { Tool } from '../tool.ts'

/** What a tool would be handed for what it was given. */
export type Arguments =
  | {
      ok: true
      /** As the schema parsed it; goes to the tool. */
      parsed: unknown
      /** The same as JSON; goes to the journal and to people. */
      json: Json
    }
  | { ok: false; problem: string }

/** Parses what was given, once, by the tool's own schema. A schema that throws is a problem like any other. */
export function argumentsFor(tool: Tool, given: unknown): Arguments {
  try {
    // The schema may hand parts of what it was given on as they are; nobody else shall hold those.
    const checked = validate(tool.input, copyOf(given))
    if (!checked.ok) return { ok: false, problem: describeIssues(checked.issues) }
    return { ok: true, parsed: checked.value, json: asJson(checked.value) }
  } catch (error) {
    if (error instanceof ReeveError) throw error
    return { ok: false, problem: messageOf(error) }
  }
}

/** Whether the JSON of a parsed value is the value itself, so that a tool can be handed what the journal has. */
export function isPlain(parsed: unknown, json: Json): boolean {
  return isDeepStrictEqual(parsed, json)
}

export function sameJson(left: Json, right: Json): boolean {
  return canonical(left) === canonical(right)
}

/**
 * What was given, with the edited JSON in its place. What still is as it was shown in `base` (dates as texts, secrets
 * left out) stays what was given; where a date was given, a text stays a date.
 */
export function editedGiven(given: unknown, edited: Json, base: Json): unknown {
  if (sameJson(base, edited)) return given
  if (given instanceof Date && typeof edited === 'string') {
    const date = new Date(edited)
    return Number.isNaN(date.getTime()) ? edited : date
  }
  if (!isPlainRecord(given) || !isPlainRecord(edited)) return edited
  const entries = Object.entries(edited).map(([key, value]): [string, unknown] => {
    const isKnown = isPlainRecord(base) && Object.hasOwn(base, key)
    return [key, isKnown ? editedGiven(given[key], value as Json, base[key] as Json) : value]
  })
  return Object.fromEntries(entries)
}

/** What of an edit does not reach the tool (its schema dropped a misspelt field); undefined when all of it does. */
export function lostEdit(base: Json, edited: Json, before: Arguments, now: Json): string | undefined {
  if (sameJson(base, edited)) return undefined
  if (before.ok && sameJson(before.json, now)) return 'The last edit changes nothing of what the tool gets.'
  if (!isPlainRecord(base) || !isPlainRecord(edited) || !isPlainRecord(now)) return undefined
  const lost = Object.keys(edited).filter((key) => !Object.hasOwn(base, key) && !Object.hasOwn(now, key))
  return lost.length === 0
    ? undefined
    : `The tool does not get the edited ${lost.map((key) => `"${key}"`).join(', ')}.`
}

/**
 * A value as a person and the journal can have it. Dates and the like become what their `toJSON` says, sets and maps
 * lists, and what JSON has no word for a text that names it: nothing that a tool would get is left out in silence.
 */
export function asJson(value: unknown): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) ? value + 0 : String(value)
    case 'undefined':
      return null
    case 'bigint':
    case 'symbol':
      return String(value)
    case 'function':
      return `function ${value.name}`
  }
  if (value === null) return null
  if (Array.isArray(value)) return value.map(asJson)
  if (value instanceof Set || value instanceof Map) return [...value].map(asJson)
  const record = value as Record<string, unknown>
  const { toJSON } = record
  if (typeof toJSON === 'function') return asJson(toJSON.call(value, ''))
  const entries = Object.entries(record).flatMap(([key, inner]): [string, Json][] =>
    inner === undefined ? [] : [[key, asJson(inner)]],
  )
  return Object.fromEntries(entries)
}

/** A copy of the plain parts, so that whoever gave the value cannot change it while a person looks at it. */
export function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf)
  if (value instanceof Date) return new Date(value)
  if (!isPlainRecord(value)) return value
  const copy = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copyOf(inner)]))
  return Object.getPrototypeOf(value) === null ? Object.setPrototypeOf(copy, null) : copy
}

/** What the tool accepts, as JSON Schema; null where that cannot be told. */
export function inputSchemaOf(tool: Tool): Json | null {
  return jsonSchemaIn(tool.input)
}

/** What the tool's output schema takes of what the tool gives, as JSON Schema; null where that cannot be told. */
export function outputSchemaOf(tool: Tool): Json | null {
  return jsonSchemaIn(tool.output)
}
