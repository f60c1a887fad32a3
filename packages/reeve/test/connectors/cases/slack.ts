import { slack } from '../../../src/connectors/slack/slack.ts'
import { start } from '../../../src/connectors/slack/stand-in.ts'
import type { ConnectorCase } from '../../../src/testing/connector-checks/case.ts'
import { hmacHex } from './signing.ts'

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
  events: {
    event: { ours: (index) => messageOf(index), theirs: (index) => messageOf(index, 'T0OTHER'), sign },
    interaction: {
      ours: (index) => pressOf(index),
      theirs: (index) => pressOf(index, 'T0OTHER'),
      sign: (...given) => ({ ...sign(...given), 'content-type': 'application/x-www-form-urlencoded' }),
      // It has no id. Slack sends none again.
      isSignedAnew: false,
    },
  },
}

/** Of the stand-in. */
const workspace = 'T0STANDIN'

function messageOf(index: number, team = workspace): object {
  const event = {
    type: 'message',
    channel: 'C0123ABCD',
    user: 'U0123',
    text: `Number ${index}`,
    ts: `1767000000.00000${index}`,
  }
  return { type: 'event_callback', team_id: team, event_id: `Ev${index}`, event_time: 1_767_000_000, event }
}

function pressOf(index: number, team = workspace): string {
  const pressed = {
    type: 'block_actions',
    team: { id: team },
    user: { id: 'U0123' },
    actions: [{ action_id: `press-${index}` }],
  }
  return `payload=${encodeURIComponent(JSON.stringify(pressed))}`
}

function sign(body: Buffer, { secret, sentAt }: { secret: string; sentAt: number }): Record<string, string> {
  return {
    'x-slack-request-timestamp': String(sentAt),
    'x-slack-signature': `v0=${hmacHex(secret, `v0:${sentAt}:`, body)}`,
  }
}
