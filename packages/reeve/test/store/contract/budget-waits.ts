import { expect } from 'vitest'
import type { Database } from '../../../src/store/database.ts'
import { awaitedBudget, dropPastWaits } from '../../../src/store/ledger/budget-waits.ts'
import { ensureBudget, reserve, setCeiling, settle } from '../../../src/store/ledger/budgets.ts'
import { awaitedItem, awaitedRow, listAwaited } from '../../../src/store/runs/awaited.ts'
import { readInbox } from '../../../src/store/runs/inbox.ts'
import { addRuns, newRun, type Open, rowOf, storeCase } from './fixtures.ts'

const bill = { outcome: 'answered', inputTokens: 1, outputTokens: 1, cachedTokens: 0 } as const

/** Runs that wait for room in a scope, each by its first call. */
async function waiting(db: Database, scope: string, ...runs: number[]): Promise<void> {
  await addRuns(db, ...runs.map((no) => newRun(no, { status: 'waiting' })))
  const rows = runs.map((run) => awaitedRow({ what: awaitedBudget(scope), run, step: 1 }))
  await db.transaction((session) =>
    session.bulk(
      rows[0]!.statement,
      rows.map(({ values }) => values),
    ),
  )
}

async function reserved(db: Database, id: string, nanousd: number): Promise<void> {
  const call = { run_id: 'run9', workflow: 'flow', agent: null, model: 'small', at: 0 }
  await db.transaction(async (session) => {
    await ensureBudget(session, 'project', 100)
    await reserve(session, { id, run: 9, scopes: ['project'], nanousd, call })
  })
}

export function budgetWaitCases(open: Open): void {
  storeCase('a call that cost less than it had reserved wakes those that wait for room', open, async (db) => {
    await waiting(db, 'project', 1, 2)
    await waiting(db, 'workflow:other', 3)
    await reserved(db, 'a', 60)
    await reserved(db, 'b', 40)
    await db.transaction((session) => settle(session, 'a', 60, bill))
    expect((await rowOf(db, 1)).status).toBe('waiting')
    await db.transaction((session) => settle(session, 'b', 10, bill))
    for (const no of [1, 2]) {
      expect((await rowOf(db, no)).status).toBe('queued')
      expect(await readInbox(db, no)).toMatchObject([{ name: awaitedItem('budget:project', 1) }])
    }
    expect((await rowOf(db, 3)).status).toBe('waiting')
    expect(await listAwaited(db)).toEqual([{ what: 'budget:workflow:other', calls: 1 }])
  })

  storeCase(
    'of very many that wait ten try again, and all of them when the ceiling changes',
    open,
    async (db) => {
      await waiting(db, 'project', ...Array.from({ length: 25 }, (_, no) => no + 1))
      await reserved(db, 'a', 60)
      await db.transaction((session) => settle(session, 'a', 10, bill))
      expect(await listAwaited(db)).toEqual([{ what: 'budget:project', calls: 15 }])
      await db.transaction((session) => setCeiling(session, 'project', 200))
      expect(await listAwaited(db)).toEqual([])
    },
  )

  storeCase('waits for days that are over and of runs that have ended are deleted', open, async (db) => {
    await waiting(db, 'day:2026-01-01', 1)
    await waiting(db, 'day:2026-01-02', 2)
    await waiting(db, 'project', 3, 4)
    await db.run(`update runs set status = 'cancelled' where no = 4`)
    expect(await db.transaction((session) => dropPastWaits(session, 'day:2026-01-02', 100))).toBe(2)
    expect(await listAwaited(db)).toEqual([
      { what: 'budget:day:2026-01-02', calls: 1 },
      { what: 'budget:project', calls: 1 },
    ])
  })
}
