import { gmail } from '../../../src/connectors/gmail/gmail.ts'
import { type GmailStandIn, start } from '../../../src/connectors/gmail/stand-in.ts'
import type { ConnectorCase } from '../../../src/testing/connector-checks/case.ts'
import { googleTokens } from './google.ts'

export const gmailCase: ConnectorCase = {
  connector: gmail,
  start: async (options) => {
    const standIn = await start(options)
    standIn.deliver('From: eve@shop.test\r\nMessage-ID: <1@x>\r\nSubject: Hello\r\n\r\nwhere is it?')
    return standIn
  },
  read: { action: 'read', args: { id: (0x1900000001).toString(16) } },
  write: {
    action: 'send',
    args: (index) => ({ to: ['eve@shop.test'], subject: `Order ${index}`, text: 'On its way' }),
    deed: 'letter-sent',
    lost: { on: 'POST /drafts/send' },
  },
  oauth: googleTokens((standIn) => (standIn as GmailStandIn).signIn),
}
