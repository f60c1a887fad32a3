import type { ConnectorCase } from '../../../../src/testing/connector-checks/case.ts'
import { start, type TicketStandIn } from './stand-in.ts'
import { tickets } from './tickets.ts'

export const ticketsCase: ConnectorCase = {
  connector: tickets,
  start,
  read: { action: 'find', args: { id: 't1' } },
  write: { action: 'reply', args: (index) => ({ id: 't1', body: `answer ${index}` }), deed: 'replied' },
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
