import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Report } from '../report/read-report.ts'

const project = join(import.meta.dirname, '..')
const reeve = join(dirname(createRequire(import.meta.url).resolve('reeve/package.json')), 'bin/reeve.js')

let folder: string
let environment: NodeJS.ProcessEnv

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'triage-'))
  environment = {
    ...process.env,
    // As a user's command: by the build, where it is up to date.
    NODE_OPTIONS: undefined,
    DATABASE_URL: `file:${join(folder, 'reeve.db')}`,
    RECEIVERS_DIR: join(folder, 'receivers'),
    RECEIVERS_PORT: String(20_000 + Math.floor(process.pid % 20_000)),
    ANTHROPIC_API_KEY: '',
    INIT_CWD: project,
  }
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function start(
  args: string[],
): ChildProcess & { output: Promise<{ code: number | null; out: string; err: string }> } {
  const child = spawn(process.execPath, args, { cwd: project, env: environment })
  let out = ''
  let err = ''
  child.stdout.on('data', (data) => {
    out += data
  })
  child.stderr.on('data', (data) => {
    err += data
  })
  const output = new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, out, err }))
  })
  return Object.assign(child, { output })
}

async function triage(...args: string[]): Promise<Report> {
  const { code, out, err } = await start(['triage.ts', '--json', ...args]).output
  expect(err.replaceAll(/^.*ExperimentalWarning.*\n.*\n/gm, '')).toBe('')
  expect(code).toBe(0)
  return JSON.parse(out) as Report
}

interface Arrival {
  receiver: string
  key: string
  replayed: boolean
  body: { text?: string }
}

function arrivals(): Arrival[] {
  const lines = readFileSync(join(folder, 'receivers/receivers.jsonl'), 'utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line) as Arrival)
}

function count(report: Report, outcome: keyof Report['categories'][string]): number {
  return Object.values(report.categories).reduce((sum, category) => sum + (category[outcome] ?? 0), 0)
}

test('the inbox is triaged; a second start does nothing twice; an approval sends its reply once', async () => {
  const first = await triage()
  expect(first.tickets).toBeGreaterThan(20)
  expect(first.fresh).toBe(first.tickets)
  expect(count(first, 'failed')).toBe(0)
  expect(count(first, 'under way')).toBe(0)
  expect(count(first, 'critical')).toBe(arrivals().filter(({ receiver }) => receiver === 'chat').length)
  expect(count(first, 'critical')).toBeGreaterThan(0)

  const second = await triage()
  expect(second).toMatchObject({ tickets: first.tickets, fresh: 0, alreadyDone: first.tickets })
  expect(second.categories).toEqual(first.categories)

  const approved = await start([reeve, 'approve', first.example.approval!, '--work']).output
  expect(approved).toMatchObject({ code: 0 })
  const replies = arrivals().filter(({ receiver }) => receiver === 'helpdesk')
  expect(replies).toHaveLength(1)
  expect(replies[0]!.key).toContain(first.example.run!)
  const third = await triage()
  expect(count(third, 'answered')).toBe(1)
  const audit = await start([reeve, 'audit', 'verify']).output
  expect(audit.code).toBe(0)
})

test('another mail under a known Message-ID is a ticket of its own, and is told of', async () => {
  const mails = ['Where is my invoice?', 'URGENT: the site is down, nothing works, all our data is gone!']
  const arrive = (name: string, subject: string) => {
    const lines = [
      'From: ann@example.com',
      'Message-ID: <same@example.com>',
      `Subject: ${subject}`,
      '',
      subject,
    ]
    writeFileSync(join(folder, 'inbox', `${name}.eml`), lines.join('\r\n'))
  }
  mkdirSync(join(folder, 'inbox'))
  const read = async () => {
    const { code, out } = await start(['triage.ts', '--json', '--inbox', join(folder, 'inbox')]).output
    expect(code).toBe(0)
    return JSON.parse(out) as Report
  }
  arrive('1', mails[0]!)
  expect(await read()).toMatchObject({ tickets: 1, fresh: 1 })
  arrive('2', mails[1]!)
  const { code, err } = await start(['triage.ts', '--inbox', join(folder, 'inbox')]).output
  expect(code).toBe(0)
  expect(err).toContain('another message came under this id before')
  expect(await read()).toMatchObject({ tickets: 2, fresh: 0 })
})

test('an alarm is inert text, its sender gets a reply as well, and no id swallows another message', async () => {
  const alarm = {
    id: 'm1@example.com',
    from: 'ann@example.com',
    subject: '<!channel> everything is down https://evil.test/login',
    body: 'The whole app is down for all of us and alerts are not sent. Nobody can log in. This is an outage.',
  }
  const other = { ...alarm, subject: 'a question', body: 'How long do the batteries of a scale last?' }
  const inbox = join(folder, 'inbox.jsonl')
  writeFileSync(inbox, [other, alarm, alarm].map((one) => JSON.stringify(one)).join('\n'))
  const report = await triage('--inbox', inbox)
  expect(report).toMatchObject({ tickets: 2, fresh: 2, sameId: 1 })
  expect(count(report, 'critical')).toBe(1)
  const chats = arrivals().filter(({ receiver }) => receiver === 'chat')
  expect(chats.map(({ body }) => body.text)).toEqual([
    expect.stringMatching(
      /^\[technical\] ＜!channel＞ everything is down https\(:\)\/\/evil\(\.\)test\/login \(from ann\(at\)example\(\.\)com\)$/,
    ),
  ])
  const { out } = await start([reeve, 'approvals', '--json']).output
  expect(new Set(out.match(/"runId":\s*"[^"]+"/g)).size).toBe(2)
})

test('killed again and again, it loses nothing and repeats nothing', async () => {
  for (const events of [5, 60, 200]) {
    const child = start(['triage.ts', '--json'])
    // One that had more to do than that is killed in the middle of it, however fast the machine is.
    await expect
      .poll(() => child.exitCode !== null || journalLength() >= events, { interval: 1, timeout: 60_000 })
      .toBe(true)
    child.kill('SIGKILL')
    await child.output
  }
  const report = await triage()
  expect(count(report, 'failed') + count(report, 'under way')).toBe(0)
  const chats = arrivals().filter(({ receiver, replayed }) => receiver === 'chat' && !replayed)
  expect(new Set(chats.map(({ key }) => key)).size).toBe(chats.length)
  expect(chats).toHaveLength(count(report, 'critical'))
})

function journalLength(): number {
  try {
    const database = new DatabaseSync(join(folder, 'reeve.db'), { readOnly: true })
    try {
      return Number(database.prepare('select count(*) as n from events').get()!.n)
    } finally {
      database.close()
    }
  } catch {
    return 0
  }
}
