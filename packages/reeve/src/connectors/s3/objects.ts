import { z } from 'zod'
import { NotApplied } from '../../engine/calls/effect/definition.ts'
import type { ServiceAnswer, ServiceCall } from '../door/service-call.ts'
import { action } from '../shape/action.ts'
import { keyHeader, send } from './requests.ts'
import type { S3Settings } from './settings.ts'
import { partsOf, textOf } from './xml.ts'

export const objectKey = z
  .string()
  .min(1)
  .max(1024)
  .describe('The key of the object, such as reports/2026-07.csv')
const encoding = z.enum(['utf8', 'base64']).default('utf8')

export const list = action({
  description: 'List objects of the bucket by the beginning of their keys',
  endpoint: 'GET /{bucket}?list-type=2',
  scopes: ['s3:ListBucket'],
  input: z.object({
    prefix: z.string().max(1024).optional(),
    limit: z.number().int().min(1).max(10_000).default(100),
  }),
  output: z.object({
    objects: z.array(
      z.object({ key: z.string(), bytes: z.number().int(), etag: z.string(), modified: z.string() }),
    ),
    hasMore: z.boolean(),
  }),
  effect: 'read',
  reads: 'private',
  sends: 'none',
  directs: ['prefix'],
  roles: { limit: 'count' },
  place: 'a list of files',
  run: async (args, api) => {
    const { prefix: reached } = api.settings as S3Settings
    const prefix = args.prefix ?? reached
    if (!prefix.startsWith(reached)) throw new NotApplied(`Only what begins with "${reached}" is reached.`)
    const objects: { key: string; bytes: number; etag: string; modified: string }[] = []
    let hasMore = false
    for (let token: string | undefined; ; ) {
      const most = String(Math.min(args.limit - objects.length, 1000))
      const more: Record<string, string> = token === undefined ? {} : { 'continuation-token': token }
      const query = { 'encoding-type': 'url', 'list-type': '2', 'max-keys': most, prefix, ...more }
      const { text } = await send(api, { method: 'GET', query })
      objects.push(...partsOf(text, 'Contents').map(entryOf))
      token = textOf(text, 'NextContinuationToken')
      hasMore = token !== undefined
      if (!hasMore || objects.length >= args.limit) return { objects, hasMore }
    }
  },
})

function entryOf(xml: string) {
  return {
    key: decodeURIComponent((textOf(xml, 'Key') ?? '').replaceAll('+', '%20')),
    bytes: Number(textOf(xml, 'Size')),
    etag: textOf(xml, 'ETag') ?? '',
    modified: textOf(xml, 'LastModified') ?? '',
  }
}

const mostReadBytes = 1_048_576

export const read = action({
  description: 'Read an object, or a part of it, as text or base64',
  endpoint: 'GET /{bucket}/{key}',
  scopes: ['s3:GetObject'],
  input: z.object({
    key: objectKey,
    encoding,
    from: z.number().int().min(0).default(0).describe('From which byte on'),
    bytes: z.number().int().min(1).max(mostReadBytes).default(mostReadBytes).describe('How many at most'),
  }),
  output: z.object({
    content: z.string(),
    bytes: z.number().int(),
    /** Of the whole object. */
    size: z.number().int(),
    etag: z.string(),
  }),
  effect: 'read',
  reads: 'private',
  sends: 'none',
  directs: ['key'],
  roles: { encoding: 'plain', from: 'count', bytes: 'count' },
  answers: 'untrusted',
  isProse: true,
  place: 'a file',
  run: async (args, api) => {
    const headers = { range: `bytes=${args.from}-${args.from + args.bytes - 1}` }
    let answer = await send(api, { method: 'GET', key: args.key, headers, accept: [416] })
    // Of an object without bytes there is no range.
    if (answer.status === 416) answer = await send(api, { method: 'GET', key: args.key })
    const content = args.from > 0 && answer.status === 200 ? Buffer.alloc(0) : answer.bytes
    return {
      content: decoded(content, args.encoding, args.key),
      bytes: content.length,
      size: sizeOf(answer),
      etag: answer.headers.etag ?? '',
    }
  },
})

function decoded(content: Buffer, wanted: 'utf8' | 'base64', key: string): string {
  if (wanted === 'base64') return content.toString('base64')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch {
    throw new NotApplied(`"${key}" is not UTF-8 text, or was cut inside a character. Read it as base64.`)
  }
}

function sizeOf({ headers, bytes }: ServiceAnswer): number {
  const [, whole] = /\/(\d+)$/.exec(headers['content-range'] ?? '') ?? []
  return whole === undefined ? bytes.length : Number(whole)
}

/** What stands under a key now; undefined: nothing does. */
export async function standing(
  api: ServiceCall,
  key: string,
): Promise<
  { etag: string; writtenBy: string | undefined; version: string | null; bytes: number } | undefined
> {
  let answer = await send(api, { method: 'GET', key, headers: { range: 'bytes=0-0' }, accept: [404, 416] })
  if (answer.status === 416) answer = await send(api, { method: 'GET', key, accept: [404] })
  if (answer.status === 404) return undefined
  const { headers } = answer
  return {
    etag: headers.etag ?? '',
    writtenBy: headers[keyHeader],
    version: headers['x-amz-version-id'] ?? null,
    bytes: sizeOf(answer),
  }
}

export const Written = z.object({
  key: z.string(),
  bytes: z.number().int(),
  etag: z.string(),
  /** Where the bucket keeps versions. */
  version: z.string().nullable(),
  /** Nothing stood there before, as far as it was made sure. */
  isNew: z.boolean(),
})

export const condition = z
  .union([z.object({ isNew: z.literal(true) }), z.object({ etag: z.string().max(200) })])
  .describe('Write only if nothing stands there (isNew), or if what stands there has this etag')
  .optional()

export function conditionHeaders(given: z.output<typeof condition>): Record<string, string> {
  if (given === undefined) return {}
  return 'etag' in given ? { 'if-match': given.etag } : { 'if-none-match': '*' }
}

export const write = action({
  description: 'Write an object, whole, in the place of what stands there',
  endpoint: ['PUT /{bucket}/{key}', 'GET /{bucket}/{key}', 'DELETE /{bucket}/{key}'],
  scopes: ['s3:PutObject', 's3:GetObject'],
  input: z.object({
    key: objectKey,
    content: z.string().max(2_000_000),
    encoding,
    type: z
      .string()
      .max(100)
      .regex(/^[\w.+-]+\/[\w.+-]+(?:; ?charset=[\w-]+)?$/)
      .default('text/plain; charset=utf-8'),
    only: condition,
  }),
  output: Written,
  effect: 'verifiable',
  reads: 'none',
  sends: 'inside',
  directs: ['key'],
  roles: { content: 'content', encoding: 'plain', type: 'plain', only: 'plain' },
  kinds: ['file'],
  run: async (args, api) => {
    const body = Buffer.from(args.content, args.encoding)
    const headers = { 'content-type': args.type, [keyHeader]: api.key, ...conditionHeaders(args.only) }
    const answer = await send(api, { method: 'PUT', key: args.key, headers, body })
    return writtenOf(args, body.length, answer.headers)
  },
  verify: async (args, api) => {
    const now = await standing(api, args.key)
    if (now?.writtenBy !== api.key) return { outcome: 'not-applied' }
    const headers = { etag: now.etag, ...(now.version !== null && { 'x-amz-version-id': now.version }) }
    return { outcome: 'applied', result: writtenOf(args, now.bytes, headers) }
  },
  undo: {
    effect: 'verifiable',
    run: ({ result, key }, api) => takeBack(api, result, key),
    verify: async ({ result, key }, api) =>
      (await standing(api, result.key))?.writtenBy === key
        ? { outcome: 'not-applied' }
        : { outcome: 'applied', result: null },
  },
})

export function writtenOf(
  { key, only }: { key: string; only?: z.output<typeof condition> },
  bytes: number,
  headers: Readonly<Record<string, string>>,
): z.output<typeof Written> {
  const version = headers['x-amz-version-id'] ?? null
  return { key, bytes, etag: headers.etag ?? '', version, isNew: only !== undefined && 'isNew' in only }
}

/** A version is deleted; without versions, only what took nobody's place, and stands there unchanged. */
export async function takeBack(
  api: ServiceCall,
  written: z.output<typeof Written>,
  by: string,
): Promise<void> {
  const { key, version, isNew, etag } = written
  if (version !== null && version !== 'null') {
    await send(api, { method: 'DELETE', key, query: { versionId: version }, accept: [404] })
    return
  }
  if (!isNew)
    throw new NotApplied(
      `What stood under ${JSON.stringify(key)} before is gone: the bucket keeps no versions. Write with \`only: { isNew: true }\`, or switch versions on, so that it can be undone.`,
    )
  const now = await standing(api, key)
  if (now === undefined) return
  if (now.writtenBy !== by || now.etag !== etag)
    throw new NotApplied(
      `What stands under ${JSON.stringify(key)} was written by somebody else since. Look at it, and delete it by hand.`,
    )
  await send(api, { method: 'DELETE', key, headers: { 'if-match': etag }, accept: [404] })
}

export const remove = action({
  description: 'Delete an object',
  endpoint: ['DELETE /{bucket}/{key}'],
  scopes: ['s3:DeleteObject'],
  input: z.object({ key: objectKey }),
  output: z.object({ key: z.string(), marker: z.string().nullable() }),
  effect: 'idempotent',
  risk: 'high',
  reads: 'none',
  sends: 'inside',
  directs: ['key'],
  kinds: ['delete', 'file'],
  run: async ({ key }, api) => {
    const { headers } = await send(api, { method: 'DELETE', key, accept: [404] })
    const isMarked = headers['x-amz-delete-marker'] === 'true'
    return { key, marker: isMarked ? (headers['x-amz-version-id'] ?? null) : null }
  },
  undo: {
    effect: 'idempotent',
    run: async ({ result: { key, marker } }, api) => {
      if (marker === null)
        throw new NotApplied(
          `${JSON.stringify(key)} is gone: the bucket keeps no versions of what was deleted.`,
        )
      await send(api, { method: 'DELETE', key, query: { versionId: marker }, accept: [404] })
    },
  },
})
