import { z } from 'zod'
import { picked } from '../door/picked.ts'
import type { ServiceCall } from '../door/service-call.ts'
import { refuseChanged } from '../door/undo-change.ts'
import { action } from '../shape/action.ts'
import { type Audit, changesOf, commentIdOf, keyed, nextByCursor, verdictByAudits } from './audits.ts'
import { Change, Comment, Ticket, ticketId } from './schemas.ts'

const most = z.number().int().min(1).max(500).default(50).describe('The most that come back')

export const getTicket = action({
  description: 'Read a ticket',
  endpoint: 'GET /api/v2/tickets/{id}',
  scopes: ['tickets:read'],
  input: z.object({ id: ticketId }),
  output: Ticket,
  effect: 'read',
  reads: 'private',
  sends: 'none',
  directs: ['id'],
  answers: 'untrusted',
  place: 'a ticket',
  run: async ({ id }, api) => picked(Ticket, (await api.get(`/api/v2/tickets/${id}`)).json.ticket),
})

export const searchTickets = action({
  description: 'Search tickets, by words and by fields such as status:open or tags:refund',
  endpoint: 'GET /api/v2/search',
  class: 'search',
  scopes: ['tickets:read'],
  input: z.object({ query: z.string().max(500), limit: most }),
  output: z.object({ tickets: z.array(Ticket), total: z.number().int() }),
  effect: 'read',
  reads: 'private',
  sends: 'none',
  roles: { query: 'query', limit: 'count' },
  answers: 'untrusted',
  place: 'tickets',
  run: async ({ query, limit }, api) => {
    const perPage = Math.min(limit, 100)
    const tickets: unknown[] = []
    let total = 0
    const parameters = { query: `type:ticket ${query}`, per_page: perPage, page: 1 }
    for await (const { json } of api.pages('/api/v2/search', { query: parameters }, (answer) => {
      const isLast = tickets.length >= limit || answer.json.next_page === null
      return isLast ? undefined : { page: Math.ceil(tickets.length / perPage) + 1 }
    })) {
      total = json.count
      tickets.push(...json.results)
    }
    return { tickets: tickets.slice(0, limit).map((each) => picked(Ticket, each)), total }
  },
})

export const listComments = action({
  description: 'Read the comments of a ticket, the oldest first',
  endpoint: 'GET /api/v2/tickets/{id}/comments',
  scopes: ['tickets:read'],
  input: z.object({ id: ticketId, limit: most }),
  output: z.object({ comments: z.array(Comment), hasMore: z.boolean() }),
  effect: 'read',
  reads: 'private',
  sends: 'none',
  directs: ['id'],
  roles: { limit: 'count' },
  answers: 'untrusted',
  place: 'comments of a ticket',
  run: async ({ id, limit }, api) => {
    const comments: unknown[] = []
    let hasMore = false
    const query = { 'page[size]': Math.min(limit, 100) }
    for await (const answer of api.pages(`/api/v2/tickets/${id}/comments`, { query }, (page) =>
      comments.length >= limit ? undefined : nextByCursor(page),
    )) {
      comments.push(...answer.json.comments)
      hasMore = answer.json.meta.has_more || comments.length > limit
    }
    return { comments: comments.slice(0, limit).map((each) => picked(Comment, each)), hasMore }
  },
})

/** Zendesk forgets idempotency keys after two hours; the key stands in `external_id`, too, and is looked for there. */
export const createTicket = action({
  description: 'Create a ticket',
  endpoint: ['POST /api/v2/tickets', 'GET /api/v2/tickets?external_id={key}', 'DELETE /api/v2/tickets/{id}'],
  class: 'write',
  scopes: ['tickets:write'],
  input: z.object({
    subject: z.string().min(1).max(150),
    body: z.string().min(1).max(65_535),
    requester: z
      .object({ name: z.string().max(100), email: z.email() })
      .describe('Whose ticket it is')
      .optional(),
    public: z.boolean().default(true).describe('Whether the requester sees the text and gets a mail'),
    priority: z.enum(['low', 'normal', 'high', 'urgent']).optional(),
    tags: z.array(z.string().max(80)).max(50).optional(),
  }),
  output: Ticket,
  effect: 'verifiable',
  reads: 'none',
  sends: 'outside',
  directs: ['requester'],
  kinds: ['message'],
  place: 'a ticket',
  run: async ({ body, public: isPublic, ...fields }, api) => {
    const comment = { body, public: isPublic }
    const { json } = await api.post('/api/v2/tickets', {
      json: { ticket: { ...fields, comment, external_id: api.key } },
      headers: { 'idempotency-key': api.key },
    })
    return picked(Ticket, json.ticket)
  },
  verify: async (_args, api) => {
    const { json } = await api.get('/api/v2/tickets', { query: { external_id: api.key } })
    const [made] = json.tickets
    return made === undefined
      ? { outcome: 'not-applied' }
      : { outcome: 'applied', result: picked(Ticket, made) }
  },
  undo: {
    effect: 'idempotent',
    run: async ({ result }, api) => {
      await api.delete(`/api/v2/tickets/${result.id}`, { accept: [404] })
    },
  },
})

const Commented = z.object({
  ticket: z.number().int(),
  comment: z.number().int().nullable(),
  audit: z.number().int(),
})

const commented = (ticket: number, audit: Audit) => ({ ticket, comment: commentIdOf(audit), audit: audit.id })

const addComment = (isPublic: boolean) => ({
  run: async ({ id, body }: { id: number; body: string }, api: ServiceCall) => {
    const ticket = { comment: { body, public: isPublic }, ...keyed(api) }
    const { json } = await api.put(`/api/v2/tickets/${id}`, { json: { ticket } })
    return commented(id, json.audit)
  },
  verify: ({ id }: { id: number }, api: ServiceCall) =>
    verdictByAudits(api, id, (audit) => commented(id, audit)),
})

const commentInput = z.object({ id: ticketId, body: z.string().min(1).max(65_535) })
const commentEndpoints = ['PUT /api/v2/tickets/{id}', 'GET /api/v2/tickets/{id}/audits']

export const reply = action({
  description: 'Answer the customer of a ticket: a public comment, which Zendesk mails to them',
  endpoint: commentEndpoints,
  class: 'write',
  scopes: ['tickets:write'],
  input: commentInput,
  output: Commented,
  effect: 'verifiable',
  reads: 'none',
  sends: 'outside',
  directs: ['id'],
  kinds: ['message'],
  ...addComment(true),
})

export const addNote = action({
  description: 'Leave an internal note at a ticket, which customers do not see',
  endpoint: commentEndpoints,
  class: 'write',
  scopes: ['tickets:write'],
  input: commentInput,
  output: Commented,
  effect: 'verifiable',
  risk: 'low',
  reads: 'none',
  sends: 'inside',
  directs: ['id'],
  ...addComment(false),
})

const Updated = z.object({ ticket: z.number().int(), audit: z.number().int(), changes: z.array(Change) })

const updated = (ticket: number, audit: Audit) => ({ ticket, audit: audit.id, changes: changesOf(audit) })

export const updateTicket = action({
  description: "Change a ticket's status, priority, assignee, group or tags",
  endpoint: ['PUT /api/v2/tickets/{id}', 'GET /api/v2/tickets/{id}/audits'],
  class: 'write',
  scopes: ['tickets:write'],
  input: z.object({
    id: ticketId,
    status: z.enum(['open', 'pending', 'hold', 'solved']).optional(),
    priority: z.enum(['low', 'normal', 'high', 'urgent']).optional(),
    assignee_id: z.number().int().positive().nullable().optional(),
    group_id: z.number().int().positive().nullable().optional(),
    tags: z.array(z.string().max(80)).max(50).describe('All tags that it shall have').optional(),
  }),
  output: Updated,
  effect: 'verifiable',
  reads: 'none',
  sends: 'inside',
  directs: ['id', 'assignee_id', 'group_id'],
  run: async ({ id, ...fields }, api) => {
    const { json } = await api.put(`/api/v2/tickets/${id}`, {
      json: { ticket: { ...fields, ...keyed(api) } },
    })
    return updated(id, json.audit)
  },
  verify: ({ id }, api) => verdictByAudits(api, id, (audit) => updated(id, audit)),
  undo: {
    effect: 'verifiable',
    run: async ({ result: { ticket, changes } }, api) => {
      const { json } = await api.get(`/api/v2/tickets/${ticket}`)
      const now = json.ticket as Record<string, unknown>
      refuseChanged(changes, now, `Ticket ${ticket}`)
      const before = Object.fromEntries(changes.map(({ field, from }) => [field, from]))
      // Refused if anybody changes it between the look and this.
      const safe = { safe_update: true, updated_stamp: now.updated_at }
      await api.put(`/api/v2/tickets/${ticket}`, { json: { ticket: { ...before, ...safe, ...keyed(api) } } })
    },
    verify: ({ result: { ticket } }, api) => verdictByAudits(api, ticket, () => ({})),
  },
})
