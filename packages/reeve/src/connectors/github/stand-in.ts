import { github as signature } from '../../triggers/signatures/github.ts'
import { bearerOf } from '../stand-in/exchange.ts'
import { postEvents } from '../stand-in/posting.ts'
import {
  type StandIn,
  type StandInDefinition,
  type StandInOptions,
  startStandIn,
} from '../stand-in/stand-in.ts'
import { StandInTokens } from '../stand-in/tokens.ts'
import { refuse } from './stand-in/refusals.ts'
import { type Fields, type Issue, Repository, stranger } from './stand-in/repository.ts'

const version = '2026-03-10'

/** For a stand-in of GitHub. */
export interface GitHubStandInOptions extends StandInOptions {
  /** A fine-grained token. Default `github_pat_stand_in_of_github`. */
  token?: string
  /** The repository that it may use. Default: whichever is asked for; all are one. */
  repository?: string
}

export interface GitHubStandIn extends StandIn {
  tokens: StandInTokens
  /** Makes an issue as a stranger would. */
  add(fields: Fields): number
  addPull(fields: Fields, files: readonly Fields[]): number
  issue(number: number): Readonly<Issue> | undefined
  /** Posts events about issues, signed with the webhook's secret. */
  post(url: string, secret: string, events: readonly { action: string; issue: number }[]): Promise<number[]>
}

/**
 * GitHub's REST API as it is on the wire: issues, comments and pull requests of one repository, pages by the header Link, a version
 * that each request may name, both of its rate limits, and signed webhooks.
 */
export async function startGitHub(options: GitHubStandInOptions = {}): Promise<GitHubStandIn> {
  const { token = 'github_pat_stand_in_of_github', repository } = options
  let tokens!: StandInTokens
  let repo!: Repository
  const standIn = await startStandIn((server) => {
    tokens = new StandInTokens({ now: server.now })
    repo = new Repository(server, repository, () => standIn.url)
    return {
      name: 'github',
      refuse,
      admit: (request) => {
        if (request.path.startsWith('/login/')) return undefined
        if (request.headers['user-agent'] === undefined)
          return { status: 403, body: 'Request forbidden: no User-Agent' }
        const given = bearerOf(request)
        if (given !== token && tokens.standing(given) !== 'good') return refuse({ why: 'unauthorized' })
        const asked = request.headers['x-github-api-version'] ?? '2022-11-28'
        if (asked === version || asked === '2022-11-28') return undefined
        return { status: 400, body: { message: `${asked} is not a supported version of the API` } }
      },
      headers: (_request, rate) => ({
        'x-ratelimit-limit': String(rate?.limit ?? 5000),
        'x-ratelimit-remaining': String(rate?.remaining ?? 4999),
        'x-ratelimit-reset': String(Math.ceil((rate?.resetAt ?? server.now() + 3_600_000) / 1000)),
        'x-ratelimit-resource': 'core',
        'x-github-api-version-selected': version,
      }),
      state: repo.state,
      routes: {
        'POST /login/oauth/access_token': (request) => tokens.answer(request),
        'POST /login/device/code': () => tokens.startDevice('https://github.com/login/device'),
        ...repo.routes(),
      },
    } satisfies StandInDefinition
  }, options)
  return Object.assign(standIn, {
    tokens,
    add: (fields: Fields) => repo.make(fields, stranger).fields.number,
    addPull: (fields: Fields, files: readonly Fields[]) =>
      repo.make(fields, stranger, [...files]).fields.number,
    issue: (number: number) => repo.standing(number),
    post: (url: string, secret: string, events: readonly { action: string; issue: number }[]) =>
      postEvents(
        standIn,
        url,
        events.map(({ action, issue }) => repo.event(action, issue)),
        (body, sentAt, id) => ({ ...signature.sign(secret, body, sentAt, id), 'x-github-event': 'issues' }),
      ),
  })
}
