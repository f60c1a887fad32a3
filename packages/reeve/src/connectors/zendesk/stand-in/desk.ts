import { isRecord } from '../../../base/json/record.ts'
import { jsonOf, type StandInAnswer, type StandInRequest } from '../../stand-in/exchange.ts'
import { KeyedAnswers } from '../../stand-in/keyed-answers.ts'
import type { StandInDefinition, StandInServer } from '../../stand-in/stand-in.ts'
import { cursorPage, type Fields, invalid, refuse, withPage } from './answers.ts'

export interface Ticket {
  fields: Fields & { id: number; updated_at: string }
  comments: Fields[]
  audits: Fields[]
  isDeleted: boolean
}

const accountId = 7_001
const agentId = 9_001
export const customerId = 9_002
/** A key is remembered for so long. */
const keyLifeMs = 2 * 3_600_000

/** What may be set of a ticket. */
const settable = ['subject', 'status', 'priority', 'type', 'assignee_id', 'group_id', 'tags', 'external_id']

export class Desk {
  readonly #server: StandInServer
  readonly #tickets: Map<number, Ticket>
  readonly #keyed = new KeyedAnswers()
  readonly #keyedAt = new Map<string, number>()
  #lastId = 0

  constructor(server: StandInServer, tickets: Map<number, Ticket>) {
    this.#server = server
    this.#tickets = tickets
  }

  get state() {
    return {
      save: () => [...this.#tickets.values()],
      restore: (kept: Ticket[]) => {
        for (const ticket of kept) this.#tickets.set(ticket.fields.id, ticket)
        this.#lastId = Math.max(0, ...this.#tickets.keys())
      },
    }
  }

  routes(): StandInDefinition['routes'] {
    const me = { id: agentId, name: 'Agent', email: 'agent@example.com', role: 'agent', verified: true }
    return {
      'GET /api/v2/users/me': () => ({ body: { user: me } }),
      'GET /api/v2/account/settings': () => ({ body: { settings: { active_features: {} } } }),
      'GET /api/v2/search': (request) => this.#search(request),
      'GET /api/v2/tickets': (request) => this.#list(request),
      'POST /api/v2/tickets': (request) => this.#createOnce(request),
      'GET /api/v2/tickets/:id': (request) =>
        this.#with(request, (ticket) => ({ body: { ticket: ticket.fields } })),
      'PUT /api/v2/tickets/:id': (request) => this.#with(request, (ticket) => this.#update(ticket, request)),
      'DELETE /api/v2/tickets/:id': (request) => this.#with(request, (ticket) => this.#remove(ticket)),
      'PUT /api/v2/deleted_tickets/:id/restore': ({ params }) => {
        const ticket = this.#tickets.get(Number(params.id))
        if (!ticket?.isDeleted) return refuse({ why: 'not-found' })
        ticket.isDeleted = false
        this.#server.books.record('ticket-restored', { id: params.id! })
        return { status: 200, body: {} }
      },
      'GET /api/v2/tickets/:id/comments': (request) =>
        this.#with(request, (ticket) => cursorPage(request, 'comments', ticket.comments)),
      'GET /api/v2/tickets/:id/audits': (request) =>
        this.#with(request, (ticket) => cursorPage(request, 'audits', ticket.audits)),
    }
  }

  create(given: Fields, author: number): Ticket {
    this.#lastId += 1
    const time = this.#time()
    const { comment, requester, metadata, ...rest } = given
    const fields = {
      status: 'new',
      priority: null,
      type: null,
      tags: [],
      external_id: null,
      assignee_id: null,
      group_id: null,
      requester_id: isRecord(requester) ? customerId : author,
      submitter_id: author,
      ...pick(rest),
      id: this.#lastId,
      url: `/api/v2/tickets/${this.#lastId}.json`,
      created_at: time,
      updated_at: time,
    }
    const description = isRecord(comment) ? String(comment.body ?? '') : ''
    const ticket: Ticket = {
      fields: { ...fields, subject: String(given.subject ?? ''), description },
      comments: [],
      audits: [],
      isDeleted: false,
    }
    this.#tickets.set(ticket.fields.id, ticket)
    this.#audit(ticket, author, comment, metadata)
    return ticket
  }

  event(type: string, id: number) {
    const ticket = this.#tickets.get(id)
    const eventId = `event-${type}-${id}-${ticket?.audits.length ?? 0}`
    const body = {
      account_id: accountId,
      detail: { ...ticket?.fields, id: String(id) },
      event: {},
      id: eventId,
      subject: `zen:ticket:${id}`,
      time: this.#time(),
      type: `zen:event-type:ticket.${type}`,
      zendesk_event_version: '2022-11-06',
    }
    return { id: eventId, body: JSON.stringify(body) }
  }

  #time(): string {
    return new Date(this.#server.now()).toISOString().replace(/\.\d+Z$/, 'Z')
  }

  #with({ params }: StandInRequest, then: (ticket: Ticket) => StandInAnswer): StandInAnswer {
    const ticket = this.#tickets.get(Number(params.id))
    return ticket && !ticket.isDeleted ? then(ticket) : refuse({ why: 'not-found' })
  }

  #createOnce(request: StandInRequest): StandInAnswer {
    const key = request.headers['idempotency-key']
    if (key === undefined) return this.#created(request)
    const isKept = (this.#keyedAt.get(key) ?? 0) + keyLifeMs > this.#server.now()
    const standing = isKept ? this.#keyed.look(key, request) : ({ is: 'new' } as const)
    if (standing.is === 'same') return { ...standing.answer, headers: { 'x-idempotency-lookup': 'hit' } }
    if (standing.is === 'other') {
      const description = 'Request parameters do not match those of the first request with this key'
      return { status: 400, body: { error: 'IdempotentRequestError', description } }
    }
    const answer = this.#created(request, key)
    if (answer.status !== 201) return answer
    this.#keyed.keep(key, request, answer)
    this.#keyedAt.set(key, this.#server.now())
    return { ...answer, headers: { 'x-idempotency-lookup': 'miss' } }
  }

  #created(request: StandInRequest, key?: string): StandInAnswer {
    const given = ticketIn(request)
    const comment = isRecord(given?.comment) ? given.comment : undefined
    if (!given || typeof comment?.body !== 'string' || comment.body.trim() === '')
      return invalid('base', 'Description: cannot be blank')
    const ticket = this.create(given, agentId)
    const { id, external_id: externalId } = ticket.fields as Fields
    const named = typeof externalId === 'string' ? externalId : key
    this.#server.books.record('ticket-created', {
      id: String(id),
      ...(named !== undefined && { key: named }),
    })
    return { status: 201, body: { ticket: ticket.fields, audit: ticket.audits.at(-1) } }
  }

  #update(ticket: Ticket, request: StandInRequest): StandInAnswer {
    const given = ticketIn(request)
    if (!given) return invalid('base', 'Ticket: is missing')
    if (ticket.fields.status === 'closed') return invalid('status', 'Status: closed prevents ticket update')
    if (given.safe_update === true && given.updated_stamp !== ticket.fields.updated_at)
      return {
        status: 409,
        body: { error: 'UpdateConflict', description: 'Safe Update prevented the update' },
      }
    const before = { ...ticket.fields }
    Object.assign(ticket.fields, pick(given), { updated_at: this.#time() })
    const custom = this.#audit(ticket, agentId, given.comment, given.metadata, before)
    const id = String(ticket.fields.id)
    const key = typeof custom?.reeve_key === 'string' ? { key: custom.reeve_key } : {}
    if (isRecord(given.comment)) this.#server.books.record('comment-added', { id, ...key })
    else this.#server.books.record('ticket-updated', { id })
    return { body: { ticket: ticket.fields, audit: ticket.audits.at(-1) } }
  }

  #remove(ticket: Ticket): StandInAnswer {
    ticket.isDeleted = true
    this.#server.books.record('ticket-deleted', { id: String(ticket.fields.id) })
    return { status: 204 }
  }

  #audit(
    ticket: Ticket,
    author: number,
    comment: unknown,
    metadata: unknown,
    before?: Fields,
  ): Fields | undefined {
    const id = ticket.fields.id * 1000 + ticket.audits.length + 1
    const custom = isRecord(metadata) ? metadata : undefined
    const events: Fields[] = settable
      .filter((field) => before && JSON.stringify(before[field]) !== JSON.stringify(ticket.fields[field]))
      .map((field) => ({
        type: 'Change',
        field_name: field,
        value: ticket.fields[field],
        previous_value: before?.[field],
      }))
    const meta = { custom: custom ?? {}, system: { client: 'stand-in' } }
    if (isRecord(comment)) {
      const isPublic = comment.public !== false
      const made = { id: id * 10, type: 'Comment', body: String(comment.body ?? ''), public: isPublic }
      ticket.comments.push({
        ...made,
        author_id: author,
        audit_id: id,
        created_at: this.#time(),
        metadata: meta,
      })
      events.unshift(made)
    }
    ticket.audits.push({
      id,
      ticket_id: ticket.fields.id,
      author_id: author,
      created_at: this.#time(),
      metadata: meta,
      events,
    })
    return custom
  }

  #list(request: StandInRequest): StandInAnswer {
    const externalId = request.query.get('external_id')
    const all = this.#standing().filter((fields) => externalId === null || fields.external_id === externalId)
    return cursorPage(request, 'tickets', all)
  }

  /** The words of a query that have a field, and those that stand alone, which subject and description must have. */
  #search({ query, path }: StandInRequest): StandInAnswer {
    const words = (query.get('query') ?? '')
      .split(/\s+/)
      .filter((word) => word !== '' && word !== 'type:ticket')
    const found = this.#standing().filter((fields) => words.every((word) => matches(fields, word)))
    const perPage = Math.min(Number(query.get('per_page') ?? 100), 100)
    const page = Number(query.get('page') ?? 1)
    if (page * perPage > 1000) {
      const description = 'The total number of results is greater than 1,000'
      return { status: 422, body: { error: 'InvalidSearch', description } }
    }
    const next = page * perPage < found.length
    const here = found.slice((page - 1) * perPage, page * perPage)
    return {
      body: {
        results: here.map((fields) => ({ ...fields, result_type: 'ticket' })),
        count: found.length,
        next_page: next ? `${path}?${withPage(query, page + 1)}` : null,
        previous_page: page > 1 ? `${path}?${withPage(query, page - 1)}` : null,
      },
    }
  }

  #standing(): Fields[] {
    return [...this.#tickets.values()].filter(({ isDeleted }) => !isDeleted).map(({ fields }) => fields)
  }
}

function ticketIn(request: StandInRequest): Fields | undefined {
  const given = jsonOf(request)
  return isRecord(given) && isRecord(given.ticket) ? given.ticket : undefined
}

function pick(given: Fields): Fields {
  return Object.fromEntries(Object.entries(given).filter(([name]) => settable.includes(name)))
}

function matches(fields: Fields, word: string): boolean {
  const [, field, value] = /^(\w+):(.+)$/.exec(word) ?? []
  if (field === 'tags') return (fields.tags as string[]).includes(value!)
  if (field !== undefined) return String(fields[field]) === value
  return `${fields.subject} ${fields.description}`.toLowerCase().includes(word.toLowerCase())
}
