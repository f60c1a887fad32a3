import { slack } from '../../../src/connectors/slack/slack.ts'
import { start } from '../../../src/connectors/slack/stand-in.ts'
import type { ContractCase } from '../contract/case.ts'

export const slackCase: ContractCase = {
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
