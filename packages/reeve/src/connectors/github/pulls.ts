import { z } from 'zod'
import { picked } from '../door/picked.ts'
import { action } from '../shape/action.ts'
import { listed } from './lists.ts'
import { File, number, PullRequest, pullOf, repository } from './schemas.ts'

export const getPullRequest = action({
  description: 'Read a pull request',
  endpoint: 'GET /repos/{repository}/pulls/{number}',
  scopes: ['pull_requests:read'],
  input: z.object({ repository, number }),
  output: PullRequest,
  effect: 'read',
  reads: 'private',
  sends: 'none',
  directs: ['repository', 'number'],
  answers: 'untrusted',
  place: 'a pull request',
  run: async (args, api) => pullOf((await api.get(`/repos/${args.repository}/pulls/${args.number}`)).json),
})

export const listPullRequests = action({
  description: 'List pull requests of a repository, the newest first',
  endpoint: 'GET /repos/{repository}/pulls',
  scopes: ['pull_requests:read'],
  input: z.object({
    repository,
    state: z.enum(['open', 'closed', 'all']).default('open'),
    limit: z.number().int().min(1).max(500).default(50),
  }),
  output: z.object({ pulls: z.array(PullRequest) }),
  effect: 'read',
  reads: 'private',
  sends: 'none',
  directs: ['repository'],
  roles: { state: 'query', limit: 'count' },
  answers: 'untrusted',
  place: 'pull requests',
  run: async ({ repository: its, state, limit }, api) => ({
    pulls: (await listed(api, `/repos/${its}/pulls`, { state }, limit)).map(pullOf),
  }),
})

export const listFiles = action({
  description: 'Read which files a pull request changes, and how',
  endpoint: 'GET /repos/{repository}/pulls/{number}/files',
  scopes: ['pull_requests:read'],
  input: z.object({ repository, number, limit: z.number().int().min(1).max(300).default(100) }),
  output: z.object({ files: z.array(File) }),
  effect: 'read',
  reads: 'private',
  sends: 'none',
  directs: ['repository', 'number'],
  roles: { limit: 'count' },
  answers: 'untrusted',
  isProse: true,
  place: 'files of a pull request',
  run: async (args, api) => {
    const path = `/repos/${args.repository}/pulls/${args.number}/files`
    return { files: (await listed(api, path, {}, args.limit)).map((file) => picked(File, file)) }
  },
})
