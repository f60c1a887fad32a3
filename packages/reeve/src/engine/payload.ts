import { ReeveError } from '../base/errors.ts'
import { encode } from '../base/json.ts'

/** The largest value that a journal keeps, as JSON text, in characters. */
const payloadCap = 16 * 1024 * 1024

/**
 * A value as the journal keeps it; null for undefined. Checked before anything is written.
 * @throws `not-serialisable` `payload-too-large`
 */
export function encodePayload(value: unknown, what: string): string | null {
  if (value === undefined) return null
  const text = encode(value, what)
  if (text.length > payloadCap) {
    throw new ReeveError(
      'payload-too-large',
      `${what} is ${(text.length / 1024 / 1024).toFixed(1)} MiB as JSON; the most that a journal keeps is ${payloadCap / 1024 / 1024} MiB. Keep the data in a file or a database and return where it is.`,
    )
  }
  return text
}
