import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import { basic } from '../auth/scheme.ts'
import { connector } from '../connector.ts'
import { fromWebhook } from '../shape/trigger.ts'
import { TicketEvent } from './schemas.ts'
import {
  addNote,
  createTicket,
  getTicket,
  listComments,
  reply,
  searchTickets,
  updateTicket,
} from './tickets.ts'

/** What a project says of its Zendesk. */
const settings = z.object({
  /** Of `SUBDOMAIN.zendesk.com`. Needed live. */
  subdomain: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{1,62}$/, 'write the subdomain alone: acme of acme.zendesk.com')
    .optional(),
  /** The number of the account (`account_id` of its events): what is of another starts nothing. Default: whatever is signed counts. */
  accountId: z.number().int().positive().optional(),
})

/**
 * Zendesk: tickets, comments and search, and the webhook of its events.
 * @example
 * import { zendesk } from 'reeve/connectors/zendesk'
 *
 * export default { connectors: { zendesk: zendesk({ subdomain: 'acme' }) } }
 */
export const zendesk = connector({
  name: 'zendesk',
  title: 'Zendesk',
  version: '1.0.0',
  // The only one that Zendesk has; it stands in each path.
  vendorApi: { version: 'v2' },
  settings,
  url: ({ settings: { subdomain } }) => {
    if (subdomain !== undefined) return `https://${subdomain}.zendesk.com`
    throw new ReeveError('bad-connector', "Zendesk needs its subdomain: zendesk({ subdomain: 'acme' }).")
  },
  auth: basic({
    where: 'Admin Center, Apps and integrations, Zendesk API: switch token access on, and add a token',
    user: 'E-mail',
    password: 'API token',
    suffix: '/token',
  }),
  health: {
    probe: async (api) => {
      const { user } = (await api.get('/api/v2/users/me')).json
      return { identity: String(user.id), name: user.email }
    },
  },
  rate: {
    default: { count: 200, per: '1m' },
    classes: { write: { count: 100, per: '1m' }, search: { count: 60, per: '1m' } },
    learn: { remaining: 'ratelimit-remaining', reset: 'ratelimit-reset' },
  },
  sandbox: {
    how: 'Zendesk gives sandboxes with some plans. Connect one as an account of its own; without it, the stand-in is used.',
    standIn: {
      credential: JSON.stringify({ user: 'agent@example.com', password: 'stand-in-token-of-zendesk' }),
      webhookSecrets: { ticket: 'stand-in-secret-of-zendesk' },
      load: () => import('./stand-in.ts').then(({ startZendesk }) => startZendesk),
    },
  },
  refusal: ({ status, json }) => {
    // Zendesk answers whom it does not know as nobody.
    if (status === 200 && json?.user?.id === null)
      return { kind: 'credential', message: 'it signs nobody in' }
    if (status === 403)
      return { kind: 'scope', code: json?.error?.title ?? json?.error, message: json?.description }
    return undefined
  },
  actions: { getTicket, searchTickets, listComments, createTicket, reply, addNote, updateTicket },
  triggers: {
    ticket: fromWebhook({
      description: 'Something happened to a ticket',
      signature: 'zendesk',
      schema: TicketEvent,
      how: 'Admin Center, Apps and integrations, Webhooks: subscribe to ticket events; its signing secret is shown there.',
      foreign: ({ account_id: account }, { settings: { accountId } }) =>
        accountId === undefined || account === accountId ? undefined : `it is of the account ${account}`,
    }),
  },
})
