import { z } from 'zod'
import { apiKey, oauth2 } from '../auth/scheme.ts'
import { connector } from '../connector.ts'
import type { ServiceAnswer } from '../door/service-call.ts'
import type { RateSaid } from '../shape/definition.ts'
import type { Refusal } from '../shape/refusal.ts'
import { fromWebhook } from '../shape/trigger.ts'
import {
  addComment,
  createIssue,
  getIssue,
  listComments,
  listIssues,
  searchIssues,
  updateIssue,
} from './issues.ts'
import { getPullRequest, listFiles, listPullRequests } from './pulls.ts'
import { Event } from './schemas.ts'

/** What a project says of its GitHub. */
const settings = z.object({
  /** `OWNER/NAME`: events of other repositories start nothing. Default: whatever is signed counts. */
  repositories: z
    .array(z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'OWNER/NAME, such as acme/shop'))
    .min(1)
    .optional(),
})

/**
 * GitHub: issues and their comments, pull requests to read, and the webhook of their events.
 * @example
 * import { github } from 'reeve/connectors/github'
 *
 * export default { connectors: { github: github() } }
 */
export const github = connector({
  name: 'github',
  title: 'GitHub',
  version: '1.0.0',
  vendorApi: { version: '2026-03-10', header: 'x-github-api-version' },
  settings,
  url: 'https://api.github.com',
  auth: [
    apiKey({
      label: 'Fine-grained personal access token',
      where: 'https://github.com/settings/personal-access-tokens: Issues read and write, Pull requests read',
      pattern: /^(?:github_pat_|ghp_|ghs_)/,
    }),
    oauth2({
      where: 'https://github.com/settings/developers, OAuth apps: enable the device flow',
      authorize: 'https://github.com/login/oauth/authorize',
      token: 'https://github.com/login/oauth/access_token',
      device: 'https://github.com/login/device/code',
      flows: ['device', 'code'],
      scopes: ['repo'],
    }),
  ],
  health: {
    probe: async (api) => {
      const { json, headers } = await api.get('/user')
      const scopes = headers['x-oauth-scopes']
      const known = scopes === undefined ? {} : { scopes: scopes.split(/,\s*/).filter(Boolean) }
      return { identity: String(json.id), name: json.login, ...known }
    },
  },
  rate: {
    default: { count: 5000, per: '1h' },
    // What notifies people has a limit of its own.
    classes: { write: { count: 20, per: '1m' }, search: { count: 30, per: '1m' } },
    learn: rateSaid,
  },
  responseHeaders: ['x-ratelimit-remaining', 'x-ratelimit-reset', 'x-oauth-scopes'],
  sandbox: {
    how: 'Make a repository for trials, and a token for it alone.',
    standIn: {
      credential: 'github_pat_stand_in_of_github',
      webhookSecrets: { event: 'stand-in-secret-of-github' },
      load: () => import('./stand-in.ts').then(({ startGitHub }) => startGitHub),
    },
  },
  refusal,
  actions: {
    getIssue,
    listIssues,
    searchIssues,
    listComments,
    createIssue,
    addComment,
    updateIssue,
    getPullRequest,
    listPullRequests,
    listFiles,
  },
  triggers: {
    event: fromWebhook({
      description: 'Something happened to an issue, a comment or a pull request',
      signature: 'github',
      schema: Event,
      how: 'The repository, Settings, Webhooks: content type application/json, with a secret of your own.',
      foreign: ({ repository: { full_name: name } }, { settings: { repositories } }) => {
        const own = (repositories as string[] | undefined)?.map((each) => each.toLowerCase())
        return own === undefined || own.includes(name.toLowerCase())
          ? undefined
          : `it is of the repository ${name}`
      },
    }),
  },
})

/** By GitHub's own clock, whatever ours says. */
function leftMs({ headers }: ServiceAnswer): number | undefined {
  const resetAt = Number(headers['x-ratelimit-reset']) * 1000
  const now = Date.parse(headers.date ?? '')
  return headers['x-ratelimit-remaining'] === '0' && resetAt > now ? resetAt - now : undefined
}

function rateSaid(answer: ServiceAnswer): RateSaid | undefined {
  const waitMs = leftMs(answer)
  return waitMs === undefined ? undefined : { waitMs }
}

/** 403 means three things. */
function refusal(answer: ServiceAnswer): Refusal | undefined {
  const { status, headers, json } = answer
  if (status !== 403 && status !== 429) return undefined
  const message = typeof json?.message === 'string' ? json.message : undefined
  const waitMs = leftMs(answer)
  if (waitMs !== undefined) return { kind: 'rate', message, waitMs }
  const retryAfterS = Number(headers['retry-after'])
  if (retryAfterS > 0) return { kind: 'rate', message, waitMs: retryAfterS * 1000 }
  if (status === 429 || /secondary rate limit|abuse/i.test(message ?? ''))
    return { kind: 'rate', message, waitMs: 60_000 }
  if (/not accessible by|must have|scope/i.test(message ?? '')) return { kind: 'scope', message }
  return { kind: 'refused', message }
}
