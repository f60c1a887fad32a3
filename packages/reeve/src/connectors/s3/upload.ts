import { realpath } from 'node:fs/promises'
import { z } from 'zod'
import { NotApplied } from '../../engine/calls/effect/definition.ts'
import { Jail } from '../../tools/files/jail.ts'
import { JailedFiles } from '../../tools/files/jailed-files.ts'
import type { ServiceCall } from '../door/service-call.ts'
import { action } from '../shape/action.ts'
import { condition, conditionHeaders, objectKey, standing, takeBack, Written, writtenOf } from './objects.ts'
import { keyHeader, send } from './requests.ts'
import type { S3Settings } from './settings.ts'
import { escaped, textOf } from './xml.ts'

const partBytes = 8 * 1_048_576
/** Of one file. It is read whole; parts go out one after the other. */
const mostBytes = 256 * 1_048_576

export const upload = action({
  description: 'Upload a file of the folder that the connection names; a large one goes in parts',
  endpoint: [
    'PUT /{bucket}/{key}',
    'POST /{bucket}/{key}?uploads',
    'PUT /{bucket}/{key}?partNumber={n}&uploadId={id}',
    'POST /{bucket}/{key}?uploadId={id}',
    'DELETE /{bucket}/{key}?uploadId={id}',
    'GET /{bucket}/{key}',
  ],
  scopes: ['s3:PutObject', 's3:GetObject', 's3:AbortMultipartUpload'],
  input: z.object({
    file: z.string().min(1).max(4096).describe('Its path in the folder'),
    key: objectKey,
    type: z
      .string()
      .max(100)
      .regex(/^[\w.+-]+\/[\w.+-]+$/)
      .default('application/octet-stream'),
    only: condition,
  }),
  output: Written,
  effect: 'verifiable',
  timeout: '10m',
  reads: 'private',
  sends: 'inside',
  directs: ['file', 'key'],
  roles: { type: 'plain', only: 'plain' },
  kinds: ['file'],
  run: async (args, api) => {
    const content = await contentOf(api, args.file)
    const headers = { 'content-type': args.type, [keyHeader]: api.key }
    const only = conditionHeaders(args.only)
    if (content.length <= partBytes) {
      const request = {
        method: 'PUT',
        key: args.key,
        headers: { ...headers, ...only },
        body: content,
      } as const
      return writtenOf(args, content.length, (await send(api, request)).headers)
    }
    const answer = await inParts(api, args.key, content, { headers, only })
    const etag = textOf(answer.text, 'ETag') ?? ''
    return writtenOf(args, content.length, { ...answer.headers, etag })
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

async function contentOf({ settings }: ServiceCall, file: string): Promise<Buffer> {
  const { folder } = settings as S3Settings
  if (folder === undefined)
    throw new NotApplied(
      "No folder to upload from: name one, s3({ folder: '/srv/reports' }). Nothing outside of it is read.",
    )
  return new JailedFiles(new Jail(await realpath(folder)), mostBytes, 1).read(file)
}

/** Nothing stands under the key until the last request; what failed before is taken away, so that nobody pays for its parts. */
async function inParts(
  api: ServiceCall,
  key: string,
  content: Buffer,
  { headers, only }: { headers: Record<string, string>; only: Record<string, string> },
) {
  const begun = await send(api, { method: 'POST', key, query: { uploads: '' }, headers })
  const uploadId = textOf(begun.text, 'UploadId') ?? ''
  try {
    const parts: string[] = []
    for (let at = 0; at < content.length; at += partBytes) {
      const query = { partNumber: String(parts.length + 1), uploadId }
      const body = content.subarray(at, at + partBytes)
      const { headers: its } = await send(api, { method: 'PUT', key, query, body })
      parts.push(
        `<Part><PartNumber>${parts.length + 1}</PartNumber><ETag>${escaped(its.etag ?? '')}</ETag></Part>`,
      )
    }
    const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`
    return await send(api, { method: 'POST', key, query: { uploadId }, headers: only, body })
  } catch (error) {
    // Whether it is aborted or completed, the next look tells; this must not hide why it failed.
    await send(api, { method: 'DELETE', key, query: { uploadId }, accept: [404] }).catch(() => {})
    throw error
  }
}
