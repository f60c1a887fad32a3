import { execFileSync, spawn } from 'node:child_process'
import { existsSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { reeve, reeveJson } from './hosted.ts'
import { ended, project, type Rested, said, start, tamper } from './reeve.ts'

const reply = ['run', 'reply', '--input', '{"to":"bo@example.com","text":"Hi"}']
const greet = ['run', 'greet', '--input', '{"name":"Ada"}']

interface Backup {
  file: string
  code: number
}

async function backedUp(folder: string): Promise<string> {
  const { code, file } = await reeveJson<Backup>(folder, ['backup'])
  expect(code).toBe(0)
  return file
}

function identityOf(file: string): unknown {
  const database = new DatabaseSync(file, { readOnly: true })
  const row = database.prepare(`select value from meta where name = 'identity'`).get()
  database.close()
  return row!.value
}

/** What an operator does whose database is lost. */
function moveAway(folder: string): void {
  for (const part of ['', '-wal', '-shm']) {
    const path = join(folder, `.reeve/reeve.db${part}`)
    if (existsSync(path)) renameSync(path, `${path}.lost`)
  }
}

test('a backup is made beside a worker, which goes on; it is whole, private and marked', async () => {
  const folder = project()
  await reeveJson(folder, greet)
  const child = start(folder, ['worker'])
  const finished = ended(child)
  await said(child.stdout, 'reeve is working')
  const { code, stdout } = await reeve(folder, ['backup', 'kept.db'])
  expect(stdout).toMatch(/kept\.db holds 1 runs with \d+ events \(\d+ bytes\); every chain holds/)
  expect(code).toBe(0)
  expect(statSync(join(folder, 'kept.db')).mode & 0o777).toBe(0o600)
  expect(['kept.db-wal', 'kept.db.partial'].map((name) => existsSync(join(folder, name)))).toEqual([
    false,
    false,
  ])
  // The source is not fenced.
  expect(await reeveJson(folder, greet)).toMatchObject({ status: 'succeeded' })
  child.kill('SIGTERM')
  expect((await finished).code).toBe(0)
  const environment = { DATABASE_URL: 'file:kept.db' }
  const looked = await reeve(folder, ['runs', '--json'], { environment })
  expect(JSON.parse(looked.stdout).runs).toHaveLength(1)
  const driven = await reeve(folder, greet, { environment })
  expect(driven.stderr).toMatch(/kept\.db is a backup of .*reeve\.db as it was at .*reeve db restore/)
  expect(driven.code).toBe(2)
})

test('a restored backup has its own identity; what was in flight is paused, and goes on when a person says so', async () => {
  const folder = project()
  const waiting = await reeveJson<Rested>(folder, reply)
  const file = await backedUp(folder)
  // Since then the run went on, and its mail went out.
  await reeveJson(folder, ['approve', waiting.approvals[0]!.id, '--work'])
  moveAway(folder)
  const restored = await reeveJson<{ held: object[] }>(folder, ['db', 'restore', file, '--yes'])
  expect(restored).toMatchObject({ code: 0, held: [{ id: waiting.runId, workflow: 'reply' }] })
  expect(await reeveJson(folder, greet)).toMatchObject({ status: 'succeeded' })
  const { runs } = await reeveJson<{ runs: object[] }>(folder, ['runs', '--workflow', 'reply'])
  expect(runs).toMatchObject([{ id: waiting.runId, status: 'waiting', paused: true }])
  expect((await reeveJson(folder, ['audit', 'verify'])).code).toBe(0)
  await reeveJson(folder, ['resume', waiting.runId])
  expect(await reeveJson(folder, ['approve', waiting.approvals[0]!.id, '--work'])).toMatchObject({
    status: 'succeeded',
  })
  expect(await reeveJson(folder, ['db', 'restore', '--yes'])).toMatchObject({
    error: { code: 'not-a-backup' },
  })
  expect(identityOf(join(folder, '.reeve/reeve.db'))).not.toBe(identityOf(file))
})

test('a backup and its restoring never replace what is there, and say what to do', async () => {
  const folder = project()
  expect(await reeveJson(folder, ['backup'])).toMatchObject({ code: 2, error: { code: 'backup-source' } })
  await reeveJson(folder, greet)
  const file = await backedUp(folder)
  expect(await reeveJson(folder, ['backup', file])).toMatchObject({
    code: 2,
    error: { code: 'backup-exists' },
  })
  expect(await reeveJson(folder, ['db', 'restore', file])).toMatchObject({
    code: 2,
    error: { code: 'needs-yes' },
  })
  expect(await reeveJson(folder, ['db', 'restore', file, '--yes'])).toMatchObject({
    code: 2,
    error: { code: 'restore-target', message: expect.stringContaining('move') },
  })
  const environment = { DATABASE_URL: 'postgres://reeve:x@127.0.0.1:1/reeve' }
  const { stderr } = await reeve(folder, ['backup'], { environment })
  expect(stderr).toContain('pg_dump')
})

/** The words of a printed command, as a shell takes them. */
function words(printed: string): string[] {
  const line = /reeve ((?:db|resume)\b.*)$/m.exec(printed)![1]!
  return execFileSync('/bin/sh', ['-c', `printf '%s\\n' ${line}`], { encoding: 'utf8' })
    .trimEnd()
    .split('\n')
}

test('the commands that tell how to go on from a backup can be pasted', async () => {
  const folder = project()
  const waiting = await reeveJson<Rested>(folder, reply)
  const { stdout } = await reeve(folder, ['backup', 'a copy.db'])
  moveAway(folder)
  const asked = await reeve(folder, words(stdout))
  expect(asked.stderr).toContain('Nobody can be asked here')
  const restored = await reeve(folder, words(asked.stderr))
  expect(restored.code).toBe(0)
  expect((await reeve(folder, words(restored.stdout))).stdout).toContain(`run ${waiting.runId} is resumed`)
  const moved = await reeve(folder, ['db', 'copy', 'file:.reeve/reeve.db', 'file:copy.db'])
  expect(words(moved.stderr)).toEqual(['db', 'copy', '--yes', 'FROM', 'TO'])
})

test('a damaged database makes no backup that looks whole', async () => {
  const folder = project()
  await reeveJson(folder, greet)
  tamper(folder, `update events set payload = '"other"' where type = 'step-completed'`)
  expect(await reeveJson(folder, ['backup', 'kept.db'])).toMatchObject({
    code: 2,
    error: { code: 'backup-failed', message: expect.stringContaining('was changed') },
  })
  expect(existsSync(join(folder, 'kept.db'))).toBe(false)
})

test('db copy does nothing in a script that does not say --yes', async () => {
  const folder = project()
  await reeveJson(folder, greet)
  expect(await reeveJson(folder, ['db', 'copy', 'file:.reeve/reeve.db', 'file:copy.db'])).toMatchObject({
    code: 2,
    error: { code: 'needs-yes', message: expect.stringContaining('its runs continue at') },
  })
  expect(existsSync(join(folder, 'copy.db'))).toBe(false)
  expect(await reeveJson(folder, greet)).toMatchObject({ status: 'succeeded' })
})

test('prune --dry-run says what would go and deletes nothing; a script prunes without a question', async () => {
  const folder = project()
  await reeveJson(folder, greet)
  await reeveJson(folder, greet)
  tamper(folder, 'update runs set ended_at = ended_at - 3456000000')
  const dry = await reeveJson<{ statuses: { bytes: number }[] }>(folder, ['prune', '--dry-run'])
  expect(dry).toMatchObject({ code: 0, dryRun: true, runs: 2, statuses: [{ status: 'succeeded', runs: 2 }] })
  expect(dry.statuses[0]!.bytes).toBeGreaterThan(0)
  const { stdout } = await reeve(folder, ['prune', '--dry-run'])
  expect(stdout).toMatch(/past retention +runs +events.*\n *succeeded +2 /)
  expect((await reeveJson<{ runs: object[] }>(folder, ['runs'])).runs).toHaveLength(2)
  expect(await reeveJson(folder, ['prune'])).toMatchObject({ code: 0, dryRun: false, runs: 2 })
  expect((await reeveJson<{ runs: object[] }>(folder, ['runs'])).runs).toHaveLength(0)
})

/** Somebody at a terminal who gives one answer. */
function atTerminal(folder: string, args: string[], answer: string): Promise<string> {
  const reeve = join(import.meta.dirname, '../../bin/reeve.js')
  const child = spawn('script', ['-qec', [process.execPath, reeve, ...args].join(' '), '/dev/null'], {
    cwd: folder,
  })
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (!/\(y\/N\)/.test(shown) && /\(y\/N\)/.test(shown + text)) child.stdin.write(`${answer}\n`)
    shown += text
  })
  return new Promise((resolve) => child.on('close', () => resolve(shown)))
}

test.runIf(process.platform === 'linux' && existsSync('/usr/bin/script'))(
  'on a terminal prune and db copy ask first, and do nothing without a yes',
  async () => {
    const folder = project()
    await reeveJson(folder, greet)
    tamper(folder, 'update runs set ended_at = ended_at - 3456000000')
    const copying = ['db', 'copy', 'file:.reeve/reeve.db', 'file:copy.db']
    expect(await atTerminal(folder, copying, 'n')).toContain('Nothing was copied.')
    expect(existsSync(join(folder, 'copy.db'))).toBe(false)
    expect(await atTerminal(folder, ['prune'], '')).toMatch(/succeeded +1 .*Nothing was deleted\./s)
    expect(await atTerminal(folder, ['prune'], 'yes')).toMatch(/1 runs with \d+ events deleted/)
    expect(await atTerminal(folder, copying, 'y')).toContain('every chain holds')
  },
)

test('a restored backup brings back no token that was revoked since, and says so', async () => {
  const folder = project()
  const { token, id } = await reeveJson<{ token: string; id: string }>(folder, ['token', 'create', 'program'])
  const file = await backedUp(folder)
  await reeveJson(folder, ['token', 'revoke', id])
  moveAway(folder)
  const { stdout } = await reeve(folder, ['db', 'restore', file, '--yes'])
  expect(stdout).toMatch(/all tokens \(1\) and sessions \(0\) are revoked/)
  const told = await reeve(folder, ['runs', '--json'], { environment: { REEVE_TOKEN: token } })
  expect(JSON.parse(told.stdout)).toMatchObject({ error: { code: 'token-revoked' } })
  expect(await reeveJson(folder, ['whoami'])).toMatchObject({ principal: 'ada', role: 'owner' })
})
