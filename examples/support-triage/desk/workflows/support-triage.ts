import type { Outlets } from '../../outlets.ts'
import { shopCategories, supportTriageFor } from '../../workflows/support-triage.ts'
import { chat, mail } from '../connections.ts'
import { ticketOf } from '../letter-ticket.ts'

const isMessageId = /^<[^<>\s]{1,990}>$/

/** By mail and Slack. */
const outlets: Outlets = {
  tools: { reply: 'email.send', alarm: 'slack.post' },
  grants: [
    { tool: 'slack.post', args: { channel: '#critical-bugs' } },
    {
      tool: 'email.send',
      args: { to: { same: 'input.from' }, inReplyTo: { same: 'input.id' } },
      // Where two machines write to each other, nobody looks at the first letters.
      budgets: [{ id: 'letters to one address', ceiling: 10, per: '1d', by: 'to' }],
    },
    {
      id: 'a letter that has no id',
      tool: 'email.send',
      args: { to: { same: 'input.from' } },
      asks: true,
    },
  ],
  on: [mail.on.letter({ input: ticketOf })],
  async sendReply(ctx, { to, subject, body, inReplyTo, references = [] }) {
    // A person sees that it has no reply: the workflow requires one.
    if (to === undefined) return null
    const before = references.filter((each) => isMessageId.test(each)).slice(-50)
    const thread = isMessageId.test(inReplyTo) && { inReplyTo, references: before }
    return ctx.call(mail.actions.send, { to: [to], subject, text: body, ...thread })
  },
  postAlarm: (ctx, alarm) => ctx.call(chat.actions.post, alarm),
}

export default supportTriageFor(shopCategories, outlets)
