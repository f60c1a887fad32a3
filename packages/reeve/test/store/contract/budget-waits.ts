import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Database } from '../../../src/store/database.ts'
import { awaitedItem, awaitedRow, insertAwaited, listAwaited } from '../../../src/store/runs/awaited.ts'
import { readInbox } from '../../../src/store/runs/inbox.ts'
import {
  awaitedBudget,
  dropPastWaits,
  waitForRoom,
  wakeWhereRoomIs,
} from '../../../src/store/spending/budget-waits.ts'
import { ensureBudget, readBudget, reserve, setCeiling, settle } from '../../../src/store/spending/budgets.ts'
import { addRuns, newRun, type Open, rowOf, storeCase } from './fixtures.ts'

const bill = { outcome: 'answered', inputTokens: 1, outputTokens: 1, cachedTokens: 0 } as const

/** Runs that wait for room in a scope, each by its first call. */
async function waiting(db: Database, scope: string, ...runs: number[]): Promise<void> {
  await waitingFor(db, scope, 1, ...runs)
}

async function waitingFor(db: Database, scope: string, needs: number, ...runs: number[]): Promise<void> {
  await addRuns(db, ...runs.map((no) => newRun(no, { status: 'waiting' })))
  const rows = runs.map((run) => awaitedRow({ what: awaitedBudget(scope), run, step: 1, needs }))
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

  storeCase('of very many that wait as many try again as there is room for', open, async (db) => {
    await waitingFor(db, 'project', 5, ...Array.from({ length: 25 }, (_, no) => no + 1))
    await reserved(db, 'a', 100)
    await db.transaction((session) => settle(session, 'a', 48, bill))
    expect(await listAwaited(db)).toEqual([{ what: 'budget:project', calls: 15 }])
    await db.transaction((session) => setCeiling(session, 'project', 200))
    expect(await listAwaited(db)).toEqual([])
  })

  storeCase('those that need more than there is keep nobody from it', open, async (db) => {
    await waitingFor(db, 'project', 70, ...Array.from({ length: 40 }, (_, no) => no + 2))
    await waitingFor(db, 'project', 10, 1)
    await reserved(db, 'a', 60)
    await db.transaction((session) => settle(session, 'a', 50, bill))
    expect((await rowOf(db, 1)).status).toBe('queued')
    expect(await listAwaited(db)).toEqual([{ what: 'budget:project', calls: 40 }])
  })

  storeCase('runs that cannot go on leave the room to others', open, async (db) => {
    await waitingFor(db, 'project', 50, 1, 2, 3)
    await db.run('update runs set paused = 1 where no = 1')
    await db.run(`update runs set status = 'cancelled' where no = 2`)
    await reserved(db, 'a', 100)
    await db.transaction((session) => settle(session, 'a', 50, bill))
    expect((await rowOf(db, 3)).status).toBe('queued')
    expect((await rowOf(db, 1)).status).toBe('waiting')
  })

  storeCase('room that nobody took is found by the next look', open, async (db) => {
    await waitingFor(db, 'project', 50, 1)
    await waitingFor(db, 'day:2026-01-01', 50, 2)
    await waitingFor(db, 'unknown', 50, 3)
    await db.run('update runs set paused = 1 where no = 1')
    await reserved(db, 'a', 100)
    await db.transaction((session) => settle(session, 'a', 50, bill))
    expect(await wakeWhereRoomIs(db)).toBe(0)
    await db.run('update runs set paused = 0 where no = 1')
    expect(await wakeWhereRoomIs(db)).toBe(1)
    expect((await rowOf(db, 1)).status).toBe('queued')
    expect(await wakeWhereRoomIs(db)).toBe(0)
  })

  storeCase('who looks for room while it is made sees it, or is told', open, async (db) => {
    await addRuns(db, newRun(1, { status: 'waiting' }))
    await reserved(db, 'a', 100)
    const about = { scope: 'project', nanousd: 50, run: 1, step: 1 }
    let looked: Promise<boolean> | undefined
    await db.transaction(async (session) => {
      await settle(session, 'a', 10, bill)
      looked ??= db.transaction((other) => waitForRoom(other, about))
      await Promise.race([looked, delay(200)])
    })
    expect((await looked) || (await rowOf(db, 1)).status === 'queued').toBe(true)
  })

  storeCase('who finds room waits for it no more', open, async (db) => {
    await waitingFor(db, 'project', 50, 1)
    await reserved(db, 'a', 40)
    const about = { scope: 'project', nanousd: 50, run: 1, step: 1 }
    expect(await db.transaction((session) => waitForRoom(session, about))).toBe(true)
    expect(await listAwaited(db)).toEqual([])
    expect(await db.transaction((session) => waitForRoom(session, { ...about, nanousd: 61 }))).toBe(false)
    expect(await listAwaited(db)).toEqual([{ what: 'budget:project', calls: 1 }])
  })

  storeCase('a call counts once in a scope that it was given twice', open, async (db) => {
    const call = { run_id: 'run9', workflow: 'flow', agent: null, model: 'small', at: 0 }
    await db.transaction(async (session) => {
      await ensureBudget(session, 'project', 100)
      const scopes = ['project', 'project']
      expect(await reserve(session, { id: 'a', run: 9, scopes, nanousd: 60, call })).toBeUndefined()
      expect(await readBudget(session, 'project')).toMatchObject({ reserved_nanousd: 60 })
      await settle(session, 'a', 10, bill)
      expect(await readBudget(session, 'project')).toMatchObject({ reserved_nanousd: 0, spent_nanousd: 10 })
    })
  })

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

  storeCase(
    'a look finds room in each scope that has any, among all that calls wait for',
    open,
    async (db) => {
      await db.transaction(async (session) => {
        await ensureBudget(session, 'agent:full', 4)
        await ensureBudget(session, 'agent:room', 5)
        await ensureBudget(session, 'workflow:any', null)
      })
      const scopes = ['agent:full', 'agent:none', 'agent:room', 'workflow:any']
      for (const [no, scope] of scopes.entries()) await waitingFor(db, scope, 5, no + 1)
      await addRuns(db, newRun(8, { status: 'waiting' }), newRun(9, { status: 'waiting' }))
      for (const [run, what] of [
        [8, 'account:mail'],
        [9, 'connection:shop'],
      ] as const)
        await db.transaction((session) =>
          session.bulk(insertAwaited, [awaitedRow({ what, run, step: 1 }).values]),
        )
      expect(await wakeWhereRoomIs(db)).toBe(2)
      expect(await wakeWhereRoomIs(db)).toBe(0)
      const left = await listAwaited(db)
      expect(left.map(({ what }) => what)).toEqual([
        'account:mail',
        'budget:agent:full',
        'budget:agent:none',
        'connection:shop',
      ])
    },
  )
}
