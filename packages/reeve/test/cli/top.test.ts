import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import pc from 'picocolors'
import { expect, test } from 'vitest'
import { topLines } from '../../src/cli/look/top/screen.ts'
import { cut } from '../../src/cli/look/top/top.ts'
import { reeve, reeveJson } from './hosted.ts'
import { emptyFolder, linesOf, project, start } from './reeve.ts'

const colors = pc.createColors(false)
const at = '2030-01-02T12:00:00.000Z'
const spend = { spentUsd: 1.5, reservedUsd: 0, ceilingUsd: 10, forecastUsd: null, endsAt: at }
const rate = { rate: 0.9, succeeded: 9, failed: 1, cancelled: 0, since: at }
const queue = (name: string, ready: number) => ({
  name,
  paused: name === 'held',
  ready,
  readySince: ready > 0 ? '2030-01-02T11:57:00.000Z' : null,
  inLine: 0,
  running: 0,
  limits: { concurrency: null, keyConcurrency: null, rate: null },
  noWorkerHas: [],
})

function view(runs: number, waiting: number) {
  const run = (index: number) => ({ id: `run${index}`, workflow: 'triage\u001b[31m', createdAt: at })
  const item = (index: number) => ({
    kind: 'approval',
    since: '2030-01-02T09:00:00.000Z',
    runId: `asks${index}`,
    workflow: 'refund',
    subject: 'bank.wire\nforged line',
    alike: '',
    approval: null,
  })
  return {
    running: Array.from({ length: runs }, (_, index) => run(index)),
    today: {
      at,
      health: { state: 'attention', sentence: 'One run is silent.', remark: '', problems: [] },
      waiting: {
        counts: {
          approval: waiting,
          question: 0,
          outcome: 0,
          stuck: 0,
          aside: 0,
          total: waiting,
          isMore: false,
        },
        oldest: Array.from({ length: waiting }, (_, index) => item(index)),
      },
      runs: { running: runs, queued: 3, waiting, stuck: 0, failed: 1 },
      queues: [queue('default', 3), queue('held', 0), queue('idle', 0)],
      workers: 1,
      spend: { today: spend, month: spend, project: spend },
      success: { now: rate, before: rate, change: 0, decisions: {}, correctionRate: null },
      failures: { count: 0, groups: [] },
      silent: [
        {
          runId: 'run0',
          workflow: 'triage',
          since: at,
          silentMs: 600_000,
          state: 'suspicious',
          reason: null,
        },
      ],
      schedules: [],
    },
  } as unknown as Parameters<typeof topLines>[0]
}

test('top says how it is, what was spent, what is queued, what runs and what waits', () => {
  const text = topLines(view(2, 1), colors).join('\n')
  expect(text).toMatch(
    /^attention {2}One run is silent\.\n1 worker, 2 running, 3 queued, 1 waiting, 0 stuck, 1 failed/,
  )
  expect(text).toContain('spent today $1.50 of $10.00')
  expect(text).toMatch(/default +3 +0 +0 +3 min\nheld paused +0/)
  expect(text).not.toContain('idle')
  expect(text).toMatch(/run0 {2}0 s {2}silent for 10 min/)
  expect(text).toMatch(/waiting for a person 1\n {2}approval {2}refund: bank\.wire.*asks0 {2}3 h/)
  expect(text).not.toContain('\u001b')
  expect(text).not.toMatch(/^forged/m)
})

test.each([10, 24, 60])('top fits in %i rows, and says how much is left out', (rows) => {
  const lines = topLines(view(40, 40), colors, rows)
  expect(lines.length).toBeLessThanOrEqual(Math.max(rows, 18))
  expect(lines.join('\n')).toMatch(/… \d+ more/)
})

test('a line is cut to the width, its colours not', () => {
  expect(cut('\u001b[31mäbcdef\u001b[39m', 3)).toBe('\u001b[31mäbc\u001b[39m')
  expect(cut('abc', 3)).toBe('abc')
})

test('top and open ask the database or the server; open only where a server answers', async () => {
  const folder = project()
  const none = await reeve(folder, ['open', '--at', 'http://127.0.0.1:9'])
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('No server answers') })
  const { url } = (await linesOf(start(folder, ['start', '--json'])).next()).value as unknown as {
    url: string
  }
  // Without an address it finds the page that was served last, whatever its port.
  for (const at of [['--at', url], []]) {
    const { signIn } = await reeveJson<{ signIn: string }>(folder, ['open', ...at])
    expect(signIn.startsWith(`${url}/sign-in?`)).toBe(true)
    expect((await fetch(signIn)).status).toBe(200)
  }
  const there = emptyFolder()
  for (const role of ['viewer', 'owner'] as const) {
    const { token } = await reeveJson<{ token: string }>(folder, ['token', 'create', role, '--role', role])
    const environment = { REEVE_TOKEN: token }
    const far = ['--server', url]
    const opened = await reeveJson<{ signIn: string | null }>(there, ['open', ...far], { environment })
    expect(opened.signIn === null, role).toBe(role === 'viewer')
    const shown = await reeveJson<{ today: object; running: object[] }>(there, ['top', ...far], {
      environment,
    })
    expect(shown).toMatchObject({ today: { workers: 1 }, running: [] })
  }
  const own = await reeve(folder, ['top'])
  expect(own.stdout).toMatch(/1 worker, 0 running[\s\S]*waiting for a person 0/)
})

test.runIf(process.platform === 'linux' && existsSync('/usr/bin/script'))(
  'at a terminal top goes on until q, and leaves the screen as it was',
  async () => {
    const command = [process.execPath, join(import.meta.dirname, '../../bin/reeve.js'), 'top'].join(' ')
    const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: project() })
    let shown = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (!/q ends/.test(shown) && /q ends/.test(shown + text)) child.stdin.write('q')
      shown += text
    })
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect(code).toBe(0)
    expect(shown).toContain('\u001b[?1049h')
    expect(shown.trimEnd().endsWith('\u001b[?25h\u001b[?1049l')).toBe(true)
  },
)
