import type { ConnectorCase } from '../../../../src/testing/connector-checks/case.ts'
import { hmac } from '../signing.ts'
import { start, type TicketStandIn } from './stand-in.ts'
import { tickets } from './tickets.ts'

export const ticketsCase: ConnectorCase = {
  connector: tickets,
  start,
  read: { action: 'find', args: { id: 't1' } },
  write: { action: 'reply', args: (index) => ({ id: 't1', body: `answer ${index}` }), deed: 'replied' },
  events: {
    created: {
      ours: (index) => ticketCame(index, 'desk-1'),
      theirs: (index) => ticketCame(index, 'desk-2'),
      sign: (body, { secret, sentAt, id }) => {
        const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
        return {
          'webhook-id': id,
          'webhook-timestamp': String(sentAt),
          'webhook-signature': `v1,${hmac(key, `${id}.${sentAt}.`, body).toString('base64')}`,
        }
      },
    },
  },
  oauth: {
    tokens: (standIn) => (standIn as TicketStandIn).tokens,
    credential: (standIn) => {
      const { accessToken, refreshToken } = (standIn as TicketStandIn).tokens.issue(['tickets'])
      return JSON.stringify({
        access_token: accessToken,
        refresh_token: refreshToken,
        client_id: 'stand-in-client',
      })
    },
  },
}

function ticketCame(index: number, account: string): object {
  return { account, ticket: { id: `t${index}`, subject: `Ticket ${index}`, status: 'open' } }
}
