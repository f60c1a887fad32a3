import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { noteAuthorityChange } from '../../src/store/authority/version.ts'
import type { Change, Database } from '../../src/store/database.ts'
import { setQueuePaused } from '../../src/store/dispatch/queues/queues.ts'
import { heartbeat, registerWorker } from '../../src/store/dispatch/workers.ts'
import { migrate } from '../../src/store/migrations.ts'
import { releaseRuns, releaseValues, releaseWatchedRuns } from '../../src/store/runs/changes/releases.ts'
import { enqueueRuns, insertRuns, newRunValues } from '../../src/store/runs/changes/starts.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'
import { FakeClock, settle } from '../../src/testing/fake-clock.ts'
import { openTestDatabase, testEngine } from '../engine/harness.ts'
import { newRun, releaseOf } from './contract/fixtures.ts'

/** Two processes' databases on one file, and what each heard of the other. */
async function pair() {
  const clock = new FakeClock()
  const file = join(mkdtempSync(join(tmpdir(), 'reeve-changes-')), 'reeve.db')
  const open = async (heard: Change[]): Promise<Database> => {
    const database = openSqlite({ file, clock })
    await migrate(database, () => 'identity')
    const stop = database.onOutsideChange((change) => heard.push(change))
    onTestFinished(async () => {
      stop()
      await database.close()
    })
    return database
  }
  const heard = { here: [] as Change[], there: [] as Change[] }
  const here = await open(heard.here)
  const there = await open(heard.there)
  // What the migration of the other changed is heard of, and over.
  await clock.advance(5000)
  heard.here.length = heard.there.length = 0
  return { clock, here, there, heard }
}

test('a worker on a file hears at the next look of work and of ends that others announced, and not of its own', async () => {
  const { clock, here, heard } = await pair()
  await here.bulk(enqueueRuns, [newRunValues(newRun(1))])
  await clock.advance(20)
  expect(heard).toEqual({ here: [], there: ['work'] })
  await here.bulk(releaseWatchedRuns, [releaseValues(releaseOf(1))])
  await clock.advance(20)
  expect(heard).toEqual({ here: [], there: ['work', 'end'] })
  await setQueuePaused(here, 'default', true)
  await clock.advance(20)
  expect(heard).toEqual({ here: [], there: ['work', 'end', 'work'] })
  await here.transaction(noteAuthorityChange)
  await clock.advance(20)
  expect(heard.there.at(-1)).toBe('authority')
})

test('heartbeats and commits of others that announce nothing wake a worker every 2 s at the most', async () => {
  const { clock, here, there, heard } = await pair()
  await here.transaction((session) => registerWorker(session, 'worker1'))
  for (let beat = 0; beat < 40; beat++) {
    await heartbeat(here, 'worker1')
    await here.bulk(insertRuns, [newRunValues(newRun(beat))])
    await there.bulk(releaseRuns, [releaseValues(releaseOf(beat))])
    await clock.advance(100)
  }
  expect(heard).toEqual({ here: ['unannounced', 'unannounced'], there: ['unannounced', 'unannounced'] })
})

test('what was undone is not announced', async () => {
  const { clock, here, heard } = await pair()
  const undone = here.transaction(async (session) => {
    await session.bulk(enqueueRuns, [newRunValues(newRun(1))])
    throw new Error('undone')
  })
  await expect(undone).rejects.toThrow('undone')
  await heartbeat(here, 'worker1')
  await clock.advance(1000)
  expect(heard.there).toEqual([])
})

test('the end of a run elsewhere starts a round of claiming only where queues have limits; work always does', async () => {
  const clock = new FakeClock()
  const database = await openTestDatabase(clock)
  let rounds = 0
  let tell: (change: Change) => void = () => {}
  const link: Database = Object.create(database, {
    all: { value: database.all.bind(database) },
    get: { value: database.get.bind(database) },
    run: { value: database.run.bind(database) },
    bulk: { value: database.bulk.bind(database) },
    onOutsideChange: {
      value: (callback: (change: Change) => void) => {
        tell = callback
        return () => {}
      },
    },
    transaction: {
      value: (body: Parameters<Database['transaction']>[0]) => {
        rounds++
        return database.transaction(body)
      },
    },
  })
  const { engine } = await testEngine([], { database: link, clock })
  await engine.worker.start()
  onTestFinished(() => engine.stop())
  const after = async (change: Change) => {
    const before = rounds
    tell(change)
    await settle()
    return rounds - before
  }
  expect(await after('end')).toBe(0)
  expect(await after('work')).toBeGreaterThan(0)
  expect(await after('any')).toBeGreaterThan(0)
  await database.run(`update queues set concurrency = 3 where name = 'default'`)
  await after('work')
  expect(await after('end')).toBeGreaterThan(0)
})
