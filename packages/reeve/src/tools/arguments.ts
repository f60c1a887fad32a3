import { isDeepStrictEqual } from 'node:util'
import { messageOf, ReeveError } from '../base/errors.ts'
import { canonical, type Json } from '../base/json.ts'
import { describeIssues, jsonSchemaIn, validate } from '../base/schema.ts'
import type { Tool } from './tool.ts'

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
 * What was given, with the edited JSON in its place. What still is as it was `seen` (dates as texts, secrets left out)
 * stays what it was; where a date was given, a text stays a date.
 */
export function editedGiven(given: unknown, edited: Json, seen: (given: Json) => Json): unknown {
  if (sameJson(seen(asJson(given)), edited)) return given
  if (given instanceof Date && typeof edited === 'string') {
    const date = new Date(edited)
    return Number.isNaN(date.getTime()) ? edited : date
  }
  if (!isRecord(given) || !isRecord(edited)) return edited
  return Object.fromEntries(
    Object.entries(edited).map(([key, value]) => [key, editedGiven(given[key], value as Json, seen)]),
  )
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
  if (!isRecord(value)) return value
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

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
