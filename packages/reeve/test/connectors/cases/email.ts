import { email } from '../../../src/connectors/email/email.ts'
import { start } from '../../../src/connectors/email/stand-in.ts'
import type { ConnectorCase } from '../../../src/testing/connector-checks/case.ts'

export const emailCase: ConnectorCase = {
  connector: email,
  start: async (options) => {
    const standIn = await start(options)
    standIn.account().store.inbox.add(Buffer.from('From: eve@shop.test\r\nSubject: Hello\r\n\r\nwhere?'), {
      at: options.now(),
    })
    return standIn
  },
  elsewhere: (host) => ({ imap: host, smtp: host }),
  isHttp: false,
  read: { action: 'search', args: { subject: 'Hello' } },
  write: {
    action: 'send',
    args: (index) => ({ to: ['eve@shop.test'], subject: `Order ${index}`, text: 'On its way' }),
    deed: 'letter-sent',
    // A letter that was handed in and not answered lies among the drafts: nobody can tell.
    lost: { on: 'SMTP END', asksPerson: true },
  },
}
