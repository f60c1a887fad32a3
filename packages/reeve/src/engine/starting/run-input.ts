import { ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { canonical } from '../../base/json/json.ts'
import { fromKept, toKept } from '../../base/json/kept-value.ts'
import { parse, toJsonSchema } from '../../base/schema/schema.ts'
import { type Origin, payloadOf } from '../../store/journal/events.ts'
import { parsedFirst } from '../replay/history.ts'
import { encodePayload } from '../replay/payload.ts'
import type { Workflow } from '../workflow.ts'

/** For whom a run is, and how its input came in. */
export interface StartedFor extends Origin {
  principal: string
  startedBy: string | undefined
}

/**
 * The payload of an event that brings a run's function its input, and that input as the workflow gets it. The payload keeps
 * what the workflow's schema made of the input, so that each life of the run sees the same; beside it, where that differs,
 * what was given. A value that cannot be kept (an instance of a class): each life makes it from what was given.
 * @throws `payload-too-large` `not-serialisable`
 */
export function startedWith(
  workflow: Workflow,
  { principal, startedBy, channel, causedBy, traceparent }: StartedFor,
  given: unknown,
  checked: unknown,
): { payload: string; input: unknown } {
  const what = `the input of workflow "${workflow.name}"`
  const read = textOrFault(checked, what)
  const parsed = !(read instanceof ReeveError)
  const raw = parsed && isSame(checked, given) ? read : textOrFault(given, what)
  const text = parsed ? read : raw
  if (text instanceof ReeveError) throw text
  const made = parsed ? undefined : toKept(checked)
  const madeText = made === undefined ? '' : `,"made":${encodePayload(made, what)}`
  const givenText = parsed && !(raw instanceof ReeveError) && raw !== read ? `,"given":${raw}` : ''
  const inputText = text === null ? '' : `,"input":${text}`
  const by = startedBy === undefined ? '' : `,"startedBy":${JSON.stringify(startedBy)}`
  const way = channel === undefined ? '' : `,"channel":${JSON.stringify(channel)}`
  const cause = causedBy === undefined ? '' : `,"causedBy":${JSON.stringify(causedBy)}`
  const trace = traceparent === undefined ? '' : `,"traceparent":${JSON.stringify(traceparent)}`
  const about = `"schema":"${schemaMark(workflow)}","version":${JSON.stringify(workflow.version)},"principal":${JSON.stringify(principal)}${by}${way}${cause}${trace}`
  // Read from the journal's text, so that the first life sees what the others see.
  const copy: unknown = text === null ? undefined : JSON.parse(text)
  return {
    payload: `${parsedFirst}${parsed},${about}${givenText}${madeText}${inputText}}`,
    input: parsed ? copy : made === undefined ? readAgain(workflow, copy) : fromKept(made),
  }
}

/** The input as the workflow gets it. @throws `journal-damaged`, `invalid-input` when its changed schema does not take it */
export function inputFrom(workflow: Workflow, payload: string | null): unknown {
  if (payload === null) throw new ReeveError('journal-damaged', 'The run-started event has no input.')
  const started = payloadOf({ type: 'run-started', payload }, 'run-started')
  // As it was read at the start: a check may go by the clock, and a default may be another each time.
  if (started.schema === schemaMark(workflow)) {
    if (started.parsed) return started.input
    if (started.made !== undefined) return fromKept(started.made)
  }
  return readAgain(workflow, givenIn(payload))
}

/** The input of a `run-started` event as the start was given it, where it is JSON. */
export function givenIn(payload: string): unknown {
  const started = payloadOf({ type: 'run-started', payload }, 'run-started')
  return 'given' in started ? started.given : started.input
}

function readAgain(workflow: Workflow, given: unknown): unknown {
  return parse(workflow.input, given, 'The kept input')
}

/** Whether plain data has the same parts. Looks no further into `right` than `left` reaches. */
function isSame(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (typeof left !== 'object' || left === null || typeof right !== 'object' || right === null) return false
  if (Array.isArray(left) !== Array.isArray(right)) return false
  const names = Object.keys(left)
  if (names.length !== Object.keys(right).length) return false
  return names.every(
    (name) =>
      Object.hasOwn(right, name) &&
      isSame((left as Record<string, unknown>)[name], (right as Record<string, unknown>)[name]),
  )
}

function textOrFault(value: unknown, what: string): string | null | ReeveError {
  try {
    return encodePayload(value, what)
  } catch (error) {
    if (error instanceof ReeveError && error.code === 'not-serialisable') return error
    throw error
  }
}

const marks = new WeakMap<Workflow, string>()

/** Changes with what the input schema takes, as far as JSON Schema tells it. */
function schemaMark(workflow: Workflow): string {
  let mark = marks.get(workflow)
  if (mark === undefined) {
    mark = markOf(workflow)
    marks.set(workflow, mark)
  }
  return mark
}

function markOf({ input }: Workflow): string {
  try {
    return sha256(canonical(toJsonSchema(input, 'input'))).slice(0, 12)
  } catch {
    return ''
  }
}
