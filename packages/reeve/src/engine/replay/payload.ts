import { encode, payloadCap } from '../../base/json/json.ts'

/**
 * A value as the journal keeps it; null for undefined. Checked before anything is written.
 * @throws `not-serialisable` `payload-too-large`
 */
export function encodePayload(value: unknown, what: string | (() => string)): string | null {
  return value === undefined ? null : encode(value, what, payloadCap)
}
