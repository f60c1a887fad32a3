import { NotApplied } from '../../engine/calls/effect/definition.ts'
import type { RequestOptions, ServiceAnswer, ServiceCall } from '../door/service-call.ts'
import type { S3Settings } from './settings.ts'
import { digestOf, encoded, signV4 } from './sign.ts'

/** A request for one object, or for the bucket where it has no key. */
export interface S3Request {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  key?: string
  query?: Readonly<Record<string, string>>
  headers?: Readonly<Record<string, string>>
  body?: string | Uint8Array
  accept?: readonly number[]
}

/** Where an object carries the key of the effect that wrote it. */
export const keyHeader = 'x-amz-meta-reeve-key'

/**
 * Signs and sends: the signature is over the request as it goes out, and so each has its own.
 * @throws `not-applied` for a key that the settings do not reach; and as the door
 */
export async function send(api: ServiceCall, request: S3Request): Promise<ServiceAnswer> {
  const { bucket } = api.settings as S3Settings
  const { method, key, query = {}, headers = {}, body, accept } = request
  const path = key === undefined ? `/${bucket}` : `/${bucket}/${pathOf(api, key)}`
  const search = Object.entries(query).map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
  const address = search.length > 0 ? `${path}?${search.join('&')}` : path
  const signed = signV4(
    {
      method,
      url: new URL((await api.at()) + address),
      headers,
      bodyDigest: digestOf(body ?? ''),
      at: api.now(),
    },
    await signingKeyOf(api),
  )
  const options: RequestOptions = {
    headers: { accept: '*/*', ...signed },
    ...(body !== undefined && { body }),
    ...(accept && { accept }),
  }
  switch (method) {
    case 'GET':
      return api.get(address, options)
    case 'PUT':
      return api.put(address, options)
    case 'POST':
      return api.post(address, options)
    default:
      return api.delete(address, options)
  }
}

async function signingKeyOf(api: ServiceCall) {
  const credential = await api.credential()
  const { session_token: sessionToken } = credential
  return {
    accessKeyId: String(credential.access_key_id),
    secretAccessKey: String(credential.secret_access_key),
    region: (api.settings as S3Settings).region,
    ...(typeof sessionToken === 'string' && sessionToken !== '' && { sessionToken }),
  }
}

function pathOf({ settings }: ServiceCall, key: string): string {
  const { prefix } = settings as S3Settings
  if (!key.startsWith(prefix))
    throw new NotApplied(
      `The object ${JSON.stringify(key.slice(0, 200))} does not begin with "${prefix}", and only what does is reached.`,
    )
  const parts = key.split('/')
  // On the way, such parts would be taken for folders.
  if (parts.some((part) => part === '.' || part === '..'))
    throw new NotApplied(
      `The object ${JSON.stringify(key.slice(0, 200))} has a part "." or "..", and cannot be reached over HTTP.`,
    )
  return parts.map(encoded).join('/')
}
