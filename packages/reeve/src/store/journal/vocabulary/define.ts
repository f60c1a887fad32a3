import type { ErrorRecord } from '../../../base/errors.ts'
import type { Json } from '../../../base/json/json.ts'

/**
 * What an event means for the call it belongs to:
 * `call`: an attempt begins; `wait`: it waits for a time, a person or something to come; `settlement`: it has its result,
 * or its error; `note`: something to know, which changes nothing of the call or the run; `run`: the run itself begins,
 * ends or goes on.
 */
export type EventRole = 'call' | 'wait' | 'settlement' | 'note' | 'run'

/**
 * What a call is for the run that makes it: `acts`: it does something; `joins`: it waits for what acts elsewhere; `waits`: for a time,
 * a signal or a person. A run whose code has returned goes on until all that acts is over, also elsewhere, and gives up what waits:
 * of a `Promise.race` with a time limit, the limit would hold it open.
 */
const callKinds = {
  step: 'acts',
  effect: 'acts',
  timer: 'waits',
  signal: 'waits',
  approval: 'waits',
  child: 'acts',
  'child-result': 'joins',
  question: 'acts',
  recall: 'acts',
  remember: 'acts',
  amend: 'acts',
  forget: 'acts',
} as const

export type CallKind = keyof typeof callKinds

type KindsThat<Does extends 'acts' | 'joins' | 'waits'> = {
  [Kind in CallKind]: (typeof callKinds)[Kind] extends Does ? Kind : never
}[CallKind]

/** The kinds whose calls do nothing themselves. */
export type WaitKind = KindsThat<'joins' | 'waits'>

/** Whether a run ends without its calls of that kind. */
export function isGivenUpAtEnd(kind: CallKind): boolean {
  return callKinds[kind] === 'waits'
}

/** What comes into a run's inbox for a call that waits: the first part of the item's name. */
export type ItemKind = 'signal' | 'child'

/** The name of an inbox item. `name`: of the signal, or the id of the child. */
export function itemName(kind: ItemKind, name: string): string {
  return `${kind}:${name}`
}

/**
 * `always`: every such event has it. `sometimes`: where it applies. `since`: all that are written now; journals of before
 * have events without it.
 */
export type Presence = 'always' | 'sometimes' | 'since'

type FieldKind = 'text' | 'number' | 'flag' | 'time' | 'list' | 'object' | 'value'

/** One field of a payload. */
export interface Field<T = unknown, P extends Presence = Presence> {
  readonly kind: FieldKind
  readonly meaning: string
  readonly presence: P
  readonly isNullable: boolean
  /** The texts that it may be; absent: any. */
  readonly values?: readonly string[]
  /** Its type in TypeScript; never there at run time. */
  readonly type?: T
}

type Fields = Record<string, Field>

type TypeOf<F> = F extends Field<infer T, Presence> ? T : never
type Flat<T> = { [K in keyof T]: T[K] }
type KeysWith<F extends Fields, P extends Presence> = {
  [K in keyof F]: F[K]['presence'] extends P ? K : never
}[keyof F]

/** A payload as it may be read. */
type ReadFrom<F extends Fields> = Flat<
  { [K in KeysWith<F, 'always'>]: TypeOf<F[K]> } & {
    [K in KeysWith<F, 'sometimes' | 'since'>]?: TypeOf<F[K]>
  }
>
/** A payload as it is written. */
type WrittenFrom<F extends Fields> = Flat<
  { [K in KeysWith<F, 'always' | 'since'>]: TypeOf<F[K]> } & {
    [K in KeysWith<F, 'sometimes'>]?: TypeOf<F[K]>
  }
>

/** Both for readers of another vocabulary that is made of such fields. */
export interface TypesOfFields<F extends Fields> {
  read: ReadFrom<F>
  written: WrittenFrom<F>
}

/** `fields`: an object with these; `value`: any JSON value, or nothing; `error`: an error's record; `nothing`: no payload. */
type Shape = 'fields' | 'value' | 'error' | 'nothing'

interface About<Name extends string = string> {
  role: EventRole
  /** The kind of `ctx` call that it belongs to; absent: the run, or no call. */
  call?: CallKind
  /** One sentence. */
  meaning: string
  /** Who writes it. */
  by: string
  /** The field with the time until which is waited (ms since 1970). */
  due?: Name
  /** The kind of inbox item that it waits for, whose name is the event's. */
  item?: ItemKind
  /** The fields that a person is shown, in this order. */
  shown?: readonly Name[]
  /** See `lineEvent`. */
  isLine?: true
}

/** One type of event: `Read` is its payload as it may be found, `Written` as it is written. */
export interface EventDefinition<Read = unknown, Written = unknown> extends Readonly<About> {
  readonly shape: Shape
  readonly fields: Readonly<Fields>
  /** Never there at run time. */
  readonly types?: { read: Read; written: Written }
}

function field<T, P extends Presence>(
  kind: FieldKind,
  meaning: string,
  presence: P,
  more: { isNullable?: boolean; values?: readonly string[] } = {},
): Field<T, P> {
  return { kind, meaning, presence, isNullable: false, ...more }
}

export function text(meaning: string): Field<string, 'always'> {
  return field('text', meaning, 'always')
}

export function oneOf<const T extends string>(values: readonly T[], meaning: string): Field<T, 'always'> {
  return field('text', meaning, 'always', { values })
}

export function number(meaning: string): Field<number, 'always'> {
  return field('number', meaning, 'always')
}

export function flag(meaning: string): Field<boolean, 'always'> {
  return field('flag', meaning, 'always')
}

/** In ms since 1970. */
export function time(meaning: string): Field<number, 'always'> {
  return field('time', meaning, 'always')
}

export function list<T>(meaning: string): Field<T[], 'always'> {
  return field('list', meaning, 'always')
}

export function object<T>(meaning: string): Field<T, 'always'> {
  return field('object', meaning, 'always')
}

/** Any JSON value. */
export function value(meaning: string): Field<Json, 'always'> {
  return field('value', meaning, 'always')
}

export function orNull<T, P extends Presence>(of: Field<T, P>): Field<T | null, P> {
  return { ...of, isNullable: true } as Field<T | null, P>
}

/** Present where it applies. */
export function sometimes<T>(of: Field<T>): Field<T, 'sometimes'> {
  return { ...of, presence: 'sometimes' }
}

/** Written always, and absent in events of before. */
export function since<T>(of: Field<T>): Field<T, 'since'> {
  return { ...of, presence: 'since' }
}

/** An event whose payload is an object. */
export function event<const F extends Fields>(
  about: About<keyof F & string> & { fields: F },
): EventDefinition<ReadFrom<F>, WrittenFrom<F>> {
  return { ...about, shape: 'fields' }
}

/** A line that a run's code writes by itself: replay counts these, so that each is written once. */
export function lineEvent<const F extends Fields>(
  about: Omit<About<keyof F & string>, 'role' | 'call' | 'isLine' | 'due'> & { fields: F },
): EventDefinition<ReadFrom<F>, WrittenFrom<F>> & { isLine: true } {
  return { ...about, role: 'note', isLine: true, shape: 'fields' }
}

/** An event whose payload is any JSON value; none for undefined. */
export function valueEvent(about: About): EventDefinition<Json | undefined, unknown> {
  return { ...about, shape: 'value', fields: {} }
}

/** An event whose payload is an error. */
export function errorEvent(about: About): EventDefinition<ErrorRecord, ErrorRecord> {
  return { ...about, shape: 'error', fields: errorFields }
}

/** An event that says all by its type, name and place. */
export function bareEvent(about: About): EventDefinition<undefined, undefined> {
  return { ...about, shape: 'nothing', fields: {} }
}

const errorFields = {
  code: text('The stable code: see the reference of errors.'),
  message: text('What failed, with which value, and what to do next.'),
  retryable: since(flag('Whether the same may succeed when it is tried again.')),
  stack: sometimes(text('Where it was thrown, for an error that is not of Reeve.')),
  details: sometimes(object('Particulars for programs.')),
}
