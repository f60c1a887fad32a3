// Plays the customers while the studio works in sandbox: see README.md.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { runningStandIn } from 'reeve/testing'
import { mail } from './connections.ts'

const [verb, ...files] = process.argv.slice(2)

/** Where the mail server of this machine answers, which the studio's own process started. */
async function mailServer(): Promise<string> {
  const found = await runningStandIn(mail.name, { project: import.meta.dirname })
  if (found) return found.url
  throw new Error(
    'The studio is not at work: start it in another terminal with `npx reeve --project examples/small-business/studio dev`.',
  )
}

async function deliver(): Promise<void> {
  const url = await mailServer()
  for (const file of files) {
    const body = await readFile(resolve(process.env.INIT_CWD ?? process.cwd(), file))
    await fetch(new URL('/letters', url), { method: 'POST', body })
    console.log(`${file} lies in the mailbox`)
  }
}

async function look(): Promise<void> {
  const answer = await fetch(new URL('/sent', await mailServer()))
  const sent = (await answer.json()) as { letter: string }[]
  for (const { letter } of sent) console.log(`SENT\n${letter}\n`)
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
