import { startZendesk } from '../../../src/connectors/zendesk/stand-in.ts'
import { zendesk } from '../../../src/connectors/zendesk/zendesk.ts'
import type { ContractCase } from '../contract/case.ts'

export const zendeskCase: ContractCase = {
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
