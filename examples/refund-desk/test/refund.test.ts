import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'

const project = join(import.meta.dirname, '..')
const reeve = join(dirname(createRequire(import.meta.url).resolve('reeve/package.json')), 'bin/reeve.js')

let folder: string
let environment: NodeJS.ProcessEnv

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'refund-'))
  environment = {
    ...process.env,
    // As a user's command: by the build, where it is up to date.
    NODE_OPTIONS: undefined,
    DATABASE_URL: `file:${join(folder, 'reeve.db')}`,
    ANTHROPIC_API_KEY: '',
  }
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function start(args: string[]) {
  const child = spawn(process.execPath, [reeve, ...args, '--json'], { cwd: project, env: environment })
  let out = ''
  child.stdout.on('data', (data) => {
    out += data
  })
  const done = new Promise<{ code: number | null; out: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, out }))
  })
  return { child, done }
}

function ask(userId: string, key = userId) {
  return start([
    'run',
    'refund',
    '--key',
    key,
    '--input',
    JSON.stringify({ userId, request: 'Please pay me back.' }),
  ])
}

/** What the stand-in of Stripe paid back. */
function refunds(): { amount: number; payment_intent: string }[] {
  const file = join(folder, 'sandbox/stripe.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).state.refunds : []
}

function query<Row>(sql: string): Row[] {
  try {
    const database = new DatabaseSync(join(folder, 'reeve.db'), { readOnly: true })
    try {
      return database.prepare(sql).all() as Row[]
    } finally {
      database.close()
    }
  } catch {
    return []
  }
}

test('a small refund is paid at once; an old purchase and an unknown customer are told why not', async () => {
  const paid = await ask('user_789').done
  expect(paid.code).toBe(0)
  expect(paid.out).toContain('How long a refund takes: Once')
  expect(refunds()).toHaveLength(1)
  const old = await ask('user_456').done
  expect(old.out).toContain('within 30 days')
  // What the letter quotes of the shop's policy fits what it says.
  expect(old.out).toContain('Refunds within 30 days: We refund')
  const nobody = await ask('user_000').done
  expect(nobody.out).toContain('No purchase history')
  expect(nobody.out).toContain('No purchase found: If')
  expect(refunds()).toHaveLength(1)
})

test('above $100 a person decides, and a rejection pays nothing', async () => {
  expect((await ask('user_123').done).code).toBe(3)
  expect(refunds()).toHaveLength(0)
  const [first] = query<{ id: string }>('select id from approvals')
  expect((await start(['reject', first!.id, '--note', 'not ours', '--work']).done).code).toBe(0)
  expect(refunds()).toHaveLength(0)
  expect((await ask('user_123', 'again').done).code).toBe(3)
  const [second] = query<{ id: string }>(`select id from approvals where status = 'pending'`)
  expect((await start(['approve', second!.id, '--work']).done).code).toBe(0)
  expect(refunds()).toHaveLength(1)
})

test('the letter names the sum that a person let be paid', async () => {
  expect((await ask('user_123').done).code).toBe(3)
  const [asked] = query<{ id: string }>('select id from approvals')
  const edit = ['--edit', '{"amount":2000}', '--work']
  const { code, out } = await start(['approve', asked!.id, ...edit]).done
  expect(code).toBe(0)
  expect(out).toContain('Your refund of $20 has been paid')
  expect(refunds()).toMatchObject([{ payment_intent: 'pi_standin_149', amount: 2000 }])
})

test('killed after each event of its journal, it pays once', async () => {
  for (const events of [1, 2, 3, 4]) {
    const { child, done } = ask('user_789')
    let over = false
    void done.then(() => {
      over = true
    })
    while (!over && (query<{ n: number }>('select count(*) as n from events')[0]?.n ?? 0) < events) {
      await delay(5)
    }
    child.kill('SIGKILL')
    await done
  }
  expect((await ask('user_789').done).code).toBe(0)
  expect(refunds()).toHaveLength(1)
})
