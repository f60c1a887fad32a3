import { expect } from 'vitest'
import { verifyAudit } from '../../../src/store/audit/audit.ts'
import type { Database } from '../../../src/store/database.ts'
import { recordOccurrence } from '../../../src/store/dispatch/schedules.ts'
import { eventValues, insertBlobs, insertEvents } from '../../../src/store/journal/journal.ts'
import { prunable, prune } from '../../../src/store/keeping/retention.ts'
import { tidy } from '../../../src/store/keeping/tidy.ts'
import { deliver } from '../../../src/store/runs/inbox.ts'
import { ensureBudget, readBudget, reserve } from '../../../src/store/spending/budgets.ts'
import { foldModelCalls } from '../../../src/store/spending/folded-calls.ts'
import { beginModelCall } from '../../../src/store/spending/model-calls.ts'
import { addRuns, chainOf, newRun, type Open, storeCase, storeNow } from './fixtures.ts'

const day = 86_400_000

/** Counts what each transaction deletes. */
function counting(database: Database): { database: Database; transactions: number[] } {
  const transactions: number[] = []
  const watched: Database = {
    kind: database.kind,
    place: database.place,
    all: (sql, values) => database.all(sql, values),
    get: (sql, values) => database.get(sql, values),
    run: (sql, values) => database.run(sql, values),
    bulk: (statement, rows) => database.bulk(statement, rows),
    onOutsideChange: (callback) => database.onOutsideChange(callback),
    classify: (error) => database.classify(error),
    integrity: () => database.integrity(),
    close: () => database.close(),
    transaction: (body) =>
      database.transaction(async (session) => {
        const at = transactions.push(0) - 1
        return body({
          all: (sql, values) => session.all(sql, values),
          get: (sql, values) => session.get(sql, values),
          bulk: (statement, rows) => session.bulk(statement, rows),
          run: async (sql, values) => {
            const changed = await session.run(sql, values)
            if (sql.startsWith('delete')) transactions[at]! += changed
            return changed
          },
        })
      }),
  }
  return { database: watched, transactions }
}

async function addEnded(database: Database, no: number, events: number, blob?: string): Promise<void> {
  const link = chainOf(no)
  await addRuns(database, newRun(no, { status: 'succeeded' }))
  const linked = Array.from({ length: events }, (_, index) =>
    link('log-written', blob ?? String(index), blob !== undefined),
  )
  await database.bulk(insertEvents, linked.map(eventValues))
  if (blob !== undefined) await database.bulk(insertBlobs, [[linked[0]!.blob, blob]])
  await database.run('update runs set ended_at = 5 where no = ?', [no])
}

export function retentionCases(open: Open): void {
  storeCase(
    'a run with a long journal is deleted in small transactions, like many short ones',
    open,
    async (db) => {
      await addEnded(db, 1, 1700)
      for (let no = 2; no <= 6; no++) await addEnded(db, no, 3)
      await deliver(db, { run: 1, name: 'signal:x', dedup: null, payload: '1', at: 1 })
      const { database, transactions } = counting(db)
      expect(await prune(database, { succeededMs: 1 }, 1000)).toEqual({ runs: 6, events: 1715 })
      expect(Math.max(...transactions)).toBeLessThanOrEqual(620)
      for (const table of ['runs', 'events', 'inbox', 'leftovers'])
        expect(await db.all(`select * from ${table}`)).toEqual([])
      expect(await db.all('select before, runs, events from prunings')).toEqual([
        { before: 999, runs: 6, events: 1715 },
      ])
    },
  )

  storeCase(
    "a workflow's own retention holds in place of the project's, longer, shorter and for ever",
    open,
    async (db) => {
      const of = ['flow', 'books', 'books', 'brief', 'brief', 'kept']
      const statuses = ['succeeded', 'succeeded', 'failed', 'succeeded', 'failed', 'succeeded'] as const
      await addRuns(
        db,
        ...of.map((workflow, index) => newRun(index + 1, { workflow, status: statuses[index]! })),
      )
      const ended = [500, 500, 500, 900, 900, 1]
      for (const [index, at] of ended.entries())
        await db.run('update runs set ended_at = ? where no = ?', [at, index + 1])
      const retention = {
        succeededMs: 400,
        workflows: {
          books: { succeededMs: 800, failedMs: 300 },
          brief: { succeededMs: 50 },
          kept: { succeededMs: Number.POSITIVE_INFINITY },
        },
      }
      const found = await prunable(db, retention, 1000)
      expect(found.map(({ status, workflow, runs }) => [status, workflow, runs])).toEqual([
        ['succeeded', null, 1],
        ['succeeded', 'brief', 1],
        ['failed', 'books', 1],
      ])
      expect(await prune(db, retention, 1000)).toMatchObject({ runs: 3 })
      expect(await db.all('select no from runs order by no')).toEqual([{ no: 2 }, { no: 5 }, { no: 6 }])
      expect(await verifyAudit(db)).toMatchObject({ faults: [] })
    },
  )

  storeCase('the oldest runs go first, and at most 100 in one transaction', open, async (db) => {
    await addRuns(
      db,
      ...Array.from({ length: 250 }, (_, index) => newRun(index + 1, { status: 'succeeded' })),
    )
    await db.run('update runs set ended_at = 251 - no')
    const stop = new AbortController()
    const { database, transactions } = counting(db)
    const { transaction } = database
    database.transaction = (body) => {
      if (transactions.length === 1) stop.abort()
      return transaction(body)
    }
    expect(await prune(database, { succeededMs: 1 }, 1000, stop.signal)).toMatchObject({ runs: 100 })
    expect(await db.get('select min(no) as first, max(no) as last from runs')).toEqual({
      first: 1,
      last: 150,
    })
  })

  storeCase(
    'calls of a deleted run are not added up while a provider holds a batch of it',
    open,
    async (db) => {
      await addEnded(db, 1, 1)
      const call = { run_id: 'run1', workflow: 'flow', agent: null, model: 'small', at: 1 }
      await beginModelCall(db, { ...call, id: 'batch:1', run: 1 })
      await db.run(`insert into reservations (id, run, scopes, nanousd) values ('batch:1', 1, '[]', 5)`)
      await prune(db, { succeededMs: 1 }, 1000)
      expect(await foldModelCalls(db, 1000)).toBe(0)
      await db.run('delete from reservations')
      expect(await foldModelCalls(db, 1000)).toBe(1)
    },
  )

  storeCase(
    'what a pruning that was cut short left is no fault, and the next one goes on with it',
    open,
    async (db) => {
      await addEnded(db, 1, 1200)
      await addEnded(db, 2, 2, 'x'.repeat(1000))
      await addRuns(db, newRun(3))
      const stop = new AbortController()
      const { database, transactions } = counting(db)
      const { transaction } = database
      database.transaction = (body) => {
        if (transactions.length === 1) stop.abort()
        return transaction(body)
      }
      expect(await prune(database, { succeededMs: 1 }, 1000, stop.signal)).toMatchObject({
        runs: 2,
        events: 500,
      })
      expect(await db.all('select run from leftovers order by run')).toEqual([{ run: 1 }, { run: 2 }])
      expect((await verifyAudit(db)).faults).toEqual([])
      expect(await prune(db, {}, 2000)).toEqual({ runs: 0, events: 702 })
      expect(await db.all('select no from runs')).toEqual([{ no: 3 }])
      for (const table of ['events', 'blobs', 'leftovers'])
        expect(await db.all(`select * from ${table}`)).toEqual([])
    },
  )

  storeCase(
    'a blob that another run shares stays, and many large ones go in several transactions',
    open,
    async (db) => {
      const shared = 'shared'.repeat(100)
      await addEnded(db, 1, 1, shared)
      await addEnded(db, 2, 1, shared)
      await db.run('update runs set ended_at = 5000 where no = 2')
      for (let no = 3; no <= 6; no++) await addEnded(db, no, 1, `${no}`.repeat(5 * 1024 * 1024))
      const { database, transactions } = counting(db)
      await prune(database, { succeededMs: 1 }, 1000)
      expect(await db.all('select length(content) as size from blobs')).toEqual([{ size: shared.length }])
      // Two of 5 MiB reach the bound of one transaction.
      expect(transactions.filter((deleted) => deleted > 0).length).toBeGreaterThanOrEqual(2)
    },
  )

  storeCase('with a run goes its budget, and what it left reserved is spent', open, async (db) => {
    await addEnded(db, 1, 1)
    await addRuns(db, newRun(2))
    for (const scope of ['project', 'run:1', 'run:2']) await ensureBudget(db, scope, 100)
    const call = { run_id: 'run1', workflow: 'flow', agent: null, model: 'small', at: 1 }
    await reserve(db, { id: 'r', run: 1, scopes: ['project', 'run:1'], nanousd: 30, call })
    await prune(db, { succeededMs: 1 }, 1000)
    expect(await readBudget(db, 'run:1')).toBeUndefined()
    expect(await readBudget(db, 'run:2')).toBeDefined()
    expect(await readBudget(db, 'project')).toMatchObject({ reserved_nanousd: 0, spent_nanousd: 30 })
    // A run below it that still goes on spends from what is left of those above.
    const other = { ...call, run_id: 'run2' }
    expect(
      await reserve(db, { id: 's', run: 2, scopes: ['project', 'run:1', 'run:2'], nanousd: 30, call: other }),
    ).toBeUndefined()
  })

  storeCase(
    'old outcomes, days and prunings go; the last outcomes of each schedule and every sum stay',
    open,
    async (db) => {
      const now = 1000 * day
      const occurrence = { outcome: 'skipped' as const, reason: 'x', run: null, at: 0 }
      for (let nominal = 1; nominal <= 700; nominal++)
        await recordOccurrence(db, { ...occurrence, schedule: 'often', nominal })
      for (let nominal = 1; nominal <= 3; nominal++)
        await recordOccurrence(db, { ...occurrence, schedule: 'seldom', nominal })
      for (let at = 1; at <= 600; at++)
        await db.run('insert into prunings (at, before, runs, events) values (?, 0, 2, 5)', [at])
      await db.run('insert into prunings (at, before, runs, events) values (?, 0, 1, 1)', [now])
      for (const ago of [0, 80, 95, 400])
        await ensureBudget(db, `day:${new Date(now - ago * day).toISOString().slice(0, 10)}`, null)
      await tidy(db, { now, deliveriesBefore: 0, occurrencesBefore: 650 })
      const left = (schedule: string) =>
        db.all('select min(nominal) as first, count(*) as count from occurrences where schedule = ?', [
          schedule,
        ])
      expect(await left('often')).toEqual([{ first: 601, count: 100 }])
      expect(await left('seldom')).toEqual([{ first: 1, count: 3 }])
      expect(await db.all('select runs, events from prunings order by id')).toEqual([
        { runs: 1200, events: 3000 },
        { runs: 1, events: 1 },
      ])
      expect(await db.all(`select scope from budgets where scope like 'day:%'`)).toHaveLength(2)
    },
  )

  storeCase('what a run left reserved that ended without another life counts as spent', open, async (db) => {
    const now = await storeNow(db)
    await addRuns(db, newRun(1, { status: 'cancelled' }), newRun(2, { status: 'cancelled' }), newRun(3))
    await db.run('update runs set ended_at = ? where no = 1', [now - day])
    await db.run('update runs set ended_at = ? where no = 2', [now - 1000])
    await ensureBudget(db, 'project', null)
    const call = { run_id: 'x', workflow: 'flow', agent: null, model: 'small', at: now }
    for (const run of [1, 2, 3])
      await reserve(db, { id: `r${run}`, run, scopes: ['project'], nanousd: 10, call })
    await beginModelCall(db, { ...call, id: 'batch:1', run: 1 })
    await db.run(`insert into reservations (id, run, scopes, nanousd) values ('batch:1', 1, '[]', 5)`)
    await tidy(db, { now, deliveriesBefore: 0, occurrencesBefore: 0 })
    const rows = await db.all<{ id: string }>('select id from reservations order by id')
    expect(rows.map(({ id }) => id)).toEqual(['batch:1', 'r2', 'r3'])
    expect(await readBudget(db, 'project')).toMatchObject({ reserved_nanousd: 20, spent_nanousd: 10 })
  })
}
