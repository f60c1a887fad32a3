import { messageOf, ReeveError } from '../errors.ts'
import { shorten } from '../text/shorten.ts'
import type { Json } from './json.ts'

/** What `JSON.parse` would change in silence. */
export type InexactJson = { what: 'repeated-key'; key: string } | { what: 'inexact-number'; text: string }

/**
 * Parses JSON that somebody else wrote and that directs what is done: a payment's receiver, an amount, an order's
 * number. `JSON.parse` takes the last of two values under one key, and rounds whole numbers past 2^53; which value was
 * meant cannot be known then, so both are refused. @throws `not-json` `inexact-json`
 */
export function parseExactJson(text: string, what: string): Json {
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch (cause) {
    throw new ReeveError('not-json', `${what} is not JSON: ${messageOf(cause)}`, { cause })
  }
  refuseInexact(text, what)
  return value
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** @throws `inexact-json` when parsing this valid JSON text would change it. */
export function refuseInexact(json: string, what: string): void {
  const found = findInexact(json)
  if (found) throw new ReeveError('inexact-json', `${what} cannot be read exactly: ${describeInexact(found)}`)
}

/** The problem with how it is to be mended, for a model or a person. */
export function describeInexact(found: InexactJson, of = ''): string {
  if (found.what === 'repeated-key')
    return `An object${of} gives the property ${shown(JSON.stringify(found.key))} twice. Give it once, with the value that is meant.`
  return `The number ${shown(found.text)}${of} would be rounded (whole numbers are held up to ${Number.MAX_SAFE_INTEGER}). Give it as a string, in double quotes, where a string is allowed; otherwise give a number with fewer digits.`
}

function shown(text: string): string {
  return shorten(text, 100)
}

const quote = 0x22
const backslash = 0x5c

/**
 * The first part of this valid JSON text that `JSON.parse` would lose or round. A plain fraction such as `0.1` is read
 * as the nearest number, as everywhere. Linear, without recursion.
 */
export function findInexact(json: string): InexactJson | undefined {
  const open: (Set<string> | undefined)[] = []
  /** Where the last string begins, and behind its end. */
  let from = 0
  let to = 0
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === quote) {
      from = at
      to = at = endOfString(json, at)
      at--
    } else if (code === 0x7b) open.push(new Set())
    else if (code === 0x5b) open.push(undefined)
    else if (code === 0x7d || code === 0x5d) open.pop()
    else if (code === 0x3a) {
      const raw = json.slice(from, to)
      const key = raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1)
      const keys = open.at(-1)!
      if (keys.has(key)) return { what: 'repeated-key', key }
      keys.add(key)
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      const end = endOfNumber(json, at)
      // Fifteen digits are always held.
      if (end - at > 15 || (end - at > 2 && /[eE]/.test(json.slice(at, end)))) {
        const text = json.slice(at, end)
        if (!isExact(text)) return { what: 'inexact-number', text }
      }
      at = end - 1
    }
  }
  return undefined
}

function endOfString(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === backslash) at++
    else if (code === quote) return at + 1
  }
  return json.length
}

/** Behind a digit, a dot, an "e" or a sign. */
function endOfNumber(json: string, start: number): number {
  let at = start + 1
  while (at < json.length && belongsToNumber(json.charCodeAt(at))) at++
  return at
}

function belongsToNumber(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2e ||
    (code | 0x20) === 0x65 ||
    code === 0x2b ||
    code === 0x2d
  )
}

/** Whether a number stays the same when it is printed again. Of fractions only: that they do not become whole. */
function isExact(text: string): boolean {
  const value = Number(text)
  if (!Number.isInteger(value)) return Number.isFinite(value)
  const given = decimalOf(text)
  const kept = decimalOf(String(value))
  return given.digits === kept.digits && (given.digits === '' || given.exponent === kept.exponent)
}

/** Its digits without zeros at either end, times ten to the power of `exponent`. */
function decimalOf(text: string): { digits: string; exponent: number } {
  const [, whole = '', fraction = '', exponent = '0'] = /^-?(\d+)(?:\.(\d+))?(?:[eE](.+))?$/.exec(text)!
  const digits = `${whole}${fraction}`
  let from = 0
  while (digits[from] === '0') from++
  let to = digits.length
  while (to > from && digits[to - 1] === '0') to--
  return {
    digits: digits.slice(from, to),
    exponent: Number(exponent) - fraction.length + (digits.length - to),
  }
}

/**
 * A whole number past 2^53 in a value whose text is gone: it may have been another one before somebody parsed it.
 */
export function findUnsafeInteger(value: unknown): number | undefined {
  const left = [value]
  while (left.length > 0) {
    const next = left.pop()
    if (typeof next === 'number' && Number.isInteger(next) && !Number.isSafeInteger(next)) return next
    if (typeof next === 'object' && next !== null) for (const inner of Object.values(next)) left.push(inner)
  }
  return undefined
}
