import { messageOf, ReeveError } from '../base/errors.ts'
import { refuseInexact } from '../base/json/exact-json.ts'
import type { Json } from '../base/json/json.ts'

/** Deeper data is never meant for people or models, and exhausts the stack of whatever walks it. */
const deepest = 64
/** More of them keep the event loop busy while they are read, checked and written. A property counts as two. */
const mostValues = 250_000

/**
 * Parses JSON from outside; its size is the caller's to cap. `most`: how many values it may have, default 250,000, where a
 * property counts as two. @throws `not-json` `json-too-deep` `json-too-large`
 */
export function parseBoundedJson(text: string, what: string, most = mostValues): Json {
  refuseExcess(text, what, most)
  try {
    return JSON.parse(text) as Json
  } catch (cause) {
    throw new ReeveError('not-json', `${what} is not JSON: ${messageOf(cause)}`, { cause })
  }
}

/**
 * As `parseBoundedJson`, for what somebody else's program wrote: a number that would be rounded is refused, and a
 * property that is given twice. @throws `not-json` `json-too-deep` `inexact-json`
 */
export function parseForeignJson(text: string, what: string): Json {
  const value = parseBoundedJson(text, what)
  refuseInexact(text, what)
  return value
}

/**
 * A scan without recursion, which builds nothing and ends where the text has too much. `perProperty`: as how many values
 * a property counts; its name costs more than a value does, and the more the oftener it is looked at.
 * @throws `json-too-deep` `json-too-large`
 */
export function refuseExcess(text: string, what: string, most = mostValues, perProperty = 2): void {
  let depth = 0
  let values = 1
  let inString = false
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (inString) {
      if (code === 0x5c) index++
      else if (code === 0x22) inString = false
    } else if (code === 0x22) inString = true
    else if (code === 0x5b || code === 0x7b) {
      values++
      if (++depth > deepest) {
        throw new ReeveError('json-too-deep', `${what} is JSON nested more than ${deepest} levels deep.`)
      }
    } else if (code === 0x5d || code === 0x7d) depth--
    else if (code === 0x2c) values++
    else if (code === 0x3a) values += perProperty - 1
    if (values > most) break
  }
  if (values > most) {
    throw new ReeveError(
      'json-too-large',
      `${what} is JSON of more than ${most} values. Ask for less at once.`,
    )
  }
}
