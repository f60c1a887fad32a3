import { messageOf, ReeveError } from '../base/errors.ts'
import { refuseInexact } from '../base/exact-json.ts'
import type { Json } from '../base/json.ts'

/** Deeper data is never meant for people or models, and exhausts the stack of whatever walks it. */
const deepest = 64

/** Parses JSON from outside; its size is the caller's to cap. @throws `not-json` `json-too-deep` */
export function parseBoundedJson(text: string, what: string): Json {
  if (depthOf(text) > deepest) {
    throw new ReeveError('json-too-deep', `${what} is JSON nested more than ${deepest} levels deep.`)
  }
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

/** The deepest nesting, without recursion and without building anything. */
function depthOf(text: string): number {
  let depth = 0
  let most = 0
  let inString = false
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (inString) {
      if (code === 0x5c) index++
      else if (code === 0x22) inString = false
    } else if (code === 0x22) inString = true
    else if (code === 0x5b || code === 0x7b) most = Math.max(most, ++depth)
    else if (code === 0x5d || code === 0x7d) depth--
  }
  return most
}
