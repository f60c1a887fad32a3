import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { LoopStretch } from '../../src/base/time/loop-stretch.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import type { Database, Session } from '../../src/store/database.ts'
import { noLimits, saveQueue } from '../../src/store/dispatch/queues/queues.ts'
import { migrate } from '../../src/store/migrations.ts'
import { SharedCommits } from '../../src/store/sqlite/commits.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { testEngine } from '../engine/harness.ts'

/** Shared commits over a connection that only notes what it is told; its commits fail with `faults`, one after the other. */
function notedCommits(faults: unknown[] = []) {
  const notes: string[] = []
  let isOpen = false
  const session = { run: async (sql: string) => notes.push(sql) } as unknown as Session
  const end = (how: string) => {
    notes.push(how)
    isOpen = false
  }
  let last: Promise<unknown> = Promise.resolve()
  const commits = new SharedCommits(
    {
      session,
      begin: async () => {
        notes.push('begin')
        isOpen = true
      },
      commit: () => {
        if (faults.length > 0) throw faults.shift()
        end('commit')
      },
      rollback: () => end('rollback'),
      isOpen: () => isOpen,
      isBroken: (error) => error === 'broken',
      onBroken: () => notes.push('process ends'),
    },
    new LoopStretch(20),
    (work) => {
      const turn = last.then(work)
      last = turn.catch(() => undefined)
      return turn
    },
  )
  return { commits, notes, undoAll: () => end('undone by SQLite') }
}

const say = (text: string) => async (session: Session) => {
  await session.run(text)
  return text
}

test('transactions that wait at one moment share one commit, and one alone needs no savepoint', async () => {
  const { commits, notes } = notedCommits()
  expect(await Promise.all(['a', 'b', 'c'].map((text) => commits.add(say(text))))).toEqual(['a', 'b', 'c'])
  const behindSavepoint = (text: string) => ['savepoint one', text, 'release one']
  expect(notes).toEqual(['begin', ...['a', 'b', 'c'].flatMap(behindSavepoint), 'commit'])
  notes.length = 0
  await commits.add(say('d'))
  expect(notes).toEqual(['begin', 'd', 'commit'])
})

test('one that fails is undone alone', async () => {
  const { commits, notes } = notedCommits()
  const failing = commits.add(async (session) => {
    await session.run('b')
    throw new Error('refused')
  })
  const others = [commits.add(say('c')), commits.add(say('d'))]
  await expect(failing).rejects.toThrow('refused')
  await Promise.all(others)
  expect(notes.slice(0, 5)).toEqual(['begin', 'savepoint one', 'b', 'rollback to one', 'release one'])
  expect(notes.filter((note) => note === 'commit')).toHaveLength(1)
})

test.each(['the commit fails', 'SQLite undoes all'])('when %s, each is done again by itself', async (how) => {
  const { commits, notes, undoAll } = notedCommits(how === 'the commit fails' ? ['disk full'] : [])
  let tries = 0
  const second = commits.add(async (session) => {
    await session.run('b')
    if (how === 'SQLite undoes all' && ++tries === 1) {
      undoAll()
      throw new Error('disk full')
    }
    return 'b'
  })
  const first = commits.add(say('a'))
  expect(await Promise.all([first, second])).toEqual(['a', 'b'])
  expect(notes.filter((note) => note === 'commit')).toHaveLength(2)
  expect(notes.slice(notes.lastIndexOf('savepoint one')).filter((note) => note === 'begin')).toHaveLength(2)
})

test('when nobody can tell what is on disk, all fail, the process is ended, and nothing is tried again', async () => {
  const { commits, notes } = notedCommits(['broken'])
  const ends = await Promise.allSettled(['a', 'b'].map((text) => commits.add(say(text))))
  expect(ends).toEqual(Array(2).fill({ status: 'rejected', reason: 'broken' }))
  expect(notes.slice(-2)).toEqual(['process ends', 'rollback'])
})

async function openFile(): Promise<Database> {
  const file = join(mkdtempSync(join(tmpdir(), 'reeve-shared-')), 'reeve.db')
  const database = openSqlite({ file, clock: new FakeClock() })
  onTestFinished(() => database.close())
  await migrate(database, () => 'identity')
  return database
}

/** Far more than fit between two turns of the event loop. */
const endless = 1_000_000

test.each(['transactions', 'reads'])('a timer is called while a loop awaits %s one by one', async (what) => {
  const database = await openFile()
  let called = false
  setTimeout(() => {
    called = true
  }, 1)
  let count = 0
  for (; count < endless && !called; count++) {
    if (what === 'reads') await database.get('select 1')
    else await database.run(`insert into counters (name, value) values ('x', 1) on conflict do nothing`)
  }
  expect(called).toBe(true)
  expect(count).toBeLessThan(endless)
})

test('runs are driven while a loop awaits one start after the other', async () => {
  const database = await openFile()
  const workflow = defineWorkflow({ name: 'plain', input: z.unknown(), run: async () => 'done' }) as Workflow
  const { engine } = await testEngine([workflow], { database })
  await saveQueue(database, 'narrow', { ...noLimits, concurrency: 5 })
  await engine.start()
  onTestFinished(() => engine.stop())
  let ended = 0
  engine.onEnded(() => ended++)
  for (let count = 0; count < endless && ended === 0; count++)
    await engine.startRun('plain', {}, { queue: 'narrow' })
  expect(ended).toBeGreaterThan(0)
})
