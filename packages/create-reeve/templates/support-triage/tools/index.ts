import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tool } from 'reeve'
import { z } from 'zod'

// Until your helpdesk and your chat are connected, what is sent is a file. Its name is the key of the effect, which is the
// same on every attempt: send it to your helpdesk as its idempotency key.
const outbox = join(import.meta.dirname, '../outbox')

const Sent = z.object({ file: z.string() })

/** Sends a reply to a customer. A person approves the exact text first. */
export const helpdeskReply = tool({
  name: 'helpdesk.reply',
  description: 'Send a reply to a customer',
  input: z.object({ to: z.email(), subject: z.string(), body: z.string().min(1) }),
  output: Sent,
  effect: 'idempotent',
  risk: 'high',
  run: (reply, { key }) => put('replies', key, reply),
})

/** Posts to the team's chat. Nobody outside sees it. */
export const chatPost = tool({
  name: 'chat.post',
  description: "Post a message to a channel of the team's chat",
  input: z.object({ channel: z.string().startsWith('#'), text: z.string().min(1) }),
  output: Sent,
  effect: 'idempotent',
  risk: 'low',
  run: (message, { key }) => put('chat', key, message),
})

/** The same key is one file, however often it comes. */
async function put(kind: string, key: string, message: object): Promise<{ file: string }> {
  const file = join(outbox, kind, `${key.replaceAll(':', '-')}.json`)
  await mkdir(join(outbox, kind), { recursive: true })
  await writeFile(file, `${JSON.stringify(message, null, 2)}\n`)
  return { file }
}
