import { slack } from '../../../src/connectors/slack/slack.ts'
import { start } from '../../../src/connectors/slack/stand-in.ts'
import type { ConnectorCase } from '../../../src/testing/connector-checks/case.ts'

export const slackCase: ConnectorCase = {
  connector: slack,
  start,
  read: { action: 'channels', args: {} },
  write: {
    action: 'post',
    args: (index) => ({ channel: '#critical-bugs', text: `Number ${index} is down` }),
    deed: 'message-posted',
    // Looking at the account is a POST, too.
    lost: { on: 'POST /chat.postMessage' },
  },
}
