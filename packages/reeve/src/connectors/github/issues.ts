import { z } from 'zod'
import { isSame, knownBefore, refuseChanged } from '../door/undo-change.ts'
import { action } from '../shape/action.ts'
import { foundByKey, listed } from './lists.ts'
import { Comment, commentOf, Issue, issueOf, number, repository, withKey } from './schemas.ts'

const most = z.number().int().min(1).max(500).default(50).describe('The most that come back')
const text = z.string().min(1).max(65_000).describe('Markdown')
const logins = z.array(z.string().regex(/^[A-Za-z0-9-]{1,39}$/)).max(10)
const labels = z.array(z.string().min(1).max(50)).max(100)

export const getIssue = action({
  description: 'Read an issue, or a pull request as an issue',
  endpoint: 'GET /repos/{repository}/issues/{number}',
  scopes: ['issues:read'],
  input: z.object({ repository, number }),
  output: Issue,
  effect: 'read',
  reads: 'private',
  sends: 'none',
  directs: ['repository', 'number'],
  answers: 'untrusted',
  place: 'an issue',
  run: async (args, api) => issueOf((await api.get(`/repos/${args.repository}/issues/${args.number}`)).json),
})

export const listIssues = action({
  description: 'List issues of a repository, the newest first; pull requests are among them',
  endpoint: 'GET /repos/{repository}/issues',
  scopes: ['issues:read'],
  input: z.object({
    repository,
    state: z.enum(['open', 'closed', 'all']).default('open'),
    labels: labels.optional(),
    limit: most,
  }),
  output: z.object({ issues: z.array(Issue) }),
  effect: 'read',
  reads: 'private',
  sends: 'none',
  directs: ['repository'],
  roles: { state: 'query', labels: 'query', limit: 'count' },
  answers: 'untrusted',
  place: 'issues',
  run: async (args, api) => {
    const query = { state: args.state, ...(args.labels && { labels: args.labels.join(',') }) }
    const issues = await listed(api, `/repos/${args.repository}/issues`, query, args.limit)
    return { issues: issues.map(issueOf) }
  },
})

export const searchIssues = action({
  description:
    'Search issues and pull requests, by words and by qualifiers such as is:open or label:bug. What is new may be missing',
  endpoint: 'GET /search/issues',
  class: 'search',
  scopes: ['issues:read'],
  input: z.object({
    repository,
    query: z.string().max(200),
    limit: z.number().int().min(1).max(100).default(30),
  }),
  output: z.object({ issues: z.array(Issue), total: z.number().int() }),
  effect: 'read',
  reads: 'private',
  sends: 'none',
  directs: ['repository'],
  roles: { query: 'query', limit: 'count' },
  answers: 'untrusted',
  place: 'issues',
  run: async (args, api) => {
    // Whatever the query says, it stays in this repository.
    const words = args.query.replace(/\b(?:repo|org|user):\S*/gi, '')
    const query = { q: `${words} repo:${args.repository}`, per_page: args.limit }
    const { json } = await api.get('/search/issues', { query })
    const own = json.items.filter((item: { repository_url?: string }) =>
      item.repository_url?.toLowerCase().endsWith(`/repos/${args.repository.toLowerCase()}`),
    )
    return { issues: own.map(issueOf), total: json.total_count }
  },
})

export const listComments = action({
  description: 'Read the comments of an issue or pull request, the oldest first',
  endpoint: 'GET /repos/{repository}/issues/{number}/comments',
  scopes: ['issues:read'],
  input: z.object({ repository, number, limit: most }),
  output: z.object({ comments: z.array(Comment) }),
  effect: 'read',
  reads: 'private',
  sends: 'none',
  directs: ['repository', 'number'],
  roles: { limit: 'count' },
  answers: 'untrusted',
  place: 'comments of an issue',
  run: async (args, api) => {
    const path = `/repos/${args.repository}/issues/${args.number}/comments`
    return { comments: (await listed(api, path, {}, args.limit)).map(commentOf) }
  },
})

/** GitHub takes no key; the text carries it, in a comment of HTML that is not shown. */
export const createIssue = action({
  description: 'Open an issue',
  endpoint: [
    'POST /repos/{repository}/issues',
    'GET /repos/{repository}/issues',
    'PATCH /repos/{repository}/issues/{number}',
  ],
  class: 'write',
  scopes: ['issues:write'],
  input: z.object({
    repository,
    title: z.string().min(1).max(256),
    body: text,
    labels: labels.optional(),
    assignees: logins.optional(),
  }),
  output: Issue,
  effect: 'verifiable',
  reads: 'none',
  sends: 'outside',
  directs: ['repository', 'assignees'],
  kinds: ['message'],
  place: 'an issue',
  run: async ({ repository: its, body, ...fields }, api) => {
    const json = { ...fields, body: withKey(body, api.key) }
    return issueOf((await api.post(`/repos/${its}/issues`, { json })).json)
  },
  verify: (args, api) =>
    foundByKey(
      api,
      `/repos/${args.repository}/issues`,
      { state: 'all', sort: 'created', direction: 'desc' },
      issueOf,
    ),
  undo: {
    effect: 'verifiable',
    // Issues cannot be deleted by this API.
    run: async ({ args, result }, api) => {
      const json = { state: 'closed', state_reason: 'not_planned' }
      await api.patch(`/repos/${args.repository}/issues/${result.number}`, { json })
    },
    verify: async ({ args, result }, api) => {
      const { json } = await api.get(`/repos/${args.repository}/issues/${result.number}`)
      return json.state === 'closed' ? { outcome: 'applied', result: null } : { outcome: 'not-applied' }
    },
  },
})

export const addComment = action({
  description: 'Comment on an issue or pull request. Whoever follows it is told',
  endpoint: [
    'POST /repos/{repository}/issues/{number}/comments',
    'GET /repos/{repository}/issues/comments',
    'DELETE /repos/{repository}/issues/comments/{id}',
  ],
  class: 'write',
  scopes: ['issues:write'],
  input: z.object({ repository, number, body: text }),
  output: Comment,
  effect: 'verifiable',
  reads: 'none',
  sends: 'outside',
  directs: ['repository', 'number'],
  kinds: ['message'],
  place: 'a comment of an issue',
  run: async (args, api) => {
    const path = `/repos/${args.repository}/issues/${args.number}/comments`
    return commentOf((await api.post(path, { json: { body: withKey(args.body, api.key) } })).json)
  },
  verify: (args, api) =>
    foundByKey(
      api,
      `/repos/${args.repository}/issues/comments`,
      { sort: 'created', direction: 'desc' },
      commentOf,
    ),
  undo: {
    effect: 'idempotent',
    run: async ({ args, result }, api) => {
      await api.delete(`/repos/${args.repository}/issues/comments/${result.id}`, { accept: [404] })
    },
  },
})

const Updated = z.object({
  number: z.number().int(),
  /** What stood there before. Null: the outcome of the first attempt was not known, and so this is not known. */
  before: z.record(z.string(), z.unknown()).nullable(),
})

export const updateIssue = action({
  description: "Change an issue's title, state, labels or assignees",
  endpoint: ['PATCH /repos/{repository}/issues/{number}', 'GET /repos/{repository}/issues/{number}'],
  class: 'write',
  scopes: ['issues:write'],
  input: z.object({
    repository,
    number,
    title: z.string().min(1).max(256).optional(),
    state: z.enum(['open', 'closed']).optional(),
    labels: labels.describe('All labels that it shall have').optional(),
    assignees: logins.describe('All whom it shall be assigned to').optional(),
  }),
  output: Updated,
  effect: 'verifiable',
  reads: 'none',
  sends: 'inside',
  directs: ['repository', 'number', 'assignees'],
  run: async (args, api) => {
    const { path, fields } = placeOf(args)
    const before = valuesOf((await api.get(path)).json, Object.keys(fields))
    await api.patch(path, { json: fields })
    return { number: args.number, before }
  },
  verify: async (args, api) => {
    const { path, fields } = placeOf(args)
    const now = valuesOf((await api.get(path)).json, Object.keys(fields))
    return isSame(now, sorted(fields))
      ? { outcome: 'applied', result: { number: args.number, before: null } }
      : { outcome: 'not-applied' }
  },
  undo: {
    effect: 'verifiable',
    run: async ({ args, result }, api) => {
      const { path, fields } = placeOf(args)
      const before = knownBefore(result.before as Record<string, unknown> | null, `issue ${result.number}`)
      const changes = Object.entries(sorted(fields)).map(([field, to]) => ({ field, to }))
      refuseChanged(
        changes,
        valuesOf((await api.get(path)).json, Object.keys(fields)),
        `Issue ${result.number}`,
      )
      await api.patch(path, { json: before })
    },
    verify: async ({ args, result }, api) => {
      const { path } = placeOf(args)
      const before = (result.before ?? {}) as Record<string, unknown>
      const now = valuesOf((await api.get(path)).json, Object.keys(before))
      return isSame(now, before) ? { outcome: 'applied', result: null } : { outcome: 'not-applied' }
    },
  },
})

function placeOf(args: unknown): { path: string; fields: Record<string, unknown> } {
  const { repository: its, number: which, ...fields } = args as { repository: string; number: number }
  return { path: `/repos/${its}/issues/${which}`, fields }
}

function valuesOf(json: unknown, names: readonly string[]): Record<string, unknown> {
  const issue: Record<string, unknown> = { ...issueOf(json) }
  return sorted(Object.fromEntries(names.map((name) => [name, issue[name] ?? null])))
}

/** The order of labels and assignees says nothing. */
function sorted(fields: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(fields).map(([name, value]) => [
    name,
    Array.isArray(value) ? [...value].sort() : value,
  ])
  return Object.fromEntries(entries)
}
