// Plays the customers and the team while the desk works in sandbox: see README.md.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { runningStandIn } from 'reeve/testing'
import { chat, mail } from './connections.ts'

const [verb, ...files] = process.argv.slice(2)

/** Where a stand-in answers, which the desk's own process started. */
async function standInOf({ name }: { name: string }): Promise<string> {
  const found = await runningStandIn(name, { project: import.meta.dirname })
  if (found) return found.url
  throw new Error(
    'The desk is not at work: start it in another terminal with `npx reeve --project examples/support-triage/desk dev`.',
  )
}

async function deliver(): Promise<void> {
  const url = await standInOf(mail)
  for (const file of files) {
    const body = await readFile(resolve(process.env.INIT_CWD ?? process.cwd(), file))
    await fetch(new URL('/letters', url), { method: 'POST', body })
    console.log(`${file} lies in the mailbox`)
  }
}

async function look(): Promise<void> {
  const sent = (await (await fetch(new URL('/sent', await standInOf(mail)))).json()) as { letter: string }[]
  for (const { letter } of sent) console.log(`SENT\n${letter}\n`)
  const slack = await standInOf(chat)
  const ask = async (method: string, args: object) => {
    const authorization = `Bearer ${chat.definition.sandbox.standIn.credential}`
    const headers = { authorization, 'content-type': 'application/json' }
    return (
      await fetch(new URL(method, slack), { method: 'POST', headers, body: JSON.stringify(args) })
    ).json()
  }
  const { channels } = (await ask('/conversations.list', {})) as { channels: { id: string; name: string }[] }
  for (const { id, name } of channels) {
    const { messages } = (await ask('/conversations.history', { channel: id })) as {
      messages: { text: string }[]
    }
    for (const { text } of messages) console.log(`POSTED in #${name}\n${text}\n`)
  }
  console.log(`${sent.length} letters were sent.`)
}

try {
  if (verb === 'deliver' && files.length > 0) await deliver()
  else if (verb === 'look') await look()
  else throw new Error('Usage: npx node sandbox.ts deliver FILE.eml... | npx node sandbox.ts look')
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
