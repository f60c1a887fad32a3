import { NotApplied, tool } from 'reeve'
import { z } from 'zod'
import { receiversUrl } from '../receivers/place.ts'
import { findReply, postMessage, postReply, ReceiverError } from './receivers.ts'

const receipt = z.object({ key: z.string(), receivedAt: z.string(), replayed: z.boolean() })

/** Sends a reply to a customer. A person approves the exact text first. */
export const helpdeskReply = tool({
  name: 'helpdesk.reply',
  description: 'Send a reply to a customer through the helpdesk',
  input: z.object({
    to: z.email().optional(),
    subject: z.string(),
    body: z.string().min(1),
    inReplyTo: z.string().min(1),
  }),
  output: receipt,
  effect: 'verifiable',
  risk: 'high',
  timeout: '10s',
  async verify(_reply, { key, signal }) {
    const found = await findReply(receiversUrl(), key, signal)
    if (!found) return { outcome: 'not-applied' }
    return { outcome: 'applied', result: { key, receivedAt: found.receivedAt, replayed: true } }
  },
  run: (reply, { key, signal }) => refusalsAsNotApplied(postReply(receiversUrl(), reply, key, signal)),
})

/** Posts to the team's chat. Nobody outside sees it, and the same key never posts twice. */
export const chatPost = tool({
  name: 'chat.post',
  description: "Post a message to a channel of the team's chat",
  input: z.object({ channel: z.string().startsWith('#'), text: z.string().min(1) }),
  output: receipt,
  effect: 'idempotent',
  risk: 'low',
  timeout: '10s',
  retry: { attempts: 6, delay: '250ms' },
  run: (message, { key, signal }) => refusalsAsNotApplied(postMessage(receiversUrl(), message, key, signal)),
})

/** A receiver that refused did certainly nothing: the outcome is known. */
async function refusalsAsNotApplied<T>(receipt: Promise<T>): Promise<T> {
  try {
    return await receipt
  } catch (error) {
    if (error instanceof ReceiverError && error.code === 'receiver-refused') {
      throw new NotApplied(error.message, { cause: error })
    }
    throw error
  }
}
