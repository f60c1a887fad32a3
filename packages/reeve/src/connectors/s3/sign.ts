import { createHash, createHmac } from 'node:crypto'

/** What signs requests of S3. */
export interface SigningKey {
  accessKeyId: string
  secretAccessKey: string
  /** Of a temporary key. */
  sessionToken?: string
  region: string
}

/** A request as it is signed. */
export interface SignedRequest {
  method: string
  /** As it goes out: each part of its path and its query percent-encoded. */
  url: URL
  /** Those that are signed beside host, time and digest. */
  headers?: Readonly<Record<string, string>>
  /** What `digestOf` gave for the body. */
  bodyDigest: string
  /** ms since 1970. */
  at: number
}

const algorithm = 'AWS4-HMAC-SHA256'

/** SHA-256 in hexadecimal, as the signature wants it of a body. */
export function digestOf(body: string | Uint8Array): string {
  return createHash('sha256').update(body).digest('hex')
}

/**
 * The headers that a request to S3 carries: AWS Signature Version 4, over all headers that it is given, the digest of the body
 * among them. (AWS, "Signature Calculations for the Authorization Header".)
 */
export function signV4(request: SignedRequest, key: SigningKey): Record<string, string> {
  const { method, url, headers = {}, bodyDigest, at } = request
  const time = new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const date = time.slice(0, 8)
  const own: Record<string, string> = {
    ...lowerNames(headers),
    host: url.host,
    'x-amz-content-sha256': bodyDigest,
    'x-amz-date': time,
    ...(key.sessionToken !== undefined && { 'x-amz-security-token': key.sessionToken }),
  }
  const names = Object.keys(own).sort()
  const signedNames = names.join(';')
  const canonical = [
    method,
    canonicalPath(url),
    canonicalQuery(url),
    ...names.map((name) => `${name}:${own[name]!.trim().replace(/ +/g, ' ')}`),
    '',
    signedNames,
    bodyDigest,
  ].join('\n')
  const scope = `${date}/${key.region}/s3/aws4_request`
  const toSign = [algorithm, time, scope, digestOf(canonical)].join('\n')
  const signingKey = ['s3', 'aws4_request'].reduce(
    hmac,
    hmac(hmac(`AWS4${key.secretAccessKey}`, date), key.region),
  )
  const signature = hmac(signingKey, toSign).toString('hex')
  const { host: _, ...sent } = own
  const authorization = `${algorithm} Credential=${key.accessKeyId}/${scope}, SignedHeaders=${signedNames}, Signature=${signature}`
  return { ...sent, authorization }
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function lowerNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

/** Each part once encoded: S3, unlike other services, signs the path as it is sent. */
function canonicalPath(url: URL): string {
  return url.pathname
    .split('/')
    .map((part) => encoded(decodeURIComponent(part)))
    .join('/')
}

function canonicalQuery(url: URL): string {
  return [...url.searchParams]
    .map(([name, value]) => [encoded(name), encoded(value)] as const)
    .sort(([one, its], [other, others]) => (one === other ? (its < others ? -1 : 1) : one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

/** As AWS encodes: everything but letters, digits, `-`, `.`, `_` and `~`. */
export function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
