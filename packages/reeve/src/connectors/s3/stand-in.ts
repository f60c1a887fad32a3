import type { StandInAnswer, StandInRequest } from '../stand-in/exchange.ts'
import {
  type StandIn,
  type StandInDefinition,
  type StandInOptions,
  startStandIn,
} from '../stand-in/stand-in.ts'
import { digestOf, signV4 } from './sign.ts'
import { Bucket } from './stand-in/bucket.ts'
import { error, refuse } from './stand-in/refusals.ts'

/** For a stand-in of S3. */
export interface S3StandInOptions extends StandInOptions {
  accessKeyId?: string
  secretAccessKey?: string
  /** Default: whichever a request is signed for. */
  region?: string
  /** Default: whichever is asked for; all are one. */
  bucket?: string
  /** Whether the bucket keeps versions. Default false. */
  isVersioned?: boolean
  /** The least of a part that is not the last one (bytes). Default 5 MiB. */
  leastPartBytes?: number
}

export interface S3StandIn extends StandIn {
  put(key: string, body: string | Buffer): void
  /** What lies under a key; undefined: nothing does. */
  object(key: string): { body: Buffer; metadata: Readonly<Record<string, string>> } | undefined
  /** Uploads in parts that were begun, and neither completed nor aborted. */
  openUploads(): number
}

/** How far the time of a request may be off. */
const toleranceMs = 15 * 60_000

/**
 * S3 as it is on the wire, addressed by path: one bucket, objects with metadata, lists in pages, conditional writes, uploads in parts,
 * versions, and signatures (Version 4) that are verified over path, query, headers and body.
 */
export async function startS3(options: S3StandInOptions = {}): Promise<S3StandIn> {
  const {
    accessKeyId = 'AKIASTANDINOFS3',
    secretAccessKey = 'stand-in-secret-of-s3',
    region,
    bucket: name,
    isVersioned = false,
    leastPartBytes = 5 * 1_048_576,
  } = options
  let bucket!: Bucket
  const standIn = await startStandIn((server) => {
    bucket = new Bucket(server, { isVersioned, leastPartBytes })
    const inBucket = (then: (request: StandInRequest) => StandInAnswer) => (request: StandInRequest) =>
      name === undefined || request.params.bucket === name
        ? then(request)
        : error(404, 'NoSuchBucket', 'The specified bucket does not exist')
    return {
      name: 's3',
      refuse,
      admit: (request) => problemOf(request, { accessKeyId, secretAccessKey, region }, server.now()),
      headers: () => ({ 'x-amz-request-id': 'STANDIN00000001', server: 'AmazonS3' }),
      state: bucket.state,
      routes: {
        'HEAD /:bucket': inBucket(() => ({ headers: { 'x-amz-bucket-region': region ?? 'eu-central-1' } })),
        'GET /:bucket': inBucket((request) => bucket.list(request)),
        'HEAD /:bucket/*key': inBucket((request) => bucket.get(request)),
        'GET /:bucket/*key': inBucket((request) =>
          request.params.key === '' ? bucket.list(request) : bucket.get(request),
        ),
        'PUT /:bucket/*key': inBucket((request) =>
          request.query.has('partNumber') ? bucket.putPart(request) : bucket.put(request),
        ),
        'DELETE /:bucket/*key': inBucket((request) =>
          request.query.has('uploadId') ? bucket.abort(request) : bucket.remove(request),
        ),
        'POST /:bucket/*key': inBucket((request) =>
          request.query.has('uploads') ? bucket.begin(request) : bucket.complete(request),
        ),
      },
    } satisfies StandInDefinition
  }, options)
  return Object.assign(standIn, {
    put: (key: string, body: string | Buffer) =>
      bucket.store(key, Buffer.from(body), {}, 'binary/octet-stream'),
    object: (key: string) => bucket.object(key),
    openUploads: () => bucket.openUploads,
  })
}

function problemOf(
  request: StandInRequest,
  key: { accessKeyId: string; secretAccessKey: string; region: string | undefined },
  now: number,
): StandInAnswer | undefined {
  const { authorization = '' } = request.headers
  const [, id, region, names] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/([^/]+)\/s3\/aws4_request, SignedHeaders=(\S+), Signature=[\da-f]{64}$/.exec(
      authorization,
    ) ?? []
  if (id === undefined || region === undefined || names === undefined)
    return error(403, 'AccessDenied', 'Access Denied')
  if (key.region !== undefined && key.region !== region)
    return error(
      400,
      'AuthorizationHeaderMalformed',
      `the region '${region}' is wrong; expecting '${key.region}'`,
    )
  if (id !== key.accessKeyId)
    return error(
      403,
      'InvalidAccessKeyId',
      'The AWS Access Key Id you provided does not exist in our records.',
    )
  const time = request.headers['x-amz-date'] ?? ''
  const at = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (!(Math.abs(at - now) <= toleranceMs))
    return error(
      403,
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
    )
  const digest = request.headers['x-amz-content-sha256'] ?? ''
  if (digest !== digestOf(request.body))
    return error(
      400,
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    )
  const url = new URL(`http://${request.headers.host}${request.path}?${request.query}`)
  const own = names
    .split(';')
    .filter((name) => !['host', 'x-amz-date', 'x-amz-content-sha256'].includes(name))
  const headers = Object.fromEntries(own.map((name) => [name, request.headers[name] ?? '']))
  const wanted = signV4({ method: request.method, url, headers, bodyDigest: digest, at }, { ...key, region })
  if (wanted.authorization === authorization) return undefined
  return error(
    403,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided.',
  )
}
