import { expect } from 'vitest'
import { requireApproval } from '../../../src/store/approvals/approvals.ts'
import {
  listOccurrences,
  listSchedules,
  recordOccurrence,
  saveSchedule,
} from '../../../src/store/dispatch/schedules.ts'
import { RunNumbers } from '../../../src/store/numbers.ts'
import { insertKeyedRuns, keyedRunValues } from '../../../src/store/runs/changes/starts.ts'
import { listRuns, requireRun } from '../../../src/store/runs/runs.ts'
import { addRuns, newRun, type Open, storeCase } from './fixtures.ts'

export function rowCases(open: Open): void {
  storeCase('run numbers never repeat, over all who hand them out', open, async (database) => {
    const sources = [new RunNumbers(database), new RunNumbers(database)]
    const numbers = await Promise.all(Array.from({ length: 400 }, (_, index) => sources[index % 2]!.take()))
    expect(new Set(numbers).size).toBe(400)
    expect(Math.min(...numbers)).toBe(1)
  })

  storeCase('an idempotency key belongs to one run of its workflow', open, async (database) => {
    const runs = [
      newRun(1, { idempotency: 'k' }),
      newRun(2, { idempotency: 'k' }),
      newRun(3, { idempotency: 'k', workflow: 'other' }),
    ]
    const born = await database.bulk<{ no: number }>(insertKeyedRuns, runs.map(keyedRunValues))
    expect(born.map((row) => row.no)).toEqual([1, 3])
  })

  storeCase('runs are listed newest first, by status and workflow', open, async (database) => {
    await addRuns(
      database,
      newRun(1),
      newRun(2, { status: 'stuck' }),
      newRun(3, { workflow: 'other', status: 'stuck' }),
    )
    const numbers = async (filter: Parameters<typeof listRuns>[1]) =>
      (await listRuns(database, filter)).map((run) => run.no)
    expect(await numbers({})).toEqual([3, 2, 1])
    expect(await numbers({ status: 'stuck' })).toEqual([3, 2])
    expect(await numbers({ status: 'stuck', workflow: 'flow' })).toEqual([2])
    expect(await numbers({ limit: 1 })).toEqual([3])
    for (const none of ['nope', '', 'a\0b', '\ud83d', 'x'.repeat(1e6), Symbol('x'), undefined, {}]) {
      await expect(requireRun(database, none as string)).rejects.toMatchObject({ code: 'unknown-run' })
      const approval = requireApproval(database, none as string)
      await expect(approval).rejects.toMatchObject({ code: 'unknown-approval' })
    }
  })

  storeCase('a nominal time of a schedule is dealt with once', open, async (database) => {
    const occurrence = {
      schedule: 'daily',
      nominal: 1000,
      outcome: 'started',
      reason: null,
      run: 'run1',
      at: 1001,
    } as const
    expect(await recordOccurrence(database, occurrence)).toBe(true)
    expect(await recordOccurrence(database, { ...occurrence, run: 'run2' })).toBe(false)
    expect(await recordOccurrence(database, { ...occurrence, schedule: 'other' })).toBe(true)
    expect(await recordOccurrence(database, { ...occurrence, nominal: 2000 })).toBe(true)
    const kept = await listOccurrences(database, 'daily')
    expect(kept.map((row) => [row.nominal, row.run])).toEqual([
      [2000, 'run1'],
      [1000, 'run1'],
    ])
  })

  storeCase('a schedule that is saved again keeps its pause', open, async (database) => {
    const row = { name: 'daily', workflow: 'flow', definition: '{}', next_at: 5 }
    await saveSchedule(database, row)
    await database.run('update schedules set paused = 1')
    await saveSchedule(database, { ...row, workflow: 'other', next_at: null })
    expect(await listSchedules(database)).toEqual([{ ...row, workflow: 'other', next_at: null, paused: 1 }])
  })

  storeCase(
    'a transaction that fails leaves nothing behind, and the next one works',
    open,
    async (database) => {
      const failing = database.transaction(async (session) => {
        await session.run(`insert into queues (name) values ('a')`)
        throw new Error('no')
      })
      await expect(failing).rejects.toThrow('no')
      await database.transaction((session) => session.run(`insert into queues (name) values ('b')`))
      expect(await database.all('select name from queues')).toEqual([{ name: 'b' }])
      expect(await database.integrity()).toEqual([])
    },
  )
}
