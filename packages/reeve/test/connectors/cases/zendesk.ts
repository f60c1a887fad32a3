import { startZendesk } from '../../../src/connectors/zendesk/stand-in.ts'
import { zendesk } from '../../../src/connectors/zendesk/zendesk.ts'
import type { ConnectorCase } from '../../../src/testing/connector-checks/case.ts'
import { hmac } from './signing.ts'

export const zendeskCase: ConnectorCase = {
  connector: zendesk,
  settings: { accountId: 7_001 },
  start: async (options) => {
    const standIn = await startZendesk(options)
    standIn.add({ subject: 'Broken' })
    return standIn
  },
  read: { action: 'getTicket', args: { id: 1 } },
  write: {
    action: 'createTicket',
    args: (index) => ({ subject: `Ticket ${index}`, body: 'It is broken' }),
    deed: 'ticket-created',
  },
  events: {
    ticket: {
      ours: (index) => ticketCreated(index, 7_001),
      theirs: (index) => ticketCreated(index, 7_002),
      sign: (body, { secret, sentAt }) => {
        const time = new Date(sentAt * 1000).toISOString().replace('.000Z', 'Z')
        return {
          'x-zendesk-webhook-signature-timestamp': time,
          'x-zendesk-webhook-signature': hmac(secret, time, body).toString('base64'),
        }
      },
    },
  },
}

function ticketCreated(index: number, account: number): object {
  return {
    type: 'zen:event-type:ticket.created',
    account_id: account,
    id: `01HX-${account}-${index}`,
    time: '2026-03-02T05:59:00Z',
    zendesk_event_version: '2022-11-06',
    subject: `zen:ticket:${index}`,
    detail: { id: String(index), status: 'OPEN', subject: `Ticket ${index}` },
  }
}
