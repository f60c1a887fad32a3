import { apiKey, oauth2 } from '../auth/scheme.ts'
import { connector } from '../connector.ts'
import { addComment, appendText, createPage, trashPage, updatePage } from './pages.ts'
import { getPage, queryDataSource, readPage, search } from './reading.ts'
import { apiVersion, settings } from './settings.ts'

/**
 * Notion: pages, data sources (tables) and comments. It reaches what is shared with the integration.
 * @example
 * import { notion } from 'reeve/connectors/notion'
 *
 * export default { connectors: { notion: notion() } }
 */
export const notion = connector({
  name: 'notion',
  title: 'Notion',
  version: '1.0.0',
  vendorApi: { version: apiVersion, header: 'notion-version' },
  settings,
  url: 'https://api.notion.com',
  auth: [
    apiKey({
      label: 'Internal integration secret',
      where: 'https://www.notion.so/profile/integrations; then share pages with it',
      pattern: /^(?:ntn_|secret_)/,
    }),
    oauth2({
      where: 'https://www.notion.so/profile/integrations, a public integration',
      authorize: 'https://api.notion.com/v1/oauth/authorize',
      token: 'https://api.notion.com/v1/oauth/token',
      flows: ['code'],
      clientAuth: 'basic',
      scopes: [],
      more: { owner: 'user' },
    }),
  ],
  health: {
    probe: async (api) => {
      const { json } = await api.get('/v1/users/me')
      return { identity: json.bot.workspace_id ?? json.id, name: json.bot.workspace_name ?? json.name }
    },
  },
  // On average; it says how long to wait where it was more.
  rate: { default: { count: 3, per: '1s' } },
  sandbox: {
    standIn: {
      credential: 'ntn_stand_in_of_notion',
      load: () => import('./stand-in.ts').then(({ startNotion }) => startNotion),
    },
  },
  refusal: ({ status, json }) => {
    if (json?.code === 'restricted_resource')
      return {
        kind: 'scope',
        code: json.code,
        message: json.message,
        scopes: ['the capability that this action names'],
      }
    // Somebody else wrote at the same moment; nothing was done.
    if (status === 409) return { kind: 'rate', code: json?.code, message: json?.message, waitMs: 1000 }
    return undefined
  },
  actions: {
    search,
    queryDataSource,
    getPage,
    readPage,
    createPage,
    updatePage,
    trashPage,
    appendText,
    addComment,
  },
})
