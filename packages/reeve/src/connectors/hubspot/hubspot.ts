import { isRecord } from '../../base/json/record.ts'
import { apiKey, oauth2 } from '../auth/scheme.ts'
import { connector } from '../connector.ts'
import type { ServiceAnswer } from '../door/service-call.ts'
import type { RateSaid } from '../shape/definition.ts'
import type { Refusal } from '../shape/refusal.ts'
import { createRecord, getRecord, searchRecords, updateRecord } from './records.ts'
import { apiVersion, settings } from './settings.ts'

const scopes = ['contacts', 'companies', 'deals'].flatMap((kind) => [
  `crm.objects.${kind}.read`,
  `crm.objects.${kind}.write`,
])

const limitHeaders = {
  remaining: 'x-hubspot-ratelimit-remaining',
  intervalMs: 'x-hubspot-ratelimit-interval-milliseconds',
}

/**
 * HubSpot's CRM: contacts, companies and deals.
 * @example
 * import { hubspot } from 'reeve/connectors/hubspot'
 *
 * export default { connectors: { hubspot: hubspot() } }
 */
export const hubspot = connector({
  name: 'hubspot',
  title: 'HubSpot',
  version: '1.0.0',
  // It stands in each path.
  vendorApi: { version: apiVersion },
  settings,
  url: 'https://api.hubapi.com',
  auth: [
    apiKey({
      label: 'Access token of a private app',
      where: 'Settings, Integrations, Private apps',
      pattern: /^pat-/,
    }),
    oauth2({
      where: 'https://developers.hubspot.com, your app, Auth',
      authorize: 'https://app.hubspot.com/oauth/authorize',
      token: `https://api.hubapi.com/oauth/${apiVersion}/token`,
      flows: ['code'],
      scopes,
    }),
  ],
  health: {
    probe: async (api) => {
      const { json } = await api.get(`/account-info/${apiVersion}/details`)
      return {
        identity: String(json.portalId),
        name: `portal ${json.portalId}`,
        mode: json.accountType === 'STANDARD' ? 'live' : 'sandbox',
      }
    },
  },
  rate: {
    default: { count: 100, per: '10s' },
    classes: { search: { count: 4, per: '1s' } },
    learn: rateSaid,
  },
  responseHeaders: Object.values(limitHeaders),
  sandbox: {
    url: 'https://api.hubapi.com',
    how: 'Make a developer test account at developers.hubspot.com, and a private app in it.',
    standIn: {
      credential: 'pat-stand-in-0000-of-hubspot',
      load: () => import('./stand-in.ts').then(({ startHubSpot }) => startHubSpot),
    },
  },
  refusal,
  actions: { getRecord, searchRecords, createRecord, updateRecord },
})

function rateSaid({ headers }: ServiceAnswer): RateSaid | undefined {
  if (headers[limitHeaders.remaining] !== '0') return undefined
  const intervalMs = Number(headers[limitHeaders.intervalMs])
  return intervalMs > 0 ? { waitMs: intervalMs } : undefined
}

function refusal({ status, json }: ServiceAnswer): Refusal | undefined {
  if (status < 400 || !isRecord(json) || typeof json.category !== 'string') return undefined
  const said = { code: json.category, message: typeof json.message === 'string' ? json.message : undefined }
  if (json.category === 'MISSING_SCOPES')
    return { kind: 'scope', ...said, scopes: missingScopes(json.errors) }
  return status === 401 || status === 429 || status >= 500 ? undefined : { kind: 'refused', ...said }
}

function missingScopes(errors: unknown): string[] {
  const contexts = (Array.isArray(errors) ? errors : []).map((error) =>
    isRecord(error) ? error.context : undefined,
  )
  return contexts.flatMap((context) => {
    const wanted = isRecord(context) ? context.requiredGranularScopes : undefined
    return Array.isArray(wanted) ? wanted.map(String) : []
  })
}
