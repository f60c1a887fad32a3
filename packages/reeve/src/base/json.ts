import { ReeveError } from './errors.ts'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json | undefined }

/**
 * Encodes a value for the journal. What a run sees now must equal what it sees on replay, so anything that JSON
 * would change in silence (a Date, a Map, NaN, a class instance, undefined in an array) is refused by its path.
 * `undefined` itself is encoded as null; an undefined property is left out.
 */
export function encode(value: unknown, what: string): string {
  if (value === undefined) return 'null'
  const fault = findFault(value, '', [])
  if (fault) {
    throw new ReeveError(
      'not-serialisable',
      `${what} cannot be kept: ${fault.path || 'the value itself'} is ${fault.is}. ${fault.fix}`,
      {
        details: { path: fault.path },
      },
    )
  }
  return JSON.stringify(value)
}

interface Fault {
  path: string
  is: string
  fix: string
}

const plain = 'Return plain JSON: null, booleans, finite numbers, strings, arrays and plain objects.'

function findFault(value: unknown, path: string, above: object[]): Fault | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return
    case 'number':
      return Number.isFinite(value) ? undefined : { path, is: String(value), fix: plain }
    case 'bigint':
      return { path, is: 'a bigint', fix: 'Use a string for it.' }
    case 'undefined':
      return { path, is: 'undefined', fix: 'Use null for it.' }
    case 'function':
    case 'symbol':
      return { path, is: `a ${typeof value}`, fix: plain }
  }
  if (value === null) return
  const object = value as object
  if (above.includes(object)) return { path, is: 'a reference to one of its own parents', fix: plain }
  if (Array.isArray(object)) {
    above.push(object)
    for (let index = 0; index < object.length; index++) {
      const fault = findFault(object[index], `${path}[${index}]`, above)
      if (fault) return fault
    }
    above.pop()
    return
  }
  const prototype: unknown = Object.getPrototypeOf(object)
  if (prototype !== Object.prototype && prototype !== null) return instanceFault(object, path)
  above.push(object)
  for (const key in object) {
    const property = (object as Record<string, unknown>)[key]
    if (property === undefined) continue
    const fault = findFault(property, path ? `${path}.${key}` : key, above)
    if (fault) return fault
  }
  above.pop()
  return
}

function instanceFault(object: object, path: string): Fault {
  const name = object.constructor?.name || 'an object with its own prototype'
  if (object instanceof Date) return { path, is: 'a Date', fix: 'Use its toISOString().' }
  if (object instanceof Map || object instanceof Set)
    return { path, is: `a ${name}`, fix: 'Use an array of its entries.' }
  if (ArrayBuffer.isView(object)) return { path, is: `a ${name}`, fix: 'Use a base64 string.' }
  if (object instanceof Promise) return { path, is: 'a Promise', fix: 'Await it first.' }
  return { path, is: `an instance of ${name}`, fix: plain }
}

/** JSON with its keys in order at every depth, so that equal values give equal text and equal hashes. */
export function canonical(value: unknown): string {
  try {
    return inOrder(value) ?? 'null'
  } catch (error) {
    // JSON itself names a cycle, which overflows the stack here.
    JSON.stringify(value)
    throw error
  }
}

/** Written out by hand: `JSON.stringify` with a replacer that sorts takes several times as long. */
function inOrder(value: unknown): string | undefined {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((item) => inOrder(item) ?? 'null').join()}]`
  if ('toJSON' in value) return inOrder(JSON.parse(JSON.stringify(value)))
  let text = ''
  for (const key of Object.keys(value).sort()) {
    const inner = inOrder((value as Record<string, unknown>)[key])
    if (inner !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${inner}`
  }
  return `{${text}}`
}
