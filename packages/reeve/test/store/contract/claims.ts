import { expect } from 'vitest'
import type { Database } from '../../../src/store/database.ts'
import { claimFrom, claimRuns, nextDue, wakeDue } from '../../../src/store/dispatch/claims.ts'
import { letOut } from '../../../src/store/dispatch/key-lines.ts'
import { type Lane, readLanes } from '../../../src/store/dispatch/lanes.ts'
import {
  listQueues,
  noLimits,
  type QueueLimits,
  saveQueue,
  setQueuePaused,
} from '../../../src/store/dispatch/queues/queues.ts'
import { QueueShares } from '../../../src/store/dispatch/shares.ts'
import { addRuns, newRun, type Open, rowOf, storeCase, storeNow } from './fixtures.ts'

/** Claims from one queue; answers the runs' numbers. */
export async function claim(
  database: Database,
  limit: number,
  options: { queue?: string; drivesSuspect?: boolean; worker?: string; has?: (lane: Lane) => boolean } = {},
): Promise<number[]> {
  const { queue = 'default', drivesSuspect = false, worker = 'w', has = () => true } = options
  const claimed = await database.transaction(async (session) => {
    const row = (await listQueues(session)).find((one) => one.name === queue)!
    await wakeDue(session)
    await letOut(session)
    const lanes = (await readLanes(session)).filter((lane) => lane.queue === queue && has(lane))
    return claimFrom(session, row, { worker, limit, drivesSuspect, lanes })
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

/** Claims from all queues; answers the runs' numbers. */
async function claimAll(
  database: Database,
  limit: number,
  options: { shares?: QueueShares; has?: (lane: Lane) => boolean } = {},
): Promise<number[]> {
  const { shares = new QueueShares(), has = () => true } = options
  const claimed = await database.transaction(async (session) => {
    const lanes = (await readLanes(session)).filter(has)
    const request = { worker: 'w', limit, drivesSuspect: false, lanes }
    return claimRuns(session, await listQueues(session), shares, request)
  })
  return claimed.map((run) => run.no).sort((left, right) => left - right)
}

const backlog = (from: number, count: number, changes: Parameters<typeof newRun>[1]) =>
  Array.from({ length: count }, (_, index) => newRun(from + index, changes))

export function claimCases(open: Open): void {
  storeCase('priority is compared over all queues, and wake-ups go before it', open, async (database) => {
    await addRuns(
      database,
      ...backlog(1, 300, { queue: 'bulk' }),
      newRun(901, { queue: 'urgent', priority: 100 }),
      newRun(902, { queue: 'zzz', fresh: 0 }),
      newRun(903, { queue: 'aaa', priority: -1 }),
    )
    const claims = []
    for (let turn = 0; turn < 4; turn++) claims.push(...(await claimAll(database, 1)))
    expect(claims).toEqual([902, 901, 1, 2])
    expect(await claimAll(database, 250)).toHaveLength(200)
    expect(await claimAll(database, 250)).toEqual([...backlog(203, 98, {}).map(({ no }) => no), 903])
  })

  storeCase('queues on one level take turns, and none makes up for its absence', open, async (database) => {
    const shares = new QueueShares()
    await addRuns(database, ...backlog(1, 60, { queue: 'a' }), ...backlog(101, 60, { queue: 'b' }))
    expect(await claimAll(database, 4, { shares })).toEqual([1, 2, 101, 102])
    const singly = []
    for (let turn = 0; turn < 4; turn++) singly.push(...(await claimAll(database, 1, { shares })))
    expect(singly.sort((left, right) => left - right)).toEqual([3, 4, 103, 104])
    await addRuns(database, ...backlog(201, 60, { queue: 'c', available_at: 9, created_at: 9 }))
    expect(await claimAll(database, 6, { shares })).toEqual([5, 6, 105, 106, 201, 202])
  })

  storeCase('what a queue’s limits leave over goes to the others', open, async (database) => {
    await limitQueue(database, { concurrency: 1 }, 'urgent')
    await limitQueue(database, { rate_count: 2, rate_ms: 60_000 }, 'paced')
    await addRuns(
      database,
      ...backlog(1, 20, { queue: 'urgent', priority: 9 }),
      ...backlog(101, 20, { queue: 'paced', priority: 5 }),
      ...backlog(201, 20, { queue: 'bulk' }),
    )
    expect(await claimAll(database, 6)).toEqual([1, 101, 102, 201, 202, 203])
    expect(await claimAll(database, 3)).toEqual([204, 205, 206])
  })

  storeCase(
    'only the versions that a worker has are claimed, in the order of their queue',
    open,
    async (database) => {
      const lanes = ['1', '2', '3'].flatMap((version) =>
        ['flow', 'other'].map((workflow) => ({ version, workflow })),
      )
      const runs = Array.from({ length: 240 }, (_, index) =>
        newRun(index + 1, { ...lanes[(index * 7) % 6]!, priority: (index * 5) % 3 }),
      )
      await addRuns(database, ...runs)
      const has = ({ workflow, version }: Pick<Lane, 'workflow' | 'version'>) =>
        workflow === 'flow' && version !== '2'
      const mine = runs
        .filter(has)
        .sort((left, right) => right.priority - left.priority || left.no - right.no)
      const claimed: number[] = []
      for (
        let more = await claimAll(database, 7, { has });
        more.length > 0;
        more = await claimAll(database, 7, { has })
      ) {
        const next = mine.slice(claimed.length, claimed.length + more.length).map(({ no }) => no)
        expect(more).toEqual(next.sort((left, right) => left - right))
        claimed.push(...more)
      }
      expect(claimed).toHaveLength(mine.length)
      expect(await readLanes(database)).toHaveLength(4)
    },
  )

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
    expect(await nextDue(database)).toBe(now + 60_000)
    await database.run('update runs set wake_at = ? where no = 1', [now])
    expect(await claim(database, 10)).toEqual([1])
  })

  storeCase('a run that fell due after the claim began is still waited for', open, async (database) => {
    const now = await storeNow(database)
    await addRuns(database, newRun(1, { available_at: now - 5 }))
    expect(await nextDue(database)).toBe(now - 5)
    await database.transaction((session) => wakeDue(session))
    expect(await nextDue(database)).toBeUndefined()
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
      expect(await nextDue(database)).toBe(now + 60_000)
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
