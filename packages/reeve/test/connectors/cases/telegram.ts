import { start } from '../../../src/connectors/telegram/stand-in.ts'
import { telegram } from '../../../src/connectors/telegram/telegram.ts'
import type { ConnectorCase } from '../../../src/testing/connector-checks/case.ts'

export const telegramCase: ConnectorCase = {
  connector: telegram,
  start,
  read: { action: 'chat', args: { chatId: 100 } },
  write: {
    action: 'send',
    args: (index) => ({ chatId: 100, text: `Number ${index} is down` }),
    deed: 'message-sent',
    // A bot cannot read what it sent.
    leavesNoTrace: true,
    lost: { on: ({ path }) => path.endsWith('sendMessage'), asksPerson: true },
  },
}
