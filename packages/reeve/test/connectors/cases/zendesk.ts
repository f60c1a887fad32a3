import { startZendesk } from '../../../src/connectors/zendesk/stand-in.ts'
import { zendesk } from '../../../src/connectors/zendesk/zendesk.ts'
import type { ConnectorCase } from '../../../src/testing/connector-checks/case.ts'

export const zendeskCase: ConnectorCase = {
  connector: zendesk,
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
}
