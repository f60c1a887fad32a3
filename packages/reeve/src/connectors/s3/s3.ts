import { retryAfterMs } from '../../base/time/retry-after.ts'
import { fields } from '../auth/scheme.ts'
import { connector } from '../connector.ts'
import type { ServiceAnswer } from '../door/service-call.ts'
import type { Refusal } from '../shape/refusal.ts'
import { list, read, remove, write } from './objects.ts'
import { keyHeader, send } from './requests.ts'
import { endpointOf, type S3Settings, settings } from './settings.ts'
import { upload } from './upload.ts'
import { textOf } from './xml.ts'

/**
 * Files in S3, or in storage that speaks its language (R2, MinIO, Garage, Spaces), in one bucket.
 * @example
 * import { s3 } from 'reeve/connectors/s3'
 *
 * export default { connectors: { s3: s3({ bucket: 'acme-reports', region: 'eu-central-1', prefix: 'desk/' }) } }
 */
export const s3 = connector({
  name: 's3',
  title: 'S3',
  version: '1.0.0',
  vendorApi: { version: '2006-03-01' },
  settings,
  url: ({ settings: its }) => endpointOf(its as S3Settings),
  auth: fields({
    where: 'IAM, Users, Security credentials; or where your storage makes access keys',
    fields: [
      { name: 'access_key_id', label: 'Access key id', isShown: true },
      { name: 'secret_access_key', label: 'Secret access key' },
      { name: 'session_token', label: 'Session token', isOptional: true },
    ],
  }),
  health: {
    probe: async (api) => {
      const { bucket } = api.settings as S3Settings
      await send(api, {
        method: 'GET',
        query: { 'list-type': '2', 'max-keys': '1', prefix: (api.settings as S3Settings).prefix },
      })
      return { identity: bucket, name: bucket }
    },
  },
  rate: { default: { count: 50, per: '1s' } },
  responseHeaders: [keyHeader, 'x-amz-version-id', 'x-amz-delete-marker', 'content-range'],
  contentTypes: ['*'],
  sandbox: {
    standIn: {
      credential: JSON.stringify({
        access_key_id: 'AKIASTANDINOFS3',
        secret_access_key: 'stand-in-secret-of-s3',
      }),
      load: () => import('./stand-in.ts').then(({ startS3 }) => startS3),
    },
  },
  refusal,
  actions: { list, read, write, upload, remove },
})

/** Errors are documents of XML; some come with 200, where the answer had begun already. */
function refusal({ status, headers, text, contentType }: ServiceAnswer): Refusal | undefined {
  const isXml = contentType === 'application/xml' || contentType === 'text/xml'
  const isError = isXml && /^(?:<\?xml[^>]*\?>)?\s*<Error>/.test(text)
  if (status < 400 && !isError) return undefined
  const said = {
    code: isError ? textOf(text, 'Code') : undefined,
    message: isError ? textOf(text, 'Message') : undefined,
  }
  switch (said.code) {
    case 'InvalidAccessKeyId':
    case 'SignatureDoesNotMatch':
    case 'ExpiredToken':
    case 'InvalidToken':
    case 'TokenRefreshRequired':
      return { kind: 'credential', ...said }
    case 'AccessDenied':
      return { kind: 'scope', ...said }
    case 'RequestTimeTooSkewed':
      return {
        kind: 'refused',
        ...said,
        message: "this machine's clock is off by more than 15 minutes: set it right",
      }
    case 'SlowDown':
    case 'ThrottlingException':
      return { kind: 'rate', ...said, waitMs: retryAfterMs(headers) }
    case 'ConditionalRequestConflict':
      return { kind: 'rate', ...said, waitMs: 1000 }
    case 'PreconditionFailed':
      return { kind: 'refused', ...said, message: 'what stands there is not what it was to be written over' }
    case 'InternalError':
    case 'RequestTimeout':
      return { kind: 'failed', ...said }
    default:
      return status >= 400
        ? { kind: status >= 500 ? 'failed' : 'refused', ...said }
        : { kind: 'failed', ...said }
  }
}
