import { ReeveError } from '../errors.ts'
import { describeValue, longestName } from './shorten.ts'

const control = /\p{Cc}/u

/** What `checkText` answers as it is, found out at little cost; others it may still answer. */
export function isShortText(value: unknown): value is string {
  if (typeof value !== 'string' || value === '' || value.length > longestName / 3) return false
  return !control.test(value) && value.isWellFormed()
}

/** An id in a message: as it is, where it may be one. */
export function shownId(id: unknown): string {
  return isShortText(id) ? id : describeValue(id)
}

/**
 * A short text that names something: a call, a key, a queue, an id, who acts. Both databases keep it as it is, put it
 * into an index and show it on one line. Half a surrogate pair, as where a longer text was cut, becomes U+FFFD.
 * @param what how the text is called in the error: `The name of ctx.step`
 * @throws `bad-text` when it is no text, empty, longer than 1,024 bytes, or holds a control character
 */
export function checkText(value: unknown, what: string): string {
  if (typeof value !== 'string') {
    const advice = typeof value === 'number' || typeof value === 'bigint' ? `, such as '${value}'` : ''
    throw badText(`${what} is ${describeValue(value)}; it must be a text${advice}.`)
  }
  if (value === '') throw badText(`${what} is empty; it must be a text of one character or more.`)
  // A character is three bytes at most.
  if (value.length * 3 > longestName && Buffer.byteLength(value) > longestName) {
    const shown = describeValue(value)
    throw badText(`${what} is longer than ${longestName} bytes: ${shown}. Shorten it, or use a hash of it.`)
  }
  if (control.test(value)) {
    const shown = describeValue(value)
    throw badText(
      `${what} has a control character or a line break: ${shown}. Replace it, such as by a space.`,
    )
  }
  return value.isWellFormed() ? value : value.toWellFormed()
}

function badText(message: string): ReeveError {
  return new ReeveError('bad-text', message)
}
