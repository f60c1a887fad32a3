import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { standInOf, type TestRuntime, testRuntime } from 'reeve/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mail } from '../desk/connections.ts'

const project = join(import.meta.dirname, '../desk')
const inbox = join(import.meta.dirname, '../inbox')

/** The desk in sandbox, with the mail server and the Slack of this machine. */
async function openDesk() {
  const folder = mkdtempSync(join(tmpdir(), 'triage-desk-'))
  const desk = await testRuntime({ project, file: join(folder, 'reeve.db'), patience: '5m' })
  const urlOfMail = async () => (await standInOf(desk, mail.name)).url
  return {
    desk,
    async close() {
      await desk.stop()
      rmSync(folder, { recursive: true, force: true })
    },
    async deliver(...letters: (string | Buffer)[]) {
      const url = await urlOfMail()
      for (const body of letters) await fetch(new URL('/letters', url), { method: 'POST', body })
      await desk.advance('1m') // it looks into the mailbox
    },
    sent: async () =>
      (await (await fetch(new URL('/sent', await urlOfMail()))).json()) as { to: string[]; letter: string }[],
    posted: () =>
      (
        JSON.parse(readFileSync(join(folder, 'sandbox/slack.json'), 'utf8')) as {
          state: { messages: { text: string }[] }
        }
      ).state.messages.map(({ text }) => text),
  }
}

let opened: Awaited<ReturnType<typeof openDesk>>

beforeAll(async () => {
  opened = await openDesk()
})

afterAll(() => opened?.close())

const read = (name: string) => readFileSync(join(inbox, name))

async function asked(desk: TestRuntime) {
  const all = await desk.runtime.listApprovals()
  return all.filter(({ subject }) => subject === 'email.send')
}

test('machines, mail servers and the desk itself get no answer', async () => {
  const { desk, deliver, sent } = opened
  const headers = ['Message-ID: <loop@x>', 'Subject: Re: hello', '', 'What do you mean?']
  await deliver(
    read('028-bounce.eml'),
    read('027-out-of-office.eml'),
    ['From: desk@sandbox.test', ...headers].join('\r\n'),
  )
  const { runs } = await desk.runtime.listRuns()
  expect(runs.map(({ status }) => status)).toEqual(Array(3).fill('succeeded'))
  for (const { id } of runs)
    expect((await desk.runtime.getRun(id)).output).toMatchObject({ outcome: 'ignored' })
  expect([await asked(desk), await sent()]).toEqual([[], []])
})

test('a letter is answered once in its thread, and an outage alarmed once, whenever the worker dies', async () => {
  const { desk, deliver, sent, posted } = opened
  desk.crashIn('slack.post', 'after')
  await deliver(read('015-everything-down.eml'))
  expect(posted()).toEqual([expect.stringContaining('ALL 62 HIVES DARK')])
  const [request] = await asked(desk)
  expect(await sent()).toEqual([])
  desk.crashIn('email.send', 'after')
  await desk.runtime.decide(request!.id, { verdict: 'approve', by: 'ada' })
  await desk.settle()
  expect((await desk.runtime.getRun(request!.runId)).output).toMatchObject({ outcome: 'critical' })
  const letters = await sent()
  expect(letters.map(({ to }) => to)).toEqual([['farida.haddad@example.org']])
  expect(letters[0]!.letter).toContain('In-Reply-To: <haddad-0602@example.org>')
  expect(posted()).toHaveLength(1)
})
