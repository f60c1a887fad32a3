import { expect } from 'vitest'
import { sha256 } from '../../../src/base/hash.ts'
import { verifyAudit } from '../../../src/store/audit/audit.ts'
import { verifyRound } from '../../../src/store/audit/audit-rounds.ts'
import { verifyPartOf } from '../../../src/store/audit/audit-threads.ts'
import type { Database } from '../../../src/store/database.ts'
import { chainHash, eventValues, insertBlobs, insertEvents } from '../../../src/store/journal/journal.ts'
import { prunableChapters, pruneChapters } from '../../../src/store/keeping/chapters.ts'
import { prune } from '../../../src/store/keeping/retention.ts'
import { deliver } from '../../../src/store/runs/inbox.ts'
import { addRuns, chainOf, newRun, type Open, storeCase } from './fixtures.ts'

/**
 * A run that has gone on in chapters, a call for each: the events of a chapter are stamped with its end, 1,000 ms after
 * the one before. `lengths`: how many events each chapter has between its first one and the next chapter's.
 */
async function addChapters(database: Database, no: number, lengths: number[], blob?: string): Promise<void> {
  const link = chainOf(no)
  await addRuns(database, newRun(no, { status: 'queued' }))
  const events = []
  let before = ''
  for (const [index, length] of lengths.entries()) {
    const first = link(index === 0 ? 'run-started' : 'run-continued', '{}')
    if (index > 0) first.step = index
    events.push(first)
    for (let at = 0; at < length; at++)
      events.push(link('log-written', blob ?? String(at), blob !== undefined))
  }
  // With their calls and times the links differ.
  let [hash, call] = [`run${no}`, 0]
  for (const event of events) {
    if (event.type === 'run-continued') {
      before = hash
      call++
    }
    event.at = call * 1000
    event.hash = hash = chainHash(hash, event, event.blob ?? sha256(event.payload!))
  }
  await database.bulk(insertEvents, events.map(eventValues))
  if (blob !== undefined) await database.bulk(insertBlobs, [[events.at(-1)!.blob, blob]])
  const last = events.findLast(({ type }) => type === 'run-continued')!
  await database.run(
    `update runs set status = 'waiting', chapter = ?, chapter_seq = ?, chapter_hash = ?, chapter_call = ?, head = ?,
       head_seq = ? where no = ?`,
    [lengths.length, last.seq, before, last.step, hash, events.length, no],
  )
}

const firstOf = (database: Database, no: number) =>
  database.get<{ first: number; left: number }>(
    'select min(seq) as first, count(*) as left from events where run = ?',
    [no],
  )

export function chapterCases(open: Open): void {
  storeCase('chapters that ended before a time go, and the chain holds from there on', open, async (db) => {
    await addChapters(db, 1, [2, 2, 2, 2])
    expect(await prunableChapters(db, 2001)).toMatchObject({ runs: 1, events: 6 })
    // The third chapter ended at 3,000.
    expect(await pruneChapters(db, 2001, 9000)).toEqual({ runs: 1, events: 6 })
    expect(await firstOf(db, 1)).toEqual({ first: 7, left: 6 })
    expect(await db.get('select pruned_seq, pruned_call from runs')).toEqual({
      pruned_seq: 6,
      pruned_call: 2,
    })
    const report = await verifyAudit(db, 'run1')
    expect(report).toMatchObject({ events: 6, pruned: { runs: 1, events: 6 }, faults: [] })
    expect(await db.all('select runs, events from prunings')).toEqual([{ runs: 0, events: 6 }])
    expect(await pruneChapters(db, 2001, 9000)).toEqual({ runs: 0, events: 0 })
    // The chapter that it is in stays, whatever its age.
    expect(await pruneChapters(db, 1e9, 9000)).toEqual({ runs: 1, events: 3 })
    expect(await firstOf(db, 1)).toEqual({ first: 10, left: 3 })
    expect((await verifyAudit(db)).faults).toEqual([])
  })

  storeCase(
    'a chapter that is longer than a transaction goes in several, from wherever one was cut short',
    open,
    async (db) => {
      await addChapters(db, 1, [1, 1700, 3])
      const stop = new AbortController()
      let transactions = 0
      const watched: Database = Object.create(db, {
        transaction: {
          value: async (body: Parameters<Database['transaction']>[0]) => {
            const done = await db.transaction(body)
            if (++transactions === 3) stop.abort()
            return done
          },
        },
      })
      for (const name of ['all', 'get', 'run', 'bulk'] as const)
        Object.defineProperty(watched, name, { value: db[name].bind(db) })
      expect(await pruneChapters(watched, 2001, 9000, stop.signal)).toEqual({ runs: 1, events: 1002 })
      expect((await verifyAudit(db)).faults).toEqual([])
      expect(await pruneChapters(db, 2001, 9000)).toEqual({ runs: 1, events: 701 })
      expect(await firstOf(db, 1)).toEqual({ first: 1704, left: 4 })
      expect((await verifyAudit(db)).faults).toEqual([])
    },
  )

  storeCase('what a row says of its pruning must fit what is there', open, async (db) => {
    await addChapters(db, 1, [2, 2, 2])
    await pruneChapters(db, 1001, 9000)
    const seqOf = async () => (await verifyAudit(db, 'run1')).faults[0]
    expect(await seqOf()).toBeUndefined()
    await db.run('delete from events where seq = 4')
    expect(await seqOf()).toMatchObject({ seq: 4, problem: 'event 4 is missing (found 5)' })
    await db.run(`update runs set pruned_seq = 8, pruned_hash = (select hash from events where seq = 8)`)
    expect(await seqOf()).toMatchObject({ seq: 7, problem: expect.stringContaining('pruned up to event 8') })
    await db.run(`update runs set pruned_seq = 6, pruned_hash = 'other'`)
    expect(await seqOf()).toMatchObject({ seq: 7 })
  })

  storeCase(
    'a mark of the audit outlives the pruning of the chapter that it was made in',
    open,
    async (db) => {
      await addChapters(db, 1, [2, 2, 2])
      const round = () => verifyRound(db, 5000, { verify: verifyPartOf(db), width: 1, sample: 0 })
      await db.run('update runs set head = null, head_seq = null, chapter_seq = 4')
      await db.run('delete from events where seq > 4')
      await db.run('update runs set chapter_hash = (select hash from events where seq = 3)')
      expect(await round()).toMatchObject({ markDamaged: false, faults: [] })
      await db.run(`update meta set value = value where name = 'audit'`)
      await db.run('delete from events where seq <= 4')
      await db.run(`update runs set pruned_seq = 4, pruned_hash = 'h', chapter_seq = 5, chapter_hash = 'h'`)
      expect(await round()).toMatchObject({ markDamaged: false })
    },
  )

  storeCase(
    'what calls of a pruned chapter took and asked goes with it; open questions and untaken signals stay',
    open,
    async (db) => {
      await addChapters(db, 1, [1, 1, 1, 1])
      for (const name of ['a', 'b', 'c', 'd'])
        await deliver(db, { run: 1, name: `signal:${name}`, dedup: name, payload: '1', at: 500 })
      await db.run(
        `update inbox set consumed_step = case dedup when 'a' then 1 when 'b' then 3 when 'd' then 0 end`,
      )
      const asks = async (id: string, step: number, status: string) =>
        db.run(
          `insert into approvals (id, run, step, kind, subject, shown, args_hash, status, requested_at)
           values (?, 1, ?, 'approval', 's', '{}', 'h', ?, 1)`,
          [id, step, status],
        )
      await asks('decided', 1, 'approved')
      await asks('recent', 3, 'approved')
      await asks('open', 2, 'pending')
      // The chapter of call 2 has an open question: it stays, and all after it.
      expect(await prunableChapters(db, 2501)).toMatchObject({ runs: 1, events: 2 })
      expect(await pruneChapters(db, 2501, 9000)).toEqual({ runs: 1, events: 2 })
      const left = (sql: string) =>
        db.all(sql).then((rows) => rows.map((row) => Object.values(row as object)[0]))
      expect(await left('select dedup from inbox order by id')).toEqual(['b', 'c'])
      expect(await left('select id from approvals order by id')).toEqual(['open', 'recent'])
      await db.run(`update approvals set status = 'rejected' where id = 'open'`)
      expect(await pruneChapters(db, 2501, 9000)).toEqual({ runs: 1, events: 2 })
      expect(await left('select id from approvals order by id')).toEqual(['recent'])
    },
  )

  storeCase('children of pruned chapters are deleted beside a parent that goes on', open, async (db) => {
    await addChapters(db, 1, [1, 1, 1])
    const child = (no: number, step: number) =>
      newRun(no, { status: 'succeeded', parent: 1, parent_step: step })
    await addRuns(db, child(2, 1), child(3, 3))
    await db.run('update runs set ended_at = 5 where no > 1')
    expect(await prune(db, { succeededMs: 1 }, 1000)).toMatchObject({ runs: 0 })
    await pruneChapters(db, 1001, 9000)
    expect(await prune(db, { succeededMs: 1 }, 1000)).toMatchObject({ runs: 1 })
    expect(await db.all('select no from runs order by no')).toEqual([{ no: 1 }, { no: 3 }])
  })

  storeCase('a large payload goes with its last event, and a run beside is left alone', open, async (db) => {
    await addChapters(db, 1, [2, 1], 'x'.repeat(1000))
    await addChapters(db, 2, [2, 1])
    await addRuns(db, newRun(3))
    await db.run(`update events set at = 5000 where run = 2`)
    expect(await pruneChapters(db, 1001, 9000)).toEqual({ runs: 1, events: 3 })
    expect(await db.all('select hash from blobs')).toHaveLength(1)
    expect(await firstOf(db, 2)).toEqual({ first: 1, left: 5 })
  })

  storeCase('of a run with a batch at a provider nothing goes', open, async (db) => {
    await addChapters(db, 1, [2, 2])
    await db.run(`insert into reservations (id, run, scopes, nanousd) values ('batch:1', 1, '[]', 5)`)
    expect(await pruneChapters(db, 1001, 9000)).toEqual({ runs: 0, events: 0 })
    await db.run('delete from reservations')
    expect(await pruneChapters(db, 1001, 9000)).toEqual({ runs: 1, events: 3 })
  })
}
