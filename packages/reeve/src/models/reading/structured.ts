import { isDeepStrictEqual } from 'node:util'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { describeInexact, findInexact } from '../../base/json/exact-json.ts'
import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { type Issue, type OutputOf, validate } from '../../base/schema/schema.ts'
import { lastCharacters, shorten } from '../../base/text/shorten.ts'
import { type JsonFault, maxJsonDepth, readJson } from './lenient-json.ts'
import { unwrapValue } from './sent-question.ts'
import { shownSchema } from './shown-schema.ts'

/** The longest answer that is read at all, in bytes of UTF-8. */
export const maxAnswerBytes = 1024 * 1024

export type Reading<T> =
  | { ok: true; value: T; repairs: string[] }
  /** `problem` is written for the model that has to mend its answer: what is wrong, where, and what was expected. */
  | { ok: false; stage: 'syntax' | 'schema'; problem: string; repairs: string[] }

type FoundJson = { ok: true; value: unknown; repairs: string[] } | { ok: false; problem: string }

/**
 * Reads a model's raw text as one JSON value and checks it. Strict JSON first; then JSON with prose or a code fence
 * around it, comments, trailing commas, raw line breaks in strings. Nothing is ever completed, guessed or chosen:
 * a cut answer, a property given twice, a number that would be rounded, or two different values, is a problem for the
 * model to mend.
 * Never throws, whatever the text is. @throws only what the schema itself throws.
 */
export function readAnswer<S extends StandardSchemaV1>(text: string, schema: S): Reading<OutputOf<S>> {
  const found = findJson(text)
  if (!found.ok) return { ok: false, stage: 'syntax', problem: found.problem, repairs: [] }
  return checkValue(found.value, schema, found.repairs)
}

/** The JSON value of a text that was read before. */
export function valueIn(text: string): Json {
  const found = findJson(text)
  return (found.ok ? found.value : null) as Json
}

/** Checks a value that needs no reading. */
export function checkValue<S extends StandardSchemaV1>(
  value: unknown,
  schema: S,
  repairs: string[] = [],
): Reading<OutputOf<S>> {
  const result = validate(schema, value)
  if (result.ok) return { ok: true, value: result.value, repairs }
  return { ok: false, stage: 'schema', problem: describeMismatch(schema, value, result.issues), repairs }
}

function findJson(text: string): FoundJson {
  if (text.length > maxAnswerBytes || Buffer.byteLength(text) > maxAnswerBytes) {
    return {
      ok: false,
      problem: `The answer is ${Buffer.byteLength(text)} bytes long; the most is ${maxAnswerBytes}. Answer more briefly.`,
    }
  }
  const strict = parseStrictly(text)
  if (strict) {
    if (isDeeperThan(strict.value, maxJsonDepth))
      return {
        ok: false,
        problem: `The value is nested deeper than ${maxJsonDepth} levels. Answer more flatly.`,
      }
    const inexact = problemOfInexact(text)
    return inexact ? { ok: false, problem: inexact } : { ok: true, value: strict.value, repairs: [] }
  }
  if (text.trim() === '') return { ok: false, problem: 'The answer is empty; it must be one JSON value.' }
  return findAmongProse(text)
}

/** The JSON of a value that travelled in an object of its own, or the text as it is when it did not. */
export function unwrapAnswer(text: string): string {
  const found = findJson(text)
  if (!found.ok) return text
  const value = unwrapValue(found.value)
  return value === found.value ? text : JSON.stringify(value)
}

interface Candidate {
  start: number
  end: number
  value: unknown
  repairs: string[]
  hasObject: boolean
}

/** What looks like the beginning of an object or an array, rather than a bracket in prose such as `[see below]`. */
const opening = /\{\s*(?:["}'/]|[\w$]+\s*:)|\[\s*(?:["{[\]/]|-?\d|(?:true|false|null)\b)/g

/** Each character is read a bounded number of times: a failed attempt either ends the search or is passed over. */
function findAmongProse(text: string): FoundJson {
  const candidates: Candidate[] = []
  let from = 0
  for (;;) {
    opening.lastIndex = from
    const start = opening.exec(text)?.index
    if (start === undefined) break
    const read = readJson(text, start)
    if (read.ok) {
      const inexact = problemOfInexact(read.json)
      if (inexact) return { ok: false, problem: inexact }
      candidates.push({
        start,
        end: read.end,
        value: JSON.parse(read.json),
        repairs: read.repairs,
        hasObject: read.hasObject,
      })
      from = read.end
    } else if (text[start] === '{' || read.hasObject || read.fault.cut) {
      return { ok: false, problem: describeFault(text, read.fault) }
    } else {
      // A list that is none, such as "[1, see below]", is prose.
      from = Math.max(read.fault.at, start + 1)
    }
  }
  // Beside an object, a list without one is a citation such as [1].
  const objects = candidates.filter((candidate) => candidate.hasObject)
  const chosen = objects.length > 0 ? objects : candidates
  const first = chosen[0]
  if (!first) return readFencedScalar(text)
  const other = chosen.find((candidate) => !isDeepStrictEqual(candidate.value, first.value))
  if (other) {
    return {
      ok: false,
      problem: `The answer holds more than one JSON value, and they differ: ${snippet(text, first.start)} at ${place(text, first.start)} and ${snippet(text, other.start)} at ${place(text, other.start)}. Answer with exactly one.`,
    }
  }
  return { ok: true, value: first.value, repairs: [...aroundRepairs(text, chosen), ...first.repairs] }
}

function aroundRepairs(text: string, chosen: Candidate[]): string[] {
  const repairs: string[] = []
  const around = `${text.slice(0, chosen[0]!.start)}\n${text.slice(chosen.at(-1)!.end)}`
  const prose = around.replace(/```[\w-]*/g, '')
  if (prose !== around) repairs.push('removed a code fence')
  if (prose.trim() !== '') repairs.push('left out the text around the JSON')
  if (chosen.length > 1) repairs.push('took a value that was given more than once')
  return repairs
}

function problemOfInexact(json: string): string | undefined {
  const found = findInexact(json)
  return found && describeInexact(found, ' of the answer')
}

function readFencedScalar(text: string): FoundJson {
  const inner = insideFence(text.trim())
  const scalar = inner === undefined ? undefined : parseStrictly(inner)
  if (scalar) {
    const inexact = problemOfInexact(inner!)
    return inexact
      ? { ok: false, problem: inexact }
      : { ok: true, value: scalar.value, repairs: ['removed a code fence'] }
  }
  return {
    ok: false,
    problem: `No JSON value was found. The answer begins: ${snippet(text, 0)}. Answer with the JSON value alone.`,
  }
}

/** What stands in a text that is one fenced block. By hand: an expression for it would read blank lines again and again. */
function insideFence(text: string): string | undefined {
  const line = text.indexOf('\n')
  if (line < 0 || text.length < line + 4 || !text.startsWith('```') || !text.endsWith('```')) return
  const inner = text.slice(line + 1, -3)
  return /^[\w-]*$/.test(text.slice(3, line).trim()) && !inner.includes('`') ? inner : undefined
}

function parseStrictly(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== 'object') return false
  if (levels === 0) return true
  const inner: unknown[] = Array.isArray(value) ? value : Object.values(value)
  return inner.some((each) => isDeeperThan(each, levels - 1))
}

function describeFault(text: string, fault: JsonFault): string {
  const where = `at ${place(text, fault.at)}`
  if (fault.cut) {
    const tail = JSON.stringify(lastCharacters(text, 40))
    return `Not valid JSON: ${fault.message}, ${where}; its last characters are ${tail}. Give the whole value again, more briefly if it was too long.`
  }
  return `Not valid JSON: ${fault.message} ${where}, but found ${snippet(text, fault.at)}.`
}

function place(text: string, at: number): string {
  const before = text.slice(0, at)
  const line = before.split('\n').length
  return `line ${line}, column ${at - before.lastIndexOf('\n')}`
}

function snippet(text: string, at: number): string {
  return JSON.stringify(text.slice(at, at + 40) + (text.length > at + 40 ? '…' : ''))
}

/** For the model that has to mend it: names each wrong field with what was expected and what was received. */
export function describeMismatch(schema: StandardSchemaV1, value: unknown, issues: Issue[]): string {
  const lines = issues.slice(0, 20).map(({ keys, message, path }) => {
    const expected = expectedAt(schema, keys)
    return `${path ? `${path}: ` : ''}${message}${expected ? `; expected ${expected}` : ''}; received ${receivedAt(value, keys)}`
  })
  const more = issues.length - lines.length
  return `The JSON does not fit the schema. ${lines.join('. ')}${more > 0 ? `. And ${more} more` : ''}.`
}

function receivedAt(value: unknown, keys: PropertyKey[]): string {
  let inner = value
  for (const key of keys) {
    if (inner === null || typeof inner !== 'object' || !Object.hasOwn(inner, key)) return 'nothing'
    inner = (inner as Record<PropertyKey, unknown>)[key]
  }
  return inner === undefined ? 'nothing' : shorten(JSON.stringify(inner) ?? String(inner), 120)
}

function expectedAt(schema: StandardSchemaV1, keys: PropertyKey[]): string | undefined {
  let part: unknown
  try {
    part = shownSchema(schema)
  } catch {
    return undefined
  }
  for (const key of keys) {
    if (!isRecord(part)) return undefined
    part = isRecord(part.properties) && typeof key !== 'number' ? part.properties[String(key)] : part.items
  }
  if (!isRecord(part)) return undefined
  const { $schema: _version, ...shown } = part
  return shorten(JSON.stringify(shown), 200)
}
