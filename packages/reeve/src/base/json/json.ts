import { messageOf, ReeveError } from '../errors.ts'
import { firstCharacters } from '../text/shorten.ts'

/** Plain JSON. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json | undefined }

/**
 * Encodes a value for the journal. What a run sees now must equal what it sees on replay, so anything that JSON
 * would change in silence (a Date, a Map, NaN, a class instance, undefined in an array) is refused by its path.
 * `undefined` itself is encoded as null; an undefined property is left out. What is larger than `most` characters is
 * refused before its text is made: it may be without end, where parts are shared. `what` names it in an error.
 * @throws `not-serialisable` `payload-too-large`
 */
export function encode(
  value: unknown,
  what: string | (() => string),
  most = Number.POSITIVE_INFINITY,
): string {
  if (value === undefined) return 'null'
  if (!isWhole(value, [], { left: most })) throw faultOf(value, nameOf(what), most)
  const text = JSON.stringify(value)
  if (text.length > most) throw tooLarge(nameOf(what), most)
  return text
}

/** Whether the journal keeps a value exactly as it is: what `encode` does not refuse. */
export function isEncodable(value: unknown): boolean {
  return value === undefined || isWhole(value, [], { left: Number.POSITIVE_INFINITY })
}

function faultOf(value: unknown, what: string, most: number): ReeveError {
  const steps: (string | number)[] = []
  const fault = findFault(value, steps, [], { left: most })
  if (!fault || 'tooLarge' in fault) return tooLarge(what, most)
  const whole = pathOf(steps)
  const path = whole.length > longestPath ? `${firstCharacters(whole, longestPath)}…` : whole
  return new ReeveError(
    'not-serialisable',
    `${what} cannot be kept: ${path || 'the value itself'} is ${fault.is}. ${fault.fix}`,
    { details: { path } },
  )
}

function nameOf(what: string | (() => string)): string {
  return typeof what === 'string' ? what : what()
}

function pathOf(steps: (string | number)[]): string {
  let path = ''
  for (const step of steps) path += typeof step === 'number' ? `[${step}]` : path === '' ? step : `.${step}`
  return path
}

function tooLarge(what: string, most: number): ReeveError {
  return new ReeveError(
    'payload-too-large',
    `${what} is larger than ${most / 1024 / 1024} MiB as JSON, the most that a journal keeps. Keep the data in a file or a database and return where it is.`,
  )
}

/** Deeper values overflow the stack of whatever walks them. */
const deepest = 500
const longestPath = 120

interface Fault {
  is: string
  fix: string
}

const plain = 'Return plain JSON: null, booleans, finite numbers, strings, arrays and plain objects.'

type Finding = Fault | { tooLarge: true }

const beyond: Finding = { tooLarge: true }

/**
 * Whether `findFault` would find nothing: the same walk, for every value that is written, without the way to it. `room`
 * counts down by what a value surely takes as text.
 */
function isWhole(value: unknown, above: object[], room: { left: number }): boolean {
  room.left -= typeof value === 'string' ? value.length + 2 : 1
  if (room.left < 0) return false
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object') return false
  if (above.length >= deepest || above.includes(value)) return false
  above.push(value)
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      if (!isWhole(value[index], above, room)) return false
    }
    above.pop()
    return true
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  for (const key in value) {
    const property = (value as Record<string, unknown>)[key]
    if (property === undefined) continue
    room.left -= key.length + 3
    if (!isWhole(property, above, room)) return false
  }
  above.pop()
  return true
}

/** `steps` lead to what is at fault. */
function findFault(
  value: unknown,
  steps: (string | number)[],
  above: object[],
  room: { left: number },
): Finding | undefined {
  room.left -= typeof value === 'string' ? value.length + 2 : 1
  if (room.left < 0) return beyond
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return
    case 'number':
      return Number.isFinite(value) ? undefined : { is: String(value), fix: plain }
    case 'bigint':
      return { is: 'a bigint', fix: 'Use a string for it.' }
    case 'undefined':
      return { is: 'undefined', fix: 'Use null for it.' }
    case 'function':
    case 'symbol':
      return { is: `a ${typeof value}`, fix: plain }
  }
  if (value === null) return
  const object = value as object
  if (above.length >= deepest)
    return { is: `more than ${deepest} levels deep`, fix: 'Flatten it, or keep it as a text.' }
  if (above.includes(object)) return { is: 'a reference to one of its own parents', fix: plain }
  if (Array.isArray(object)) {
    above.push(object)
    for (let index = 0; index < object.length; index++) {
      steps.push(index)
      const fault = findFault(object[index], steps, above, room)
      if (fault) return fault
      steps.pop()
    }
    above.pop()
    return
  }
  const prototype: unknown = Object.getPrototypeOf(object)
  if (prototype !== Object.prototype && prototype !== null) return instanceFault(object)
  above.push(object)
  for (const key in object) {
    const property = (object as Record<string, unknown>)[key]
    if (property === undefined) continue
    room.left -= key.length + 3
    steps.push(key)
    const fault = findFault(property, steps, above, room)
    if (fault) return fault
    steps.pop()
  }
  above.pop()
  return
}

function instanceFault(object: object): Fault {
  const name = object.constructor?.name || 'an object with its own prototype'
  if (object instanceof Date) return { is: 'a Date', fix: 'Use its toISOString().' }
  if (object instanceof Map || object instanceof Set)
    return { is: `a ${name}`, fix: 'Use an array of its entries.' }
  if (ArrayBuffer.isView(object)) return { is: `a ${name}`, fix: 'Use a base64 string.' }
  if (object instanceof Promise) return { is: 'a Promise', fix: 'Await it first.' }
  return { is: `an instance of ${name}`, fix: plain }
}

/** As much of it as a journal keeps, in characters. */
export const payloadCap = 16 * 1024 * 1024

/**
 * JSON with its keys in order at every depth, so that equal values give equal text and equal hashes. What a function
 * `toJSON` gives stands in a value's place, as in JSON itself. Takes time in proportion to what it is given.
 * @throws `not-serialisable` when it is too deep or cannot be read, `payload-too-large` beyond `payloadCap`
 */
export function canonical(value: unknown, what = 'A value'): string {
  const walk = { what, depth: 0, left: payloadCap }
  try {
    return inOrder(value, '', walk) ?? 'null'
  } catch (cause) {
    if (cause instanceof ReeveError) throw cause
    // A getter, a proxy or a toJSON that throws; a bigint.
    throw new ReeveError('not-serialisable', `${what} cannot be written as JSON: ${messageOf(cause)}`, {
      cause,
    })
  }
}

interface Walk {
  what: string
  depth: number
  /** What is left of the cap. */
  left: number
}

/** Written out by hand: `JSON.stringify` with a replacer that sorts takes several times as long. */
function inOrder(value: unknown, key: string | number, walk: Walk): string | undefined {
  if (value === null || typeof value !== 'object') {
    const text = JSON.stringify(value)
    take(text?.length ?? 0, walk)
    return text
  }
  if (walk.depth >= deepest) {
    nameCycle(value)
    throw new ReeveError(
      'not-serialisable',
      `${walk.what} is more than ${deepest} levels deep. Flatten it, or keep it as a text.`,
    )
  }
  walk.depth++
  const { toJSON } = value as { toJSON?: unknown }
  // A property of that name that is no function is data.
  const standing = typeof toJSON === 'function' ? (toJSON.call(value, String(key)) as unknown) : value
  const text =
    typeof standing === 'object' && standing !== null
      ? inOrderInside(standing, walk)
      : inOrder(standing, key, walk)
  walk.depth--
  return text
}

/** JSON itself names a cycle. @throws TypeError when there is one */
function nameCycle(value: object): void {
  try {
    JSON.stringify(value)
  } catch (error) {
    if (error instanceof TypeError) throw error
  }
}

function inOrderInside(value: object, walk: Walk): string {
  // The brackets count too: what holds nothing else may be without end, where its parts are shared.
  take(2, walk)
  let text = ''
  if (Array.isArray(value)) {
    take(value.length, walk)
    for (let index = 0; index < value.length; index++) {
      const inner = inOrder(value[index], index, walk) ?? 'null'
      text += index === 0 ? inner : `,${inner}`
    }
    return `[${text}]`
  }
  for (const key of Object.keys(value).sort()) {
    const inner = inOrder((value as Record<string, unknown>)[key], key, walk)
    if (inner === undefined) continue
    take(key.length + 2, walk)
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${inner}`
  }
  return `{${text}}`
}

function take(characters: number, walk: Walk): void {
  walk.left -= characters
  if (walk.left < 0) throw tooLarge(walk.what, payloadCap)
}
