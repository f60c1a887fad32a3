import { createHmac } from 'node:crypto'
import type { ReeveError } from '../../base/errors.ts'
import { checkOptions, optionNames, refuseUnknownOptions } from '../../base/options.ts'
import { describeValue } from '../../base/text/shorten.ts'
import {
  digestOf,
  type Headers,
  idIn,
  isoSecondsIn,
  isSame,
  json,
  required,
  type SignatureScheme,
  secondsIn,
  shortProblem,
  unsigned,
} from './signature.ts'

/** The way of a sender that has one of its own: an HMAC in a header. */
export interface HmacSignature {
  /** The header that carries the signature. Several stand in it with commas between them: one that is right is enough. */
  header: string
  /** Default `sha256`. */
  algorithm?: 'sha1' | 'sha256' | 'sha384' | 'sha512'
  /** Default `hex`. */
  encoding?: 'hex' | 'base64' | 'base64url'
  /** What stands before each signature, such as `sha256=`. Default: nothing. */
  prefix?: string
  /** How the secret is written. Default `text`: its characters are the key. */
  key?: 'text' | 'hex' | 'base64'
  /**
   * The header that says when it was sent: seconds since 1970 (default), milliseconds, or ISO 8601. It has to be signed; what is older
   * than `tolerance`, or so far ahead, is refused.
   */
  timestamp?: { header: string; unit?: 's' | 'ms' | 'iso' }
  /**
   * What names a delivery: a field of the body, or a header that is signed. Default, and where that field is missing: all that is
   * signed. What is sent again with another time is then another delivery.
   */
  id?: { field: string } | { header: string }
  /**
   * What is signed, of `{body}`, `{timestamp}` and `{id}`. Default: `{body}`; with a time `{timestamp}.{body}`; with a header for the id
   * `{id}.` before it.
   */
  signs?: string
}

const algorithms = ['sha1', 'sha256', 'sha384', 'sha512']
const encodings = ['hex', 'base64', 'base64url']
const keys = ['text', 'hex', 'base64']
const units = ['s', 'ms', 'iso']
const known = optionNames<Required<HmacSignature>>({
  header: true,
  algorithm: true,
  encoding: true,
  prefix: true,
  key: true,
  timestamp: true,
  id: true,
  signs: true,
})
const token = /^[\w!#$%&'*+.^`|~-]{1,100}$/
/** The digits of a time have no zero before them: each time is written in one way. */
const times = { s: /^[1-9]\d{0,11}$/, ms: /^[1-9]\d{0,14}$/ }
const mostSignatures = 16
const leastKeyBytes = 16

/** @throws what `refuse` makes of what is wrong with it */
export function checkHmac(signature: HmacSignature, refuse: (problem: string) => ReeveError): void {
  const what = '`signature` of a trigger'
  const rules = {
    header: 'text!',
    algorithm: 'text',
    encoding: 'text',
    prefix: 'text',
    key: 'text',
    timestamp: 'object',
    id: 'object',
    signs: 'text',
  } as const
  checkOptions(signature, what, rules, 'bad-trigger')
  refuseUnknownOptions(signature, 'The `signature` of a trigger', known, 'bad-trigger')
  const { algorithm, encoding, prefix = '', key, timestamp, id } = signature
  const among = (name: string, value: string | undefined, all: readonly string[]) => {
    if (value !== undefined && !all.includes(value))
      throw refuse(
        `has \`${name}\` ${describeValue(value)} in its signature; it must be one of: ${all.join(', ')}.`,
      )
  }
  among('algorithm', algorithm, algorithms)
  among('encoding', encoding, encodings)
  among('key', key, keys)
  if (/^\s|,/.test(prefix))
    throw refuse(
      `has \`prefix\` ${describeValue(prefix)} in its signature; it may have no comma, and no space before it.`,
    )
  if (timestamp) {
    refuseUnknownOptions(timestamp, '`timestamp` of a signature', ['header', 'unit'], 'bad-trigger')
    among('timestamp.unit', timestamp.unit, units)
  }
  if (id) {
    refuseUnknownOptions(id, '`id` of a signature', ['field', 'header'], 'bad-trigger')
    const { field, header } = id as { field?: unknown; header?: unknown }
    if (
      (field === undefined) === (header === undefined) ||
      (field !== undefined && typeof field !== 'string')
    )
      throw refuse('has an `id` in its signature that names not one of `field` and `header`.')
  }
  const idHeader = idHeaderOf(signature)
  const headers = [
    signature.header,
    ...(timestamp ? [timestamp.header] : []),
    ...(idHeader === undefined ? [] : [idHeader]),
  ]
  for (const header of headers)
    if (typeof header !== 'string' || !token.test(header))
      throw refuse(`names the header ${describeValue(header)} in its signature, which is not a name of one.`)
  if (new Set(headers.map((header) => header.toLowerCase())).size < headers.length)
    throw refuse('names one header twice in its signature.')
  checkSigned(signature, refuse)
}

/** What is not signed proves nothing, and what may be read in two ways proves neither. */
function checkSigned(signature: HmacSignature, refuse: (problem: string) => ReeveError): void {
  const template = templateOf(signature)
  const counted = (name: string) => template.split(`{${name}}`).length - 1
  const wanted = { body: 1, timestamp: signature.timestamp ? 1 : 0, id: idHeaderOf(signature) ? 1 : 0 }
  for (const [name, count] of Object.entries(wanted))
    if (counted(name) !== count)
      throw refuse(
        count === 1
          ? `has \`signs\` ${describeValue(template)}, where {${name}} must stand once: what is not signed may be changed.`
          : `has {${name}} in \`signs\`, and no header for it: add \`${name}: { header: 'NAME' }\`.`,
      )
  if (/[{}]/.test(template.replaceAll(/\{(?:body|timestamp|id)\}/g, '')))
    throw refuse(
      `has \`signs\` ${describeValue(template)}; it may name {body}, {timestamp} and {id}, and has no other braces.`,
    )
  if (/\{id\}[\w{-]|[\w}-]\{id\}/.test(template))
    throw refuse(
      `has \`signs\` ${describeValue(template)}, where it is not clear where the {id} ends. It needs a character that is in no id, such as a dot.`,
    )
}

function idHeaderOf({ id }: HmacSignature): string | undefined {
  return id && 'header' in id ? id.header : undefined
}

function templateOf(signature: HmacSignature): string {
  const { signs, timestamp } = signature
  if (signs !== undefined) return signs
  return `${idHeaderOf(signature) === undefined ? '' : '{id}.'}${timestamp ? '{timestamp}.' : ''}{body}`
}

/** What is signed, piece by piece. */
function signedOf(signature: HmacSignature, values: { body: Buffer; timestamp: string; id: string }) {
  // Every second piece is the name of a value.
  const pieces = templateOf(signature).split(/\{(body|timestamp|id)\}/)
  return pieces.map((piece, place) => (place % 2 === 0 ? piece : values[piece as keyof typeof values]))
}

/** The scheme of a signature that `checkHmac` took. */
export function ownHmac(signature: HmacSignature): SignatureScheme {
  const { header, algorithm = 'sha256', encoding = 'hex', prefix = '', timestamp, id } = signature
  const idHeader = idHeaderOf(signature)
  const field = id && 'field' in id ? id.field : undefined
  const made = (secret: string, pieces: readonly (string | Buffer)[]) => {
    const hmac = createHmac(algorithm, keyOf(signature, secret))
    for (const piece of pieces) hmac.update(piece)
    return hmac.digest()
  }
  return {
    contentTypes: json,
    read(headers: Headers) {
      const signatures = required(headers, header)
        .split(',', mostSignatures)
        .map((each) => each.trim())
        .filter((each) => each.startsWith(prefix))
        .flatMap((each) => bytesIn(each.slice(prefix.length), encoding))
      if (signatures.length === 0)
        throw unsigned(`${header} is not "${prefix}" and a signature in ${encoding}`)
      const time = timestamp ? required(headers, timestamp.header) : ''
      const name = idHeader === undefined ? '' : required(headers, idHeader)
      if (idHeader !== undefined && !/^[\w-]{1,200}$/.test(name))
        throw unsigned(`${idHeader} is not an id of up to 200 letters, digits, dashes and underscores`)
      const pieces = (body: Buffer) => signedOf(signature, { body, timestamp: time, id: name })
      return {
        ...(timestamp && { sentAt: sentAtOf(time, timestamp) }),
        isBy(secret, body) {
          const wanted = made(secret, pieces(body))
          return signatures.some((each) => isSame(each, wanted))
        },
        deliveryOf(body) {
          if (idHeader !== undefined) return name
          return (field !== undefined && idIn(body, field)) || digestOf(...pieces(body))
        },
      }
    },
    sign(secret, body, sentAt, name) {
      const time = timestamp ? timeText(sentAt, timestamp) : ''
      const signed = made(secret, signedOf(signature, { body, timestamp: time, id: name }))
      return {
        'content-type': 'application/json',
        ...(timestamp && { [timestamp.header]: time }),
        ...(idHeader !== undefined && { [idHeader]: name }),
        [header]: `${prefix}${signed.toString(encoding)}`,
      }
    },
    problemOf(secret) {
      const { key = 'text' } = signature
      if (key === 'text') return shortProblem(secret)
      const bytes = bytesIn(secret, key)[0]
      if (bytes === undefined) return `it is not written in ${key}`
      return bytes.length < leastKeyBytes
        ? `it is ${bytes.length} bytes of ${key}; ${leastKeyBytes} are the fewest`
        : undefined
    },
  }
}

function keyOf({ key = 'text' }: HmacSignature, secret: string): string | Buffer {
  return key === 'text' ? secret : Buffer.from(secret, key)
}

/** The bytes that a text stands for; none: it stands for none. */
function bytesIn(text: string, encoding: 'hex' | 'base64' | 'base64url'): Buffer[] {
  const written = { hex: /^(?:[\da-f]{2})+$/i, base64: /^[A-Za-z\d+/]+={0,2}$/, base64url: /^[\w-]+={0,2}$/ }
  return written[encoding].test(text) ? [Buffer.from(text, encoding)] : []
}

function sentAtOf(text: string, { header, unit = 's' }: NonNullable<HmacSignature['timestamp']>): number {
  if (unit === 'iso') return isoSecondsIn(text, header)
  if (!times[unit].test(text))
    throw unsigned(`${header} is not a time in ${unit === 's' ? 'seconds' : 'milliseconds'}`)
  return unit === 's' ? secondsIn(text, header) : Number(text) / 1000
}

function timeText(seconds: number, { unit = 's' }: NonNullable<HmacSignature['timestamp']>): string {
  if (unit === 'iso') return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
  return String(unit === 's' ? seconds : seconds * 1000)
}
