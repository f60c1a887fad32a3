import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { retryAfterMs } from '../../base/time/retry-after.ts'
import { oauth2 } from '../auth/scheme.ts'
import { connector } from '../connector.ts'
import type { ServiceAnswer } from '../door/service-call.ts'
import type { Refusal } from '../shape/refusal.ts'
import { createRecord, getRecord, searchRecords, updateRecord } from './records.ts'
import { apiVersion, settings } from './settings.ts'

/**
 * Salesforce: records of contacts, accounts, leads, opportunities and cases.
 * @example
 * import { salesforce } from 'reeve/connectors/salesforce'
 *
 * export default { connectors: { salesforce: salesforce() } }
 */
export const salesforce = connector({
  name: 'salesforce',
  title: 'Salesforce',
  version: '1.0.0',
  // It stands in each path.
  vendorApi: { version: apiVersion },
  settings,
  // Which host has the organization's data comes with the token.
  url: ({ token }) => instanceOf(token),
  auth: oauth2({
    where: 'Setup, External Client App Manager: an app with the scopes api and refresh_token',
    authorize: 'https://login.salesforce.com/services/oauth2/authorize',
    token: 'https://login.salesforce.com/services/oauth2/token',
    revoke: 'https://login.salesforce.com/services/oauth2/revoke',
    flows: ['code'],
    scopes: ['api', 'refresh_token'],
    sandbox: {
      authorize: 'https://test.salesforce.com/services/oauth2/authorize',
      token: 'https://test.salesforce.com/services/oauth2/token',
      revoke: 'https://test.salesforce.com/services/oauth2/revoke',
    },
  }),
  health: {
    probe: async (api) => {
      const { json } = await api.get('/services/oauth2/userinfo')
      return { identity: json.organization_id, name: json.preferred_username }
    },
  },
  // Salesforce counts by the day, and how many requests run at once; this keeps one connection from using up a day in an hour.
  rate: { default: { count: 25, per: '1s' } },
  sandbox: {
    standIn: {
      credential: JSON.stringify({
        client_id: 'stand-in-client',
        client_secret: 'stand-in-secret',
        access_token: 'stand-in-access-of-salesforce',
        refresh_token: 'stand-in-refresh-of-salesforce',
      }),
      load: () => import('./stand-in.ts').then(({ startSalesforce }) => startSalesforce),
    },
  },
  refusal,
  actions: { getRecord, searchRecords, createRecord, updateRecord },
})

/** @throws `bad-credential` */
function instanceOf({ instance_url: given }: Readonly<Record<string, Json>>): string {
  const url = typeof given === 'string' ? URL.parse(given) : null
  if (url?.protocol === 'https:' && /\.(?:salesforce|force)\.com$/.test(url.hostname)) return url.origin
  throw new ReeveError(
    'bad-credential',
    'The token of Salesforce does not say which host has the data (instance_url). Connect the account again: reeve connect salesforce',
  )
}

/** Errors stand in a list. */
function refusal({ status, headers, json }: ServiceAnswer): Refusal | undefined {
  if (status === 412)
    return {
      kind: 'refused',
      code: 'PRECONDITION_FAILED',
      message: 'somebody else changed the record at the same time',
    }
  const [first] = Array.isArray(json) ? json : []
  if (status < 400 || !isRecord(first)) return undefined
  const said = { code: String(first.errorCode), message: String(first.message) }
  switch (said.code) {
    case 'INVALID_SESSION_ID':
      return { kind: 'credential', ...said }
    case 'REQUEST_LIMIT_EXCEEDED':
      return { kind: 'rate', ...said, waitMs: retryAfterMs(headers) ?? 60_000 }
    case 'INSUFFICIENT_ACCESS':
    case 'INSUFFICIENT_ACCESS_OR_READONLY':
    case 'INVALID_TYPE':
      return { kind: 'refused', ...said }
    case 'API_DISABLED_FOR_ORG':
      return { kind: 'scope', ...said, scopes: ['api'] }
    default:
      return { kind: status >= 500 ? 'failed' : 'refused', ...said }
  }
}
