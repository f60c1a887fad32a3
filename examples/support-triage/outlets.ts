import type { Context, Grant, Trigger } from 'reeve'
import { chatPost, helpdeskReply } from './tools/index.ts'

/** What is written to a customer. */
export interface Reply {
  /** Absent: the message has no usable sender. */
  to: string | undefined
  subject: string
  body: string
  /** The ticket's id. */
  inReplyTo: string
  /** The messages before it in its thread, the oldest first. */
  references: string[] | undefined
}

/** How a triage reaches customers and the team, and what it comes from. */
export interface Outlets {
  /** Names of the tools. */
  tools: { reply: string; alarm: string }
  /** What a run may do with them. A reply goes to whoever wrote, and stays with its ticket. */
  grants: Grant[]
  on?: Trigger<TicketInput>[]
  sendReply(ctx: Context, reply: Reply): Promise<unknown>
  postAlarm(ctx: Context, alarm: { channel: string; text: string }): Promise<unknown>
}

/** A message, as the workflow is started with it. */
export interface TicketInput {
  id: string
  from: string
  subject: string
  body: string
  automatic?: boolean | undefined
  notes?: string[] | undefined
  references?: string[] | undefined
}

/** The helpdesk and the chat of `receivers/`. */
export const receivers: Outlets = {
  tools: { reply: 'helpdesk.reply', alarm: 'chat.post' },
  grants: [
    { tool: 'chat.post', args: { channel: '#critical-bugs' } },
    { tool: 'helpdesk.reply', args: { to: { same: 'input.from' }, inReplyTo: { same: 'input.id' } } },
    {
      id: 'reply without a sender',
      tool: 'helpdesk.reply',
      args: { inReplyTo: { same: 'input.id' } },
      asks: true,
    },
  ],
  sendReply: (ctx, { to, subject, body, inReplyTo }) =>
    ctx.call(helpdeskReply, { to, subject, body, inReplyTo }),
  postAlarm: (ctx, alarm) => ctx.call(chatPost, alarm),
}
