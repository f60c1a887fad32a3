import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import type { Database } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrations.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { testEngine } from '../engine/harness.ts'

/** Another process that holds the lock until `letGo`. */
async function holdLock(
  file: string,
  mode: 'immediate' | 'exclusive',
): Promise<{ letGo: () => Promise<void> }> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.resolve('./lock-holder.ts')), file, mode])
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return {
    letGo: async () => {
      child.stdin.write('go\n')
      await once(child, 'exit')
    },
  }
}

const fileIn = (folder = mkdtempSync(join(tmpdir(), 'reeve-busy-'))) => join(folder, 'reeve.db')

async function open(file: string, busyMs?: number): Promise<Database> {
  const database = openSqlite({ file, clock: new FakeClock(), ...(busyMs === undefined ? {} : { busyMs }) })
  onTestFinished(() => database.close())
  await migrate(database, () => 'identity')
  return database
}

/** The longest that the event loop stood still while it turned so often. */
async function longestGap(turns: number): Promise<number> {
  let longest = 0
  for (let turn = 0, last = performance.now(); turn < turns; turn++) {
    await delay(1)
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }
  return longest
}

/** SQLite's own waiting is for 5 s; a busy machine may stop this process for a second or two. */
const standstillMs = 4_000

test('while another process holds the lock the event loop goes on, and what waits is written afterwards', async () => {
  const file = fileIn()
  const database = await open(file)
  const other = await holdLock(file, 'immediate')
  let written = 0
  const writes = [1, 2, 3].map((no) =>
    database.run(`insert into counters (name, value) values (?, ?)`, [`c${no}`, no]).then(() => written++),
  )
  expect(await longestGap(300)).toBeLessThan(standstillMs)
  expect(await database.all('select * from counters')).toEqual([])
  expect(written).toBe(0)
  await other.letGo()
  await Promise.all(writes)
  expect(await database.all('select value from counters order by name')).toEqual(
    [1, 2, 3].map((value) => ({ value })),
  )
})

test('a start is not refused while the database is locked: it waits', async () => {
  const file = fileIn()
  const database = await open(file)
  const workflow = defineWorkflow({ name: 'plain', input: z.unknown(), run: async () => 'done' }) as Workflow
  const { engine } = await testEngine([workflow], { database })
  await engine.start()
  onTestFinished(() => engine.stop())
  const other = await holdLock(file, 'immediate')
  const starting = [1, 2, 3].map((priority) =>
    engine.startRun('plain', {}, { priority, queue: `q${priority}` }),
  )
  expect(await longestGap(100)).toBeLessThan(standstillMs)
  await other.letGo()
  const handles = await Promise.all(starting)
  for (const handle of handles) expect(await handle.result()).toEqual({ status: 'succeeded', output: 'done' })
})

test('what is not free within its time fails with a clear error, writes nothing, and works later', async () => {
  const file = fileIn()
  const database = await open(file, 50)
  const other = await holdLock(file, 'immediate')
  const error = await database
    .run(`insert into counters (name, value) values ('a', 1)`)
    .catch((cause) => cause)
  expect(error).toMatchObject({ code: 'database-busy', retryable: true })
  expect(error.message).toContain('for more than 0.05 s')
  expect(database.classify(error)).toBe('retry')
  await other.letGo()
  expect(await database.all('select * from counters')).toEqual([])
  expect(await database.run(`insert into counters (name, value) values ('a', 1)`)).toBe(1)
})

test('a database that another process has for itself is opened, read and changed once it lets go', async () => {
  const file = fileIn()
  const other = await holdLock(file, 'exclusive')
  const database = openSqlite({ file, clock: new FakeClock() })
  onTestFinished(() => database.close())
  const reading = database.all('select * from held')
  const writing = database.run('insert into held (a) values (1)')
  expect(await longestGap(100)).toBeLessThan(standstillMs)
  await other.letGo()
  await Promise.all([reading, writing])
  expect(await database.all('select a from held')).toEqual([{ a: 1 }])
})
