import { createHash } from 'node:crypto'
import type { StandInAnswer, StandInRequest } from '../../stand-in/exchange.ts'
import type { StandInServer } from '../../stand-in/stand-in.ts'
import { escaped, partsOf, textOf } from '../xml.ts'
import { error, refuse, xml } from './refusals.ts'

interface Version {
  id: string
  body: Buffer
  etag: string
  type: string
  metadata: Record<string, string>
  at: number
  /** A deletion leaves one of these where versions are kept. */
  isMarker: boolean
}

interface Upload {
  key: string
  type: string
  metadata: Record<string, string>
  parts: Map<number, { body: Buffer; etag: string }>
}

const precondition = () =>
  error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold')

/** The objects of one bucket. */
export class Bucket {
  readonly #server: StandInServer
  readonly #isVersioned: boolean
  readonly #leastPartBytes: number
  /** The newest version last. */
  readonly #objects = new Map<string, Version[]>()
  readonly #uploads = new Map<string, Upload>()
  #made = 0

  constructor(server: StandInServer, options: { isVersioned: boolean; leastPartBytes: number }) {
    this.#server = server
    this.#isVersioned = options.isVersioned
    this.#leastPartBytes = options.leastPartBytes
  }

  /** Without uploads that are under way. */
  get state() {
    return {
      save: () => {
        const objects = [...this.#objects].map(([key, versions]) => {
          return [key, versions.map((each) => ({ ...each, body: each.body.toString('base64') }))]
        })
        return { objects, made: this.#made }
      },
      restore: (kept: {
        objects: [string, (Omit<Version, 'body'> & { body: string })[]][]
        made: number
      }) => {
        for (const [key, versions] of kept.objects)
          this.#objects.set(
            key,
            versions.map((each) => ({ ...each, body: Buffer.from(each.body, 'base64') })),
          )
        this.#made = kept.made
      },
    }
  }

  get openUploads(): number {
    return this.#uploads.size
  }

  object(key: string): Version | undefined {
    const newest = this.#objects.get(key)?.at(-1)
    return newest?.isMarker ? undefined : newest
  }

  store(key: string, body: Buffer, metadata: Record<string, string>, type: string, parts = 0): Version {
    this.#made += 1
    const digest = createHash('md5').update(body).digest('hex')
    const etag = parts === 0 ? `"${digest}"` : `"${digest}-${parts}"`
    const id = this.#isVersioned ? `version-${this.#made}` : 'null'
    const version = { id, body, etag, type, metadata, at: this.#server.now(), isMarker: false }
    this.#add(key, version)
    return version
  }

  get({ params, query, headers, method }: StandInRequest): StandInAnswer {
    const key = params.key!
    const id = query.get('versionId')
    const version = id === null ? this.object(key) : this.#objects.get(key)?.find((each) => each.id === id)
    if (!version || version.isMarker)
      return method === 'HEAD' ? { status: 404 } : refuse({ why: 'not-found' })
    if (headers['if-none-match'] === version.etag) return { status: 304 }
    const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '')
    const body = range ? version.body.subarray(Number(range[1]), Number(range[2]) + 1) : version.body
    const own = {
      ...Object.fromEntries(
        Object.entries(version.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]),
      ),
      etag: version.etag,
      'content-type': version.type,
      'last-modified': new Date(version.at).toUTCString(),
      ...(this.#isVersioned && { 'x-amz-version-id': version.id }),
    }
    if (method === 'HEAD') return { headers: { ...own, 'content-length': String(version.body.length) } }
    if (!range) return { headers: own, body }
    const [, first, last] = range
    if (Number(first) >= version.body.length)
      return error(416, 'InvalidRange', 'The requested range is not satisfiable')
    const end = Math.min(Number(last), version.body.length - 1)
    const contentRange = `bytes ${first}-${end}/${version.body.length}`
    return { status: 206, headers: { ...own, 'content-range': contentRange }, body }
  }

  put(request: StandInRequest): StandInAnswer {
    const key = request.params.key!
    const refused = this.#conditionOf(key, request)
    if (refused) return refused
    const metadata = metadataOf(request)
    const version = this.store(
      key,
      request.body,
      metadata,
      request.headers['content-type'] ?? 'binary/octet-stream',
    )
    this.#wrote('object-put', key, metadata)
    return { headers: { etag: version.etag, ...(this.#isVersioned && { 'x-amz-version-id': version.id }) } }
  }

  remove({ params, query, headers }: StandInRequest): StandInAnswer {
    const key = params.key!
    const id = query.get('versionId')
    const wanted = headers['if-match']
    if (wanted !== undefined && this.object(key)?.etag !== wanted) return precondition()
    const versions = this.#objects.get(key) ?? []
    this.#server.books.record(id === null ? 'object-deleted' : 'version-deleted', { id: key })
    if (id !== null) {
      this.#set(
        key,
        versions.filter((each) => each.id !== id),
      )
      return { status: 204, headers: { 'x-amz-version-id': id } }
    }
    if (!this.#isVersioned) {
      this.#objects.delete(key)
      return { status: 204 }
    }
    this.#made += 1
    const marker = { id: `version-${this.#made}`, body: Buffer.alloc(0), etag: '', type: '', metadata: {} }
    this.#add(key, { ...marker, at: this.#server.now(), isMarker: true })
    return { status: 204, headers: { 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker.id } }
  }

  list({ query }: StandInRequest): StandInAnswer {
    const prefix = query.get('prefix') ?? ''
    const most = Math.min(Number(query.get('max-keys') ?? 1000), 1000)
    const after = Buffer.from(query.get('continuation-token') ?? '', 'base64url').toString()
    const isUrl = query.get('encoding-type') === 'url'
    const shown = (text: string) => escaped(isUrl ? encodeURIComponent(text).replaceAll('%2F', '/') : text)
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix) && this.object(key)).sort()
    const from = keys.findIndex((key) => key > after)
    const here = from < 0 ? [] : keys.slice(from, from + most)
    const isTruncated = here.length > 0 && here.at(-1) !== keys.at(-1)
    const next = isTruncated
      ? `<NextContinuationToken>${Buffer.from(here.at(-1)!).toString('base64url')}</NextContinuationToken>`
      : ''
    const contents = here.map((key) => {
      const { etag, body, at } = this.object(key)!
      const time = new Date(at).toISOString()
      return `<Contents><Key>${shown(key)}</Key><LastModified>${time}</LastModified><ETag>${escaped(etag)}</ETag><Size>${body.length}</Size><StorageClass>STANDARD</StorageClass></Contents>`
    })
    const head = `<Prefix>${shown(prefix)}</Prefix><KeyCount>${here.length}</KeyCount><MaxKeys>${most}</MaxKeys><IsTruncated>${isTruncated}</IsTruncated>`
    return xml(`<ListBucketResult>${head}${next}${contents.join('')}</ListBucketResult>`)
  }

  begin(request: StandInRequest): StandInAnswer {
    this.#made += 1
    const id = `upload-${this.#made}`
    const type = request.headers['content-type'] ?? 'binary/octet-stream'
    this.#uploads.set(id, { key: request.params.key!, type, metadata: metadataOf(request), parts: new Map() })
    return xml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`)
  }

  putPart({ query, body, params }: StandInRequest): StandInAnswer {
    const upload = this.#uploadOf(query, params.key!)
    if (!upload) return error(404, 'NoSuchUpload', 'The specified multipart upload does not exist.')
    const etag = `"${createHash('md5').update(body).digest('hex')}"`
    upload.parts.set(Number(query.get('partNumber')), { body, etag })
    return { headers: { etag } }
  }

  complete(request: StandInRequest): StandInAnswer {
    const key = request.params.key!
    const upload = this.#uploadOf(request.query, key)
    if (!upload) return error(404, 'NoSuchUpload', 'The specified multipart upload does not exist.')
    const named = partsOf(request.body.toString(), 'Part')
    const parts = named.map((part) => upload.parts.get(Number(textOf(part, 'PartNumber'))))
    const isWhole = parts.every((part, index) => part?.etag === textOf(named[index]!, 'ETag'))
    if (parts.length === 0 || !isWhole)
      return error(400, 'InvalidPart', 'One or more of the specified parts could not be found.')
    if (parts.slice(0, -1).some((part) => part!.body.length < this.#leastPartBytes))
      return error(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size')
    const refused = this.#conditionOf(key, request)
    if (refused) return refused
    const body = Buffer.concat(parts.map((part) => part!.body))
    const version = this.store(key, body, upload.metadata, upload.type, parts.length)
    this.#uploads.delete(request.query.get('uploadId')!)
    this.#wrote('object-put', key, upload.metadata)
    const etag = `<ETag>${escaped(version.etag)}</ETag>`
    return xml(
      `<CompleteMultipartUploadResult><Key>${escaped(key)}</Key>${etag}</CompleteMultipartUploadResult>`,
    )
  }

  abort({ query, params }: StandInRequest): StandInAnswer {
    if (!this.#uploadOf(query, params.key!))
      return error(404, 'NoSuchUpload', 'The specified multipart upload does not exist.')
    this.#uploads.delete(query.get('uploadId')!)
    return { status: 204 }
  }

  #uploadOf(query: URLSearchParams, key: string): Upload | undefined {
    const upload = this.#uploads.get(query.get('uploadId') ?? '')
    return upload?.key === key ? upload : undefined
  }

  #conditionOf(key: string, { headers }: StandInRequest): StandInAnswer | undefined {
    const has = this.object(key)
    if (headers['if-none-match'] === '*' && has) return precondition()
    const wanted = headers['if-match']
    if (wanted === undefined || has?.etag === wanted) return undefined
    return has ? precondition() : refuse({ why: 'not-found' })
  }

  #wrote(what: string, key: string, metadata: Record<string, string>): void {
    const effect = metadata['reeve-key']
    this.#server.books.record(what, { id: key, ...(effect !== undefined && { key: effect }) })
  }

  #add(key: string, version: Version): void {
    this.#set(key, this.#isVersioned ? [...(this.#objects.get(key) ?? []), version] : [version])
  }

  #set(key: string, versions: Version[]): void {
    if (versions.length === 0) this.#objects.delete(key)
    else this.#objects.set(key, versions)
  }
}

function metadataOf({ headers }: StandInRequest): Record<string, string> {
  const own = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'))
  return Object.fromEntries(own.map(([name, value]) => [name.slice('x-amz-meta-'.length), value]))
}
