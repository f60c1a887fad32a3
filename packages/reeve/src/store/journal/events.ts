import { type ErrorRecord, ReeveError } from '../../base/errors.ts'
import { encode, type Json, payloadCap } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { agentEvents } from './vocabulary/agent-events.ts'
import { autonomyEvents } from './vocabulary/autonomy-events.ts'
import { callEvents } from './vocabulary/call-events.ts'
import type { CallKind, EventDefinition, EventRole, Field, ItemKind } from './vocabulary/define.ts'
import { memoryEvents } from './vocabulary/memory-events.ts'
import { overrideEvents } from './vocabulary/override-events.ts'
import { patternEvents } from './vocabulary/pattern-events.ts'
import { runEvents } from './vocabulary/run-events.ts'
import { waitEvents } from './vocabulary/wait-events.ts'

export type { ApprovedBy } from './vocabulary/call-events.ts'
export type { Cause, Channel, Origin } from './vocabulary/channel.ts'
export type { CallKind, EventDefinition, EventRole } from './vocabulary/define.ts'
export type { RecordedRuling } from './vocabulary/ruling.ts'

/**
 * Every event that a journal may have. Its entry is all there is to say of it: what it means for its call, what its payload
 * holds, which field has its due time, what a person is shown. Replay, the reconciler, screens and the reference of events
 * read it from here.
 */
export const events = {
  ...runEvents,
  ...callEvents,
  ...memoryEvents,
  ...waitEvents,
  ...overrideEvents,
  ...agentEvents,
  ...patternEvents,
  ...autonomyEvents,
}

/** The types of events: docs/reference/events.md has them all. */
export type EventType = keyof typeof events

type TypesOf<D> =
  D extends EventDefinition<infer Read, infer Written> ? { read: Read; written: Written } : never

/** What the payload of each event is when it is read. */
export type EventPayloads = { [T in EventType]: TypesOf<(typeof events)[T]>['read'] }

/** What it must be when it is written: with the parts that only journals of before may lack. */
export type NewPayloads = { [T in EventType]: TypesOf<(typeof events)[T]>['written'] }

/** The same before what users' code gave is known to be JSON. */
export type Unchecked<T extends EventType> = Loose<NewPayloads[T]>

type Loose<P> = unknown extends P ? unknown : { [K in keyof P]: Json extends P[K] ? unknown : P[K] }

/** The events whose payload is any JSON value. */
type ValueEventType = {
  [T in EventType]: unknown extends NewPayloads[T] ? T : never
}[EventType]

/**
 * The events whose payload comes as JSON text that was made before: values, what stands in an inbox, and inputs, which
 * `startedWith` puts together.
 */
type TextEventType = ValueEventType | 'run-started' | 'run-continued' | 'input-replaced' | 'child-finished'

/** Lines that a run's code writes by itself. */
export type LineEventType = {
  [T in EventType]: (typeof events)[T] extends { isLine: true } ? T : never
}[EventType]

/** The events whose payload is an error. */
export type ErrorEventType = {
  [T in EventType]: EventPayloads[T] extends ErrorRecord ? T : never
}[EventType]

/** What an event says, before it has its place in a journal. */
export interface NewEvent<T extends EventType = EventType> {
  readonly type: T
  /** JSON text; null for none. */
  readonly payload: string | null
}

/** As much of an event as says what it is. */
export interface SaidEvent {
  type: string
  payload: string | null
  run?: number
  seq?: number
}

const definitions: ReadonlyMap<string, EventDefinition> = new Map(Object.entries(events))

const errorTypes = (Object.keys(events) as EventType[]).filter(
  (type): type is ErrorEventType => events[type].shape === 'error',
)

/** What is known of a type; undefined for one of a later version. */
export function definitionOf(type: string): EventDefinition | undefined {
  return definitions.get(type)
}

/** The types of one role, of calls of one kind or of all. */
export function typesOf(role: EventRole, call?: CallKind): EventType[] {
  return (Object.keys(events) as EventType[]).filter((type) => {
    const definition = definitionOf(type)!
    return definition.role === role && (call === undefined || definition.call === call)
  })
}

/** As SQL takes them: `'run-started', 'run-continued'`. */
export function quoted(...types: readonly EventType[]): string {
  return types.map((type) => `'${type}'`).join(', ')
}

/** An event of its own kind of payload. */
export function newEvent<T extends EventType>(type: T, payload: NewPayloads[T]): NewEvent<T> {
  return { type, payload: payload === undefined ? null : JSON.stringify(payload) }
}

/**
 * The same with a payload that users' code made: checked before anything is written. `what` names it in errors.
 * @throws `not-serialisable` `payload-too-large`
 */
export function checkedEvent<T extends EventType>(
  type: T,
  payload: Unchecked<T>,
  what: string | (() => string),
): NewEvent<T> {
  return { type, payload: payload === undefined ? null : encode(payload, what, payloadCap) }
}

/** One whose payload is JSON text already. */
export function textEvent<T extends TextEventType>(type: T, payload: string | null): NewEvent<T> {
  return { type, payload }
}

/**
 * The payload of an event, which must be of one of these types.
 * @throws `journal-damaged` when it is of another, or its payload is not what the type has
 */
export function payloadOf<T extends EventType>(event: SaidEvent, ...types: readonly T[]): EventPayloads[T] {
  const read = readPayload(event, types)
  if ('problem' in read) throw damaged(event, read.problem)
  return read.payload
}

/** The same for screens, which show what they can: undefined where the payload is not there, or is not what the type has. */
export function payloadIfSound<T extends EventType>(
  event: SaidEvent,
  ...types: readonly T[]
): EventPayloads[T] | undefined {
  const read = readPayload(event, types)
  return 'problem' in read ? undefined : read.payload
}

/** The error of an event that has one. @throws `journal-damaged` */
export function errorOf(event: SaidEvent): ErrorRecord {
  return payloadOf(event, ...errorTypes)
}

/** The same for screens. */
export function errorIfSound(event: SaidEvent): ErrorRecord | undefined {
  return payloadIfSound(event, ...errorTypes)
}

/** The field with the time until which such an event waits; undefined for one that waits for no time. */
export function dueFieldOf(type: EventType): Field | undefined {
  const { due, fields } = events[type] as EventDefinition
  return due === undefined ? undefined : fields[due]
}

/** The kind of inbox item that such an event waits for; undefined for one that waits for none, or for a person. */
export function itemKindOf(type: EventType): ItemKind | undefined {
  const { item } = events[type] as EventDefinition
  return item
}

/** Until when an event waits (ms since 1970); null: for no time, or that cannot be read. */
export function dueAtOf(event: SaidEvent & { type: EventType }): number | null {
  const { due } = events[event.type] as EventDefinition
  if (due === undefined) return null
  const payload: unknown = payloadIfSound(event, event.type)
  const found = isRecord(payload) ? payload[due] : null
  return typeof found === 'number' ? found : null
}

type Read<T extends EventType> = { payload: EventPayloads[T] } | { problem: string }

function readPayload<T extends EventType>(event: SaidEvent, types: readonly T[]): Read<T> {
  if (!(types as readonly string[]).includes(event.type))
    return { problem: `its type is not ${types.join(' or ')}` }
  const { shape, fields } = events[event.type as T] as EventDefinition
  if (shape === 'nothing') return { payload: undefined as EventPayloads[T] }
  let found: unknown
  try {
    // One whose fields may all be absent may have no payload, in journals of before.
    found = event.payload === null ? (shape === 'value' ? undefined : {}) : JSON.parse(event.payload)
  } catch {
    return { problem: 'its payload is not JSON' }
  }
  const problem = shape === 'value' ? undefined : problemOf(found, fields)
  return problem === undefined ? { payload: found as EventPayloads[T] } : { problem }
}

function problemOf(payload: unknown, fields: Readonly<Record<string, Field>>): string | undefined {
  if (!isRecord(payload)) return 'its payload is not an object'
  for (const name in fields) {
    const field = fields[name]!
    const found: unknown = payload[name]
    if (found === undefined) {
      if (field.presence === 'always') return `its payload has no "${name}"`
    } else if (!isOf(field, found)) return `"${name}" of its payload is not of kind ${field.kind}`
  }
  return undefined
}

function isOf({ kind, isNullable }: Field, found: unknown): boolean {
  if (found === null) return isNullable || kind === 'value'
  switch (kind) {
    case 'text':
      return typeof found === 'string'
    case 'number':
    case 'time':
      return typeof found === 'number'
    case 'flag':
      return typeof found === 'boolean'
    case 'list':
      return Array.isArray(found)
    case 'object':
      return isRecord(found)
    case 'value':
      return true
  }
}

function damaged({ run, seq, type }: SaidEvent, problem: string): ReeveError {
  const which = `Event ${seq ?? '?'} (${type})${run === undefined ? '' : ` of run number ${run}`}`
  return new ReeveError(
    'journal-damaged',
    `${which} cannot be read: ${problem}. Another version wrote it, or the database was changed from outside. Look: reeve audit verify`,
  )
}
