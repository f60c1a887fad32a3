import { z } from 'zod'
import {
  action,
  connector,
  fromPoll,
  fromWebhook,
  oauth2,
  pathPart,
} from '../../../../src/connectors/index.ts'

const Ticket = z.object({ id: z.string(), subject: z.string(), status: z.enum(['open', 'closed']) })

/** A small ticket system, written by docs/connectors.md alone; it signs in by OAuth 2. */
export const tickets = connector({
  name: 'tickets',
  title: 'Ticket desk',
  version: '1.0.0',
  vendorApi: { version: '2026-01', header: 'desk-version' },
  url: 'https://api.desk.example',
  auth: oauth2({
    where: 'https://desk.example/apps',
    authorize: 'https://desk.example/oauth/authorize',
    token: 'https://desk.example/oauth/token',
    flows: ['code'],
    scopes: ['tickets'],
  }),
  idempotencyHeader: 'idempotency-key',
  health: { probe: async (api) => ({ identity: (await api.get('/me')).json.account }) },
  rate: {
    default: { count: 10, per: '1s' },
    learn: {
      limit: 'x-ratelimit-limit',
      remaining: 'x-ratelimit-remaining',
      reset: 'x-ratelimit-reset',
      per: '1s',
    },
  },
  sandbox: {
    standIn: {
      credential: '{"access_token":"none-yet","refresh_token":"none-yet","client_id":"stand-in-client"}',
      load: () => import('./stand-in.ts').then(({ start }) => start),
    },
  },
  actions: {
    find: action({
      description: 'Look a ticket up',
      endpoint: 'GET /tickets/{id}',
      input: z.object({ id: z.string() }),
      output: Ticket,
      effect: 'read',
      reads: 'private',
      sends: 'none',
      directs: ['id'],
      run: async ({ id }, api) => (await api.get(`/tickets/${pathPart(id)}`)).json,
    }),
    reply: action({
      description: 'Answer a ticket',
      endpoint: 'POST /tickets/{id}/replies',
      input: z.object({ id: z.string(), body: z.string() }),
      output: z.object({ id: z.string() }),
      effect: 'idempotent',
      reads: 'none',
      sends: 'outside',
      directs: ['id'],
      run: async ({ id, body }, api) =>
        (await api.post(`/tickets/${pathPart(id)}/replies`, { json: { body } })).json,
    }),
  },
  triggers: {
    created: fromWebhook({
      description: 'A ticket came',
      signature: 'standard',
      schema: z.object({ account: z.string(), ticket: Ticket }),
      foreign: ({ account }, { identity }) =>
        account === identity ? undefined : `it is for the desk ${account}`,
    }),
    found: fromPoll({
      description: 'A ticket was found',
      schema: Ticket,
      async look(api, cursor) {
        const { json } = await api.get('/tickets', { query: { after: String(cursor ?? '') } })
        return {
          found: json.tickets.map((item: { id: string }) => ({ id: item.id, item })),
          cursor: json.last,
        }
      },
    }),
  },
})
