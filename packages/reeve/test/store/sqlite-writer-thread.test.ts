import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Secrets } from '../../src/base/secrets/secrets.ts'
import type { Batch, Database } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrations.ts'
import { redacting } from '../../src/store/redacting.ts'
import { heldClaims } from '../../src/store/runs/changes/releases.ts'
import {
  enqueueRuns,
  insertKeyedRuns,
  insertRuns,
  keyedRunValues,
  newRunValues,
} from '../../src/store/runs/changes/starts.ts'
import { deliveryValues, insertDeliveries, wakeRuns } from '../../src/store/runs/inbox.ts'
import { SqliteWriterThread } from '../../src/store/sqlite/bulk-writer.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { addRunning, newRun, rowOf } from './contract/fixtures.ts'

async function opened(): Promise<{ file: string; clock: FakeClock; database: Database }> {
  const file = join(mkdtempSync(join(tmpdir(), 'reeve-writer-')), 'reeve.db')
  const clock = new FakeClock()
  const database = openSqlite({ file, clock })
  onTestFinished(() => database.close())
  await migrate(database, () => 'identity')
  return { file, clock, database }
}

async function startedThread(file: string, busyMs = 30_000): Promise<SqliteWriterThread> {
  const thread = new SqliteWriterThread(file, busyMs)
  onTestFinished(() => thread.close())
  await vi.waitFor(() => expect(thread.isReady).toBe(true), { timeout: 60_000 })
  return thread
}

const write = vi.spyOn(SqliteWriterThread.prototype, 'write')

/** Until then a database writes its batches itself. */
async function untilThreadWrites(database: Database): Promise<void> {
  write.mockClear()
  await vi.waitFor(
    async () => {
      await database.writeElsewhere!({ guards: [], writes: [] })
      expect(write).toHaveBeenCalled()
    },
    { timeout: 60_000 },
  )
}

const births = (...nos: number[]): Batch => ({
  guards: [],
  writes: [{ statement: insertRuns, owners: nos, rows: nos.map((no) => newRunValues(newRun(no))) }],
})

test('an owner that a guard does not answer for writes nothing, and the others write all', async () => {
  const { file, database } = await opened()
  await addRunning(database, 1)
  await addRunning(database, 2)
  const known = newRun(3, { idempotency: 'known' })
  await database.bulk(insertKeyedRuns, [keyedRunValues(known)])
  const thread = await startedThread(file)
  const delivery = (run: number) =>
    deliveryValues({ run, name: 'signal:x', dedup: null, payload: '1', at: 5 })
  const refused = await thread.write(
    {
      guards: [
        {
          statement: heldClaims,
          rows: [
            [1, 1],
            [2, 7],
          ],
        },
        {
          statement: insertKeyedRuns,
          rows: [4, 5].map((no) => keyedRunValues(newRun(no, { idempotency: no === 4 ? 'known' : 'new' }))),
        },
      ],
      writes: [
        {
          statement: insertDeliveries,
          owners: [1, 1, 2],
          rows: [delivery(1), delivery(1), delivery(2)],
          next: wakeRuns,
        },
      ],
    },
    0,
  )
  expect(refused.sort()).toEqual([2, 4])
  expect((await rowOf(database, 1)).inbox).toBe(1)
  expect((await rowOf(database, 2)).inbox).toBe(0)
  const runs = await database.all<{ no: number }>('select no from runs order by no')
  expect(runs.map(({ no }) => no)).toEqual([1, 2, 3, 5])
  expect((await database.all('select id from inbox')).length).toBe(2)
})

test('the clock of the batch rules its statements', async () => {
  const { file, database } = await opened()
  await addRunning(database, 1, { status: 'waiting' })
  const thread = await startedThread(file)
  const row = deliveryValues({ run: 1, name: 'signal:x', dedup: null, payload: '1', at: 5 })
  await thread.write(
    { guards: [], writes: [{ statement: insertDeliveries, owners: [1], rows: [row], next: wakeRuns }] },
    1234,
  )
  expect(await rowOf(database, 1)).toMatchObject({ status: 'queued', available_at: 1234 })
})

test('what a batch does wrong fails it alone, as it would in a transaction', async () => {
  const { file, database } = await opened()
  const thread = await startedThread(file)
  await thread.write(births(1), 0)
  const twice = thread.write(births(2, 1), 0)
  const bad = thread.write(
    {
      guards: [],
      writes: [{ statement: insertRuns, owners: [3], rows: [newRunValues(newRun(3, { priority: 0.5 }))] }],
    },
    0,
  )
  const good = thread.write(births(4), 0)
  for (const failing of [twice, bad]) {
    const error = await failing.catch((reason: unknown) => reason)
    expect(database.classify(error)).toBe('constraint')
  }
  expect(await good).toEqual([])
  const runs = await database.all<{ no: number }>('select no from runs order by no')
  expect(runs.map(({ no }) => no)).toEqual([1, 4])
})

test('a lock of another connection is waited for, and said when it takes too long', async () => {
  const { file, database } = await opened()
  const thread = await startedThread(file, 50)
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const holding = database.transaction(() => {
    begun.resolve()
    return held
  })
  await begun.promise
  const error = await thread.write(births(1), 0).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'database-busy', retryable: true })
  expect(database.classify(error)).toBe('retry')
  release()
  await holding
  expect(await thread.write(births(1), 0)).toEqual([])
})

test('whoever waits for a thread that ended hears that nobody knows what is on disk', async () => {
  const { file, database } = await opened()
  const thread = await startedThread(file)
  const answer = thread.write(births(1), 0).catch((reason: unknown) => reason)
  await thread.close()
  expect(await answer).toBeInstanceOf(Error)
  expect(database.classify(await answer)).toBe('fatal')
  expect(thread.isReady).toBe(false)
})

test('a process hears of what others announced beside its own thread, and not of what that announced', async () => {
  const { file, clock, database } = await opened()
  const other = openSqlite({ file, clock })
  onTestFinished(() => other.close())
  await untilThreadWrites(database)
  const heard: string[] = []
  onTestFinished(database.onOutsideChange((change) => heard.push(change)))
  const queued = (no: number) => ({
    guards: [],
    writes: [{ statement: enqueueRuns, owners: [no], rows: [newRunValues(newRun(no))] }],
  })
  await database.writeElsewhere!(queued(1))
  await clock.advance(200)
  expect(heard).toEqual([])
  await other.bulk(enqueueRuns, [newRunValues(newRun(2))])
  await database.writeElsewhere!(queued(3))
  await clock.advance(200)
  expect(heard).toEqual(['work'])
})

test('no secret gets into the database by the thread', async () => {
  const { database } = await opened()
  const clean = redacting(database, new Secrets(['s3cret-value']))
  await untilThreadWrites(clean)
  await clean.writeElsewhere!({
    guards: [],
    writes: [
      { statement: insertRuns, owners: [1], rows: [newRunValues(newRun(1, { key: 'of s3cret-value' }))] },
    ],
  })
  expect((await rowOf(database, 1)).key).toBe('of [secret]')
})
