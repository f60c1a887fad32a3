import { expect } from 'vitest'
import { sha256 } from '../../../src/base/hash.ts'
import { verifyAudit } from '../../../src/store/audit/audit.ts'
import type { Database } from '../../../src/store/database.ts'
import {
  chainHash,
  eventValues,
  insertBlobs,
  insertEvents,
  readEvents,
} from '../../../src/store/journal/journal.ts'
import { prunable, prune } from '../../../src/store/keeping/retention.ts'
import { addRuns, chainOf, newRun, type Open, storeCase } from './fixtures.ts'

/** An ended run with three events, the last but one kept as a blob. */
async function addEnded(
  database: Database,
  no: number,
  changes: { status?: 'succeeded' | 'failed'; endedAt?: number; parent?: number; large?: string } = {},
): Promise<void> {
  const { status = 'succeeded', endedAt = 100, parent = null, large = `"large ${no}"` } = changes
  const chain = chainOf(no)
  const events = [
    chain('run-started', '{"input":1}'),
    chain('step-completed', large, true),
    chain(`run-${status}`, '2'),
  ]
  await addRuns(database, newRun(no, { status, parent }))
  await database.bulk(insertBlobs, [[sha256(large), large]])
  await database.bulk(insertEvents, events.map(eventValues))
  await database.run('update runs set ended_at = ?, head = ?, head_seq = 3 where no = ?', [
    endedAt,
    events[2]!.hash,
    no,
  ])
}

export function auditCases(open: Open): void {
  storeCase('the audit of untouched journals is clean', open, async (database) => {
    for (const no of [1, 2]) await addEnded(database, no)
    expect(await verifyAudit(database)).toEqual({
      runs: 2,
      events: 6,
      pruned: { runs: 0, events: 0 },
      faults: [],
      integrity: [],
    })
    expect(await verifyAudit(database, 'run2')).toMatchObject({ runs: 1, events: 3, faults: [] })
  })

  for (const [what, sql, seq] of [
    ['a changed payload', `update events set payload = '{"input":2}' where run = 1 and seq = 1`, 1],
    ['a changed time', `update events set at = at + 1 where run = 1 and seq = 2`, 2],
    ['a changed name', `update events set name = 'other' where run = 1 and seq = 2`, 2],
    ['a changed blob', `update blobs set content = '"other"'`, 2],
    ['a removed blob', 'delete from blobs', 2],
    ['a removed first event', 'delete from events where run = 1 and seq = 1', 1],
    ['a removed middle event', 'delete from events where run = 1 and seq = 2', 2],
    ['a removed last event', 'delete from events where run = 1 and seq = 3', 3],
  ] as const) {
    storeCase(`the audit finds ${what}`, open, async (database) => {
      await addEnded(database, 1)
      await addEnded(database, 2, { large: '"of the other run"' })
      await database.run(sql)
      const { faults } = await verifyAudit(database)
      expect(faults[0]).toMatchObject({ runId: 'run1', seq })
      expect((await verifyAudit(database, 'run1')).faults).toHaveLength(1)
    })
  }

  storeCase(
    'the audit finds a last event that was replaced together with its hash',
    open,
    async (database) => {
      await addEnded(database, 1)
      const events = await readEvents(database, 1)
      const forged = chainHash(events[1]!.hash, events[2]!, sha256('3'))
      await database.run(`update events set payload = '3', hash = ? where run = 1 and seq = 3`, [forged])
      expect((await verifyAudit(database)).faults).toMatchObject([{ runId: 'run1', seq: 3 }])
    },
  )

  storeCase('the audit finds events whose run was removed', open, async (database) => {
    await addEnded(database, 1)
    await addEnded(database, 2)
    await database.run('delete from runs where no = 1')
    expect((await verifyAudit(database)).faults).toMatchObject([{ runId: 'number 1' }])
  })

  storeCase(
    'retention deletes ended runs past their time, with all of theirs, and says so',
    open,
    async (database) => {
      await addEnded(database, 1, { endedAt: 100 })
      await addEnded(database, 2, { endedAt: 900 })
      await addEnded(database, 3, { endedAt: 100, status: 'failed' })
      await addRuns(database, newRun(4, { status: 'waiting' }))
      await database.run(`insert into inbox (run, name, payload, at) values (1, 'signal:x', '1', 1)`)
      const payloads = '{"input":1}'.length + '"large 1"'.length + '2'.length
      expect(await prunable(database, { succeededMs: 500, failedMs: 950 }, 1000)).toEqual([
        {
          status: 'succeeded',
          workflow: null,
          runs: 1,
          events: 3,
          bytes: payloads,
          oldest: 100,
          newest: 100,
        },
      ])
      expect(await prune(database, { succeededMs: 500 }, 1000)).toEqual({ runs: 1, events: 3 })
      expect(await database.all('select no from runs order by no')).toEqual([{ no: 2 }, { no: 3 }, { no: 4 }])
      expect(await database.all('select content from blobs order by content')).toHaveLength(2)
      expect(await database.all('select * from inbox')).toEqual([])
      expect(await database.all('select at, before, runs, events from prunings')).toEqual([
        { at: 1000, before: 500, runs: 1, events: 3 },
      ])
      expect(await verifyAudit(database)).toMatchObject({ runs: 3, faults: [] })
    },
  )

  storeCase('retention keeps a blob that another run still needs', open, async (database) => {
    await addEnded(database, 1, { endedAt: 100, large: '"shared"' })
    await addEnded(database, 2, { endedAt: 900, large: '"shared"' })
    await prune(database, { succeededMs: 500 }, 1000)
    expect((await verifyAudit(database)).faults).toEqual([])
    expect(await readEvents(database, 2)).toMatchObject([{}, { payload: '"shared"' }, {}])
  })

  storeCase('retention keeps families together while one of them is going', open, async (database) => {
    await addEnded(database, 1)
    await addRuns(database, newRun(2, { status: 'waiting', parent: 1 }), newRun(3, { status: 'waiting' }))
    await addEnded(database, 4, { parent: 3 })
    expect(await prune(database, { succeededMs: 500 }, 1000)).toEqual({ runs: 0, events: 0 })
  })
}
