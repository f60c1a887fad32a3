import { zendesk as signature } from '../../triggers/signatures/zendesk.ts'
import { basicOf, bearerOf } from '../stand-in/exchange.ts'
import { postEvents } from '../stand-in/posting.ts'
import {
  type StandIn,
  type StandInDefinition,
  type StandInOptions,
  startStandIn,
} from '../stand-in/stand-in.ts'
import { StandInTokens } from '../stand-in/tokens.ts'
import { type Fields, refuse } from './stand-in/answers.ts'
import { customerId, Desk, type Ticket } from './stand-in/desk.ts'

/** For a stand-in of Zendesk. */
export interface ZendeskStandInOptions extends StandInOptions {
  /** Who signs in with an API token. Default `agent@example.com` and `stand-in-token-of-zendesk`. */
  email?: string
  apiToken?: string
}

export interface ZendeskStandIn extends StandIn {
  tokens: StandInTokens
  /** Makes a ticket as a customer would. */
  add(ticket: Fields): number
  ticket(id: number): Readonly<Fields> | undefined
  comments(id: number): readonly Fields[]
  /** Posts an event of a ticket, signed with the webhook's secret. */
  post(url: string, secret: string, events: readonly { type: string; ticket: number }[]): Promise<number[]>
}

/**
 * Zendesk's ticketing API as it is on the wire: tickets with comments and audits, search, cursor and offset pages, idempotency keys
 * that last two hours, updates that must be of the last version where they say so, and signed webhooks.
 */
export async function startZendesk(options: ZendeskStandInOptions = {}): Promise<ZendeskStandIn> {
  const { email = 'agent@example.com', apiToken = 'stand-in-token-of-zendesk' } = options
  const tickets = new Map<number, Ticket>()
  let desk!: Desk
  let tokens!: StandInTokens
  const standIn = await startStandIn((server) => {
    tokens = new StandInTokens({ now: server.now })
    desk = new Desk(server, tickets)
    return {
      name: 'zendesk',
      admit: (request) => {
        if (request.path === '/oauth/tokens') return undefined
        const { user, password } = basicOf(request)
        const isToken = user === `${email}/token` && password === apiToken
        if (isToken || tokens.standing(bearerOf(request)) === 'good') return undefined
        return refuse({ why: 'unauthorized' })
      },
      refuse,
      headers: (request, rate) => {
        const { limit = 700, remaining = 699 } = rate ?? {}
        const seconds = rate ? Math.max(0, Math.ceil((rate.resetAt - request.at) / 1000)) : 60
        const said = { limit: String(limit), remaining: String(remaining) }
        return {
          'x-rate-limit': said.limit,
          'x-rate-limit-remaining': said.remaining,
          'ratelimit-limit': said.limit,
          'ratelimit-remaining': said.remaining,
          'ratelimit-reset': String(seconds),
        }
      },
      state: desk.state,
      routes: { 'POST /oauth/tokens': (request) => tokens.answer(request), ...desk.routes() },
    } satisfies StandInDefinition
  }, options)
  return Object.assign(standIn, {
    tokens,
    add: (ticket: Fields) => desk.create(ticket, customerId).fields.id,
    ticket: (id: number) => (tickets.get(id)?.isDeleted === false ? tickets.get(id)?.fields : undefined),
    comments: (id: number) => tickets.get(id)?.comments ?? [],
    post: (url: string, secret: string, events: readonly { type: string; ticket: number }[]) =>
      postEvents(
        standIn,
        url,
        events.map(({ type, ticket }) => desk.event(type, ticket)),
        (body, sentAt, id) => signature.sign(secret, body, sentAt, id),
      ),
  })
}
