import { isDeepStrictEqual } from 'node:util'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { canonical, encode, type Json, payloadCap } from '../../base/json/json.ts'
import { fromKept, toKept } from '../../base/json/kept-value.ts'
import { type Issue, misfit, type OutputOf, type Validation, validate } from '../../base/schema/schema.ts'
import { type EventPayloads, newEvent, payloadOf } from '../../store/journal/events.ts'
import type { CallSite } from '../call-site.ts'

/** What the journal keeps of one check. */
type Kept = Omit<EventPayloads['value-parsed'], 'no'>

export interface CheckOptions {
  /** The outcome, when the value was checked just now. */
  known?: Validation<unknown> | undefined
  /** Nobody else holds the value: it need not be copied. */
  isOwn?: boolean
  /** Only whether it fits is asked: what the schema makes of it is not kept, and the value is given back as it is. */
  fitOnly?: boolean
}

const mostIssues = 20

/**
 * Checks a value in the part of a workflow that replay passes through again, with the outcome of its first life: a check
 * may go by the clock, and a default may be another each time. What a schema made of a value, or had against it, goes to
 * the journal; of a value that it left as it was nothing is written. The value is a copy that nobody else holds.
 */
export function checkOnce<S extends StandardSchemaV1>(
  site: CallSite,
  schema: S,
  given: unknown,
  what: string,
  options: CheckOptions = {},
): Validation<OutputOf<S>> {
  const { secrets } = site.services
  const no = site.nextParsed()
  const recorded = site.history?.parsed.get(no)
  if (recorded !== undefined) {
    const kept = payloadOf(recorded, 'value-parsed')
    // A retried run may come here with another value than before.
    if (site.marks.isSame(kept.given, hashOf(given))) return outcomeOf(kept, schema, given)
  }
  const wasLeft = recorded === undefined && site.behindHistory && site.history!.keepsParsed
  const checked = (options.known ?? validate(schema, given)) as Validation<OutputOf<S>>
  if (options.fitOnly && (checked.ok || wasLeft)) return { ok: true, value: given as OutputOf<S> }
  if (options.isOwn && checked.ok && isDeepStrictEqual(checked.value, given)) return checked
  const text = checked.ok ? textOf(checked.value, what) : undefined
  const made = checked.ok && text === undefined ? madeOf(checked.value, given) : undefined
  // What cannot be kept is made again, and so are dates and the like in journals of before.
  if (checked.ok && text === undefined && (made === undefined || wasLeft)) return checked
  if (checked.ok && made === undefined && isDeepStrictEqual(checked.value, given))
    return { ok: true, value: JSON.parse(text!) }
  if (wasLeft) return { ok: true, value: copyOf(given, what) as OutputOf<S> }
  const keptText = made === undefined ? text : textOf(made, what)
  const kept: Kept = { given: site.marks.salted(hashOf(given)) }
  if (!checked.ok) kept.issues = checked.issues.slice(0, mostIssues).map(keptIssue)
  else if (secrets.redactJson(keptText!) !== keptText) kept.isSecret = true
  else if (made !== undefined) kept.made = made
  else kept.value = JSON.parse(text!) as Json
  // What was refused is told as the journal has it.
  const event = newEvent('value-parsed', { no, ...kept })
  const clean = { ...event, payload: secrets.redactJson(event.payload!) }
  site.append(null, clean, { name: what, join: true })
  return kept.isSecret ? checked : outcomeOf(payloadOf(clean, 'value-parsed'), schema, given)
}

/** As `checkOnce`. @throws `invalid-input` that names every field */
export function parseOnce<S extends StandardSchemaV1>(
  site: CallSite,
  schema: S,
  given: unknown,
  what: string,
  options?: CheckOptions,
): OutputOf<S> {
  const checked = checkOnce(site, schema, given, what, options)
  if (checked.ok) return checked.value
  throw misfit('invalid-input', `${what} does not fit its schema`, checked.issues)
}

function outcomeOf<S extends StandardSchemaV1>(
  { value, made, issues, isSecret }: Kept,
  schema: S,
  given: unknown,
): Validation<OutputOf<S>> {
  if (isSecret) return validate(schema, given)
  if (made !== undefined) return { ok: true, value: fromKept(made) as OutputOf<S> }
  return issues ? { ok: false, issues } : { ok: true, value: value as OutputOf<S> }
}

function keptIssue({ path, message, keys }: Issue): Issue {
  return { path, message, keys: keys.map((key) => (typeof key === 'symbol' ? String(key) : key)) }
}

/** Undefined for what cannot be kept, and for what the schema left as it was. */
function madeOf(value: unknown, given: unknown): Json | undefined {
  return value === undefined || isDeepStrictEqual(value, given) ? undefined : toKept(value)
}

/** Undefined for what is no JSON. @throws `payload-too-large` */
function textOf(value: unknown, what: string): string | undefined {
  if (value === undefined) return
  try {
    return encode(value, what, payloadCap)
  } catch (error) {
    if (error instanceof ReeveError && error.code === 'not-serialisable') return
    throw error
  }
}

function copyOf(value: unknown, what: string): unknown {
  const text = textOf(value, what)
  return text === undefined ? value : JSON.parse(text)
}

function hashOf(given: unknown): string {
  try {
    return sha256(canonical(given))
  } catch {
    return 'unreadable'
  }
}
