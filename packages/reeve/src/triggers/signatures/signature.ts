import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { ReeveError } from '../../base/errors.ts'
import { isRecord } from '../../base/json/record.ts'

/** How a sender proves that what it posts is its own. */
export type SignatureKind = 'standard' | 'github' | 'stripe' | 'slack' | 'zendesk' | 'bearer'

/** A header of a request, by its name in lower case. */
export type Headers = (name: string) => string | undefined

/** What is signed of a request, and how: made of its headers, before the body is read. */
export interface Signed {
  /** When it was sent (s since 1970); absent where the scheme has no time. */
  sentAt?: number
  /** Whether one of the signatures it came with is that of this secret. */
  isBy(secret: string, body: Buffer): boolean
  /**
   * What names the delivery, once the body is proved: made of nothing that is not signed, so that who only has an old
   * delivery cannot give it another name.
   */
  deliveryOf(body: Buffer): string
}

export interface SignatureScheme {
  /** What a sender posts. */
  contentTypes: readonly string[]
  /** @throws `webhook-unsigned` what is missing, or cannot be read */
  read(headers: Headers): Signed
  /** Headers for a body of our own: of a sample. */
  sign(secret: string, body: Buffer, sentAt: number, id: string): Record<string, string>
  /** Why a secret is of no use; undefined: it is. */
  problemOf(secret: string): string | undefined
}

export const json = ['application/json'] as const

export function hmac(key: string | Buffer, ...parts: (string | Buffer)[]): Buffer {
  const made = createHmac('sha256', key)
  for (const part of parts) made.update(part)
  return made.digest()
}

export function digestOf(...parts: (string | Buffer)[]): string {
  const made = createHash('sha256')
  for (const part of parts) made.update(part)
  return made.digest('hex')
}

/** In a time that tells nothing of where they differ. */
export function isSame(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}

/** A signature as hexadecimal digits. */
export function isHexOf(text: string, wanted: Buffer): boolean {
  return /^[\da-f]{64}$/i.test(text) && isSame(Buffer.from(text, 'hex'), wanted)
}

/** @throws `webhook-unsigned` */
export function required(headers: Headers, name: string): string {
  const value = headers(name)
  if (value !== undefined && value !== '') return value
  throw unsigned(`it has no header ${name}`)
}

/** @throws `webhook-unsigned` */
export function secondsIn(text: string, name: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text)
  throw unsigned(`${name} is not a time in seconds`)
}

/** @throws `webhook-unsigned` */
export function isoSecondsIn(text: string, name: string): number {
  const seconds = Date.parse(text) / 1000
  const isTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/.test(text)
  if (isTime && Number.isFinite(seconds)) return seconds
  throw unsigned(`${name} is not a time such as 2026-07-01T09:00:00Z`)
}

/** What names a thing in a signed body, as text; undefined where nothing does. */
export function idIn(body: Buffer, field: string): string | undefined {
  try {
    const value: unknown = JSON.parse(body.toString())
    const id = isRecord(value) ? value[field] : undefined
    if (Number.isSafeInteger(id)) return String(id)
    return typeof id === 'string' && id !== '' && id.length <= 200 ? id : undefined
  } catch {
    return undefined
  }
}

export function unsigned(why: string): ReeveError {
  return new ReeveError(
    'webhook-unsigned',
    `The request is not signed as it must be: ${why}. Nothing was read of it, and nothing was started.`,
  )
}

/** A secret that anybody could guess proves nothing. */
export function shortProblem(secret: string, least = 16): string | undefined {
  return secret.length < least ? `it has ${secret.length} characters; ${least} are the fewest` : undefined
}
