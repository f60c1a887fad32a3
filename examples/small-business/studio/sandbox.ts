// Plays the customers while the studio works in sandbox: see README.md.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { projectOf, Runtime, readEnvironment } from 'reeve'
import { internalsOf } from 'reeve/internal'
import { mail } from './connections.ts'

const [verb, ...files] = process.argv.slice(2)

/** Where the mail server of this machine answers, which the studio's own process started. */
async function mailServer(): Promise<string> {
  const folder = import.meta.dirname
  const runtime = await Runtime.open({
    project: projectOf({ knowledge: [] }, [], folder),
    environment: readEnvironment(folder),
  })
  try {
    const query = 'select url from stand_ins where connection = ?'
    const row = await internalsOf(runtime).database.get<{ url: string }>(query, [mail.name])
    const url = row && (JSON.parse(row.url) as { url: string }).url
    const answers = (at: string) =>
      fetch(at).then(
        ({ ok }) => ok,
        () => false,
      )
    if (url !== undefined && (await answers(url))) return url
    throw new Error('The studio is not at work: start it in another terminal with `npx reeve dev`.')
  } finally {
    await runtime.stop()
  }
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
  else throw new Error('Usage: node sandbox.ts deliver FILE.eml... | node sandbox.ts look')
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
