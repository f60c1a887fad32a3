import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import { apiKey } from '../auth/scheme.ts'
import { connector } from '../connector.ts'
import { getPoints, removePoints, search, upsertPoints } from './points.ts'

/** What a project says of its Qdrant. */
const settings = z.object({
  /** Where it answers: `https://xyz.cloud.qdrant.io:6333`. Needed live. */
  url: z.url({ protocol: /^https?$/ }).optional(),
})

/**
 * Qdrant: points of vectors that lie outside of Reeve's own memory. `ctx.embed` makes the vectors, by the embedder that made those of the
 * collection.
 * @example
 * import { qdrant } from 'reeve/connectors/qdrant'
 *
 * export default { connectors: { qdrant: qdrant({ url: 'https://xyz.cloud.qdrant.io:6333' }) } }
 */
export const qdrant = connector({
  name: 'qdrant',
  title: 'Qdrant',
  version: '1.0.0',
  // Its paths have no version; points are asked for by `/points/query` since 1.10.
  vendorApi: { version: '1' },
  settings,
  url: ({ settings: { url } }) => {
    if (url !== undefined) return url.replace(/\/+$/, '')
    throw new ReeveError(
      'bad-connector',
      "Qdrant needs its address: qdrant({ url: 'https://xyz.cloud.qdrant.io:6333' }).",
    )
  },
  auth: apiKey({
    where:
      'Qdrant Cloud, the cluster, API keys; of a server of your own: `service.api_key` of its configuration',
    header: 'api-key',
  }),
  health: {
    probe: async (api) => {
      const { json } = await api.get('/collections')
      return { name: `${json.result.collections.length} collections` }
    },
  },
  rate: { default: { count: 100, per: '1s' } },
  sandbox: {
    standIn: {
      credential: 'stand-in-key-of-qdrant',
      load: () => import('./stand-in.ts').then(({ startQdrant }) => startQdrant),
    },
  },
  refusal: ({ status, json }) => {
    const message = json?.status?.error
    // It says so of a key that may read alone.
    if (status === 403) return { kind: 'scope', message, scopes: ['this collection'] }
    return status === 400 || status === 404 ? { kind: 'refused', message } : undefined
  },
  actions: { search, getPoints, upsertPoints, removePoints },
})
