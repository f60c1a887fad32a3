import { expect } from 'vitest'
import { claimFrom, nextDue, wakeDue } from '../../../src/store/claims.ts'
import type { Database } from '../../../src/store/database.ts'
import {
  listQueues,
  noLimits,
  type QueueLimits,
  saveQueue,
  setQueuePaused,
} from '../../../src/store/queues.ts'
import { addRuns, newRun, type Open, rowOf, storeCase, storeNow } from './fixtures.ts'

/** Claims from one queue; answers the runs' numbers. */
export async function claim(
  database: Database,
  limit: number,
  options: { queue?: string; drivesSuspect?: boolean; worker?: string } = {},
): Promise<number[]> {
  const { queue = 'default', drivesSuspect = false, worker = 'w' } = options
  const claimed = await database.transaction(async (session) => {
    const row = (await listQueues(session)).find((one) => one.name === queue)!
    return claimFrom(session, row, { worker, limit, drivesSuspect })
  })
  return claimed.map((run) => run.no)
}

export async function limitQueue(
  database: Database,
  limits: Partial<QueueLimits>,
  name = 'default',
): Promise<void> {
  await database.transaction((session) => saveQueue(session, name, { ...noLimits, ...limits }))
}

export function claimCases(open: Open): void {
  storeCase('a claim marks the run as its worker’s and bumps the epoch', open, async (database) => {
    await addRuns(database, newRun(1, { epoch: 4 }))
    expect(await claim(database, 10, { worker: 'mine' })).toEqual([1])
    expect(await rowOf(database, 1)).toMatchObject({ status: 'running', worker: 'mine', epoch: 5 })
    expect(await claim(database, 10)).toEqual([])
  })

  storeCase('wake-ups go first, then priority, then age', open, async (database) => {
    await addRuns(
      database,
      newRun(1, { available_at: 5 }),
      newRun(2, { available_at: 3 }),
      newRun(3, { priority: 9, available_at: 8 }),
      newRun(4, { fresh: 0, available_at: 9 }),
      newRun(5, { fresh: 0, priority: 1, available_at: 9 }),
      newRun(6, { available_at: 3 }),
    )
    const order: number[] = []
    for (;;) {
      const [no] = await claim(database, 1)
      if (no === undefined) break
      order.push(no)
    }
    expect(order).toEqual([5, 4, 3, 2, 6, 1])
  })

  storeCase('a delayed run is not claimed before its time by the store’s clock', open, async (database) => {
    const now = await storeNow(database)
    await addRuns(database, newRun(1, { available_at: now + 60_000 }))
    expect(await claim(database, 10)).toEqual([])
    expect(await nextDue(database, now)).toBe(now + 60_000)
    await database.run('update runs set available_at = ? where no = 1', [now])
    expect(await claim(database, 10)).toEqual([1])
  })

  storeCase('a run that fell due after the claim began is still waited for', open, async (database) => {
    const now = await storeNow(database)
    await addRuns(database, newRun(1, { available_at: now - 5 }))
    expect(await nextDue(database, now - 6)).toBe(now - 5)
    expect(await nextDue(database, now)).toBeUndefined()
  })

  storeCase(
    'a timer wakes its run when due, never before, and never a paused one',
    open,
    async (database) => {
      const now = await storeNow(database)
      await addRuns(database, ...[1, 2, 3].map((no) => newRun(no, { status: 'waiting' })))
      await database.run('update runs set wake_at = ? where no = 1', [now - 1000])
      await database.run('update runs set wake_at = ? where no = 2', [now + 60_000])
      await database.run('update runs set wake_at = ?, paused = 1 where no = 3', [now - 1000])
      expect(await database.transaction((session) => wakeDue(session))).toBe(1)
      expect(await claim(database, 10)).toEqual([1])
      expect((await rowOf(database, 1)).wake_at).toBeNull()
      expect(await rowOf(database, 2)).toMatchObject({ status: 'waiting' })
      expect(await nextDue(database, now)).toBe(now + 60_000)
    },
  )

  storeCase('a paused run and a paused queue are left alone', open, async (database) => {
    await addRuns(database, newRun(1), newRun(2), newRun(3, { queue: 'mail' }))
    await database.run('update runs set paused = 1 where no = 1')
    expect(await setQueuePaused(database, 'mail', true)).toBe(true)
    expect(await setQueuePaused(database, 'nowhere', true)).toBe(false)
    expect(await claim(database, 10)).toEqual([2])
    expect(await claim(database, 10, { queue: 'mail' })).toEqual([])
    await setQueuePaused(database, 'mail', false)
    expect(await claim(database, 10, { queue: 'mail' })).toEqual([3])
  })

  storeCase('two workers that claim at one moment never get the same run', open, async (database) => {
    await addRuns(database, ...Array.from({ length: 20 }, (_, index) => newRun(index + 1)))
    const claims = await Promise.all(['a', 'b', 'c'].map((worker) => claim(database, 8, { worker })))
    const all = claims.flat().sort((left, right) => left - right)
    expect(all).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
  })

  storeCase('at most one suspect is driven at a time', open, async (database) => {
    await addRuns(database, newRun(1), newRun(2), newRun(3))
    await database.run('update runs set crashes = 2 where no in (1, 2)')
    expect(await claim(database, 10)).toEqual([1, 3])
    expect(await claim(database, 10, { drivesSuspect: true })).toEqual([])
    expect(await claim(database, 10)).toEqual([2])
  })
}
