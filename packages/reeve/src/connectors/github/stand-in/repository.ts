import { isRecord } from '../../../base/json/record.ts'
import {
  jsonOf,
  type StandInAnswer,
  type StandInRequest,
  type StandInRoute,
} from '../../stand-in/exchange.ts'
import type { StandInDefinition, StandInServer } from '../../stand-in/stand-in.ts'
import { invalid, refuse } from './refusals.ts'

const user = { login: 'reeve-bot', id: 77, type: 'User' }
export const stranger = { login: 'octo-customer', id: 78, type: 'User' }

export type Fields = Record<string, unknown>

export interface Issue {
  fields: Fields & { number: number; state: string }
  comments: (Fields & { id: number })[]
  files: Fields[] | undefined
}

export class Repository {
  readonly #server: StandInServer
  /** Undefined: any. */
  readonly #only: string | undefined
  #name = 'acme/shop'
  readonly #url: () => string
  readonly #issues = new Map<number, Issue>()
  #lastComment = 1000
  #lastEvent = 0

  constructor(server: StandInServer, only: string | undefined, url: () => string) {
    this.#server = server
    this.#only = only
    this.#url = url
  }

  get state() {
    return {
      save: () => ({ issues: [...this.#issues], lastComment: this.#lastComment }),
      restore: (kept: { issues: [number, Issue][]; lastComment: number }) => {
        for (const [number, issue] of kept.issues) this.#issues.set(number, issue)
        this.#lastComment = kept.lastComment
      },
    }
  }

  routes(): StandInDefinition['routes'] {
    const base = '/repos/:owner/:name'
    const routes: StandInDefinition['routes'] = {
      'GET /user': () => ({ body: user }),
      [`GET ${base}`]: () => ({ body: this.#repository() }),
      [`GET ${base}/issues`]: (request) => this.#list(request, () => true),
      [`POST ${base}/issues`]: (request) => this.#create(request),
      [`GET ${base}/issues/comments`]: (request) => this.#allComments(request),
      [`DELETE ${base}/issues/comments/:id`]: ({ params }) => this.#removeComment(Number(params.id)),
      [`GET ${base}/issues/:number`]: (request) => this.#with(request, (issue) => ({ body: issue.fields })),
      [`PATCH ${base}/issues/:number`]: (request) =>
        this.#with(request, (issue) => this.#update(issue, request)),
      [`GET ${base}/issues/:number/comments`]: (request) =>
        this.#with(request, (issue) => this.#page(request, issue.comments)),
      [`POST ${base}/issues/:number/comments`]: (request) =>
        this.#with(request, (issue) => this.#comment(issue, request)),
      [`GET ${base}/pulls`]: (request) => this.#list(request, ({ files }) => files !== undefined),
      [`GET ${base}/pulls/:number`]: (request) =>
        this.#with(request, ({ fields, files }) => (files ? { body: fields } : refuse({ why: 'not-found' }))),
      [`GET ${base}/pulls/:number/files`]: (request) =>
        this.#with(request, ({ files }) =>
          files ? this.#page(request, files) : refuse({ why: 'not-found' }),
        ),
      'GET /search/issues': (request) => this.#search(request),
    }
    const known = Object.entries(routes).map(([name, route]) => [name, this.#ofRepository(route)])
    return Object.fromEntries(known)
  }

  #ofRepository(route: StandInRoute): StandInRoute {
    return (request) => {
      const { owner, name } = request.params
      if (owner === undefined) return route(request)
      const asked = `${owner}/${name}`
      if (this.#only !== undefined && asked !== this.#only) return refuse({ why: 'not-found' })
      this.#name = asked
      return route(request)
    }
  }

  make(given: Fields, author: typeof user, files?: Fields[]): Issue {
    const number = this.#issues.size + 1
    const time = this.#time()
    const kind = files ? 'pull' : 'issues'
    const fields = {
      id: 10_000 + number,
      number,
      title: String(given.title ?? ''),
      body: given.body ?? null,
      state: 'open',
      state_reason: null,
      labels: labelsOf(given.labels),
      assignees: loginsOf(given.assignees),
      user: author,
      comments: 0,
      created_at: time,
      updated_at: time,
      closed_at: null,
      html_url: `https://github.com/${this.#name}/${kind}/${number}`,
      repository_url: `${this.#url()}/repos/${this.#name}`,
      ...(files && {
        ...pullFields(given),
        pull_request: { url: `${this.#url()}/repos/${this.#name}/pulls/${number}` },
      }),
    }
    const issue = { fields, comments: [], files }
    this.#issues.set(number, issue)
    return issue
  }

  standing(number: number): Issue | undefined {
    return this.#issues.get(number)
  }

  event(action: string, number: number) {
    this.#lastEvent += 1
    const body = {
      action,
      issue: this.standing(number)?.fields,
      repository: this.#repository(),
      sender: stranger,
    }
    return { id: `delivery-${this.#lastEvent}`, body: JSON.stringify(body) }
  }

  #repository(): Fields {
    return {
      id: 1,
      full_name: this.#name,
      private: true,
      permissions: { admin: false, push: true, pull: true },
    }
  }

  #time(): string {
    return new Date(this.#server.now()).toISOString().replace(/\.\d+Z$/, 'Z')
  }

  #with({ params }: StandInRequest, then: (issue: Issue) => StandInAnswer): StandInAnswer {
    const issue = this.standing(Number(params.number))
    return issue ? then(issue) : refuse({ why: 'not-found' })
  }

  #create(request: StandInRequest): StandInAnswer {
    const given = jsonOf(request)
    if (!isRecord(given)) return { status: 400, body: { message: 'Problems parsing JSON' } }
    if (typeof given.title !== 'string' || given.title === '') return invalid('title', 'missing_field')
    const issue = this.make(given, user)
    this.#server.books.record('issue-created', { id: String(issue.fields.number), ...keyIn(given.body) })
    return { status: 201, body: issue.fields }
  }

  #update(issue: Issue, request: StandInRequest): StandInAnswer {
    const given = jsonOf(request)
    if (!isRecord(given)) return { status: 400, body: { message: 'Problems parsing JSON' } }
    for (const name of ['title', 'body', 'state', 'state_reason']) {
      if (given[name] !== undefined) issue.fields[name] = given[name]
    }
    if (given.labels !== undefined) issue.fields.labels = labelsOf(given.labels)
    if (given.assignees !== undefined) issue.fields.assignees = loginsOf(given.assignees)
    const time = this.#time()
    Object.assign(issue.fields, {
      updated_at: time,
      closed_at: issue.fields.state === 'closed' ? time : null,
    })
    this.#server.books.record('issue-updated', { id: String(issue.fields.number) })
    return { body: issue.fields }
  }

  #comment(issue: Issue, request: StandInRequest): StandInAnswer {
    const given = jsonOf(request)
    if (!isRecord(given) || typeof given.body !== 'string' || given.body.trim() === '')
      return invalid('body', 'missing_field')
    this.#lastComment += 1
    const url = `${this.#url()}/repos/${this.#name}/issues/${issue.fields.number}`
    const time = this.#time()
    const comment = { id: this.#lastComment, body: given.body, user, created_at: time, updated_at: time }
    issue.comments.push({
      ...comment,
      html_url: `${issue.fields.html_url}#issuecomment-${comment.id}`,
      issue_url: url,
    })
    issue.fields.comments = issue.comments.length
    this.#server.books.record('comment-added', { id: String(issue.fields.number), ...keyIn(given.body) })
    return { status: 201, body: issue.comments.at(-1) }
  }

  #removeComment(id: number): StandInAnswer {
    for (const issue of this.#issues.values()) {
      const index = issue.comments.findIndex((comment) => comment.id === id)
      if (index < 0) continue
      issue.comments.splice(index, 1)
      this.#server.books.record('comment-deleted', { id: String(id) })
      return { status: 204 }
    }
    return refuse({ why: 'not-found' })
  }

  #allComments(request: StandInRequest): StandInAnswer {
    const all = [...this.#issues.values()].flatMap(({ comments }) => comments)
    const ordered = [...all].sort((one, other) => one.id - other.id)
    return this.#page(request, request.query.get('direction') === 'desc' ? ordered.reverse() : ordered)
  }

  #list(request: StandInRequest, isWanted: (issue: Issue) => boolean): StandInAnswer {
    const { query } = request
    const state = query.get('state') ?? 'open'
    const labels = query.get('labels')?.split(',') ?? []
    const creator = query.get('creator')
    const found = [...this.#issues.values()]
      .filter(isWanted)
      .map(({ fields }) => fields)
      .filter((fields) => state === 'all' || fields.state === state)
      .filter(({ user: author }) => creator === null || (author as Fields).login === creator)
      .filter((fields) =>
        labels.every((label) => (fields.labels as Fields[]).some(({ name }) => name === label)),
      )
    return this.#page(request, query.get('direction') === 'asc' ? found : found.reverse())
  }

  #search(request: StandInRequest): StandInAnswer {
    const words = (request.query.get('q') ?? '')
      .split(/\s+/)
      .filter((word) => word !== '' && !word.includes(':'))
    const found = [...this.#issues.values()]
      .map(({ fields }) => fields)
      .filter(({ title, body }) =>
        words.every((word) => `${title} ${body}`.toLowerCase().includes(word.toLowerCase())),
      )
    const { headers = {}, body } = this.#page(request, found)
    return { headers, body: { total_count: found.length, incomplete_results: false, items: body } }
  }

  #page({ query, path }: StandInRequest, items: readonly Fields[]): StandInAnswer {
    const perPage = Math.min(Math.max(1, Number(query.get('per_page') ?? 30)), 100)
    const page = Math.max(1, Number(query.get('page') ?? 1))
    const last = Math.max(1, Math.ceil(items.length / perPage))
    const link = (number: number, rel: string) => {
      const next = new URLSearchParams(query)
      next.set('page', String(number))
      return `<${this.#url()}${path}?${next}>; rel="${rel}"`
    }
    const links = page < last ? [link(page + 1, 'next'), link(last, 'last')] : []
    const headers: Record<string, string> = links.length > 0 ? { link: links.join(', ') } : {}
    return { headers, body: items.slice((page - 1) * perPage, page * perPage) }
  }
}

function labelsOf(given: unknown): Fields[] {
  return (Array.isArray(given) ? given : []).map((name) => ({ name: String(name), color: 'ededed' }))
}

function loginsOf(given: unknown): Fields[] {
  return (Array.isArray(given) ? given : []).map((login) => ({ login: String(login), type: 'User' }))
}

function pullFields(given: Fields): Fields {
  return {
    draft: given.draft ?? false,
    merged: given.merged ?? false,
    mergeable: true,
    head: { ref: given.head ?? 'change', sha: 'a'.repeat(40) },
    base: { ref: given.base ?? 'main', sha: 'b'.repeat(40) },
  }
}

function keyIn(body: unknown): { key?: string } {
  const key = typeof body === 'string' ? /<!-- reeve:(\S+) -->/.exec(body)?.[1] : undefined
  return key === undefined ? {} : { key }
}
