import { expect } from 'vitest'
import type { Database, Session } from '../../../src/store/database.ts'
import { claimRuns } from '../../../src/store/dispatch/claims.ts'
import { LaneTurns } from '../../../src/store/dispatch/lane-turns.ts'
import { readLanes } from '../../../src/store/dispatch/lanes.ts'
import { nextRateWindow } from '../../../src/store/dispatch/queues/claim-rates.ts'
import { ensureQueue, listQueues, noLimits } from '../../../src/store/dispatch/queues/queues.ts'
import { QueueShares } from '../../../src/store/dispatch/shares.ts'
import { claim, limitQueue } from './claims.ts'
import { addRuns, newRun, type Open, storeCase, storeNow } from './fixtures.ts'

const finish = (database: Database, no: number) =>
  database.run(`update runs set status = 'succeeded' where no = ?`, [no])

export function queueCases(open: Open): void {
  storeCase(
    'a queue keeps its limits when it is mentioned again, and takes new ones',
    open,
    async (database) => {
      await limitQueue(database, { concurrency: 3 }, 'mail')
      await ensureQueue(database, 'mail')
      await ensureQueue(database, 'plain')
      await limitQueue(database, { concurrency: 4, rate_count: 1, rate_ms: 2 }, 'mail')
      expect(await listQueues(database)).toEqual([
        { name: 'mail', paused: 0, ...noLimits, concurrency: 4, rate_count: 1, rate_ms: 2 },
        { name: 'plain', paused: 0, ...noLimits },
      ])
    },
  )

  storeCase('concurrency holds over all workers', open, async (database) => {
    await limitQueue(database, { concurrency: 2 })
    await addRuns(database, ...[1, 2, 3, 4].map((no) => newRun(no)))
    const claims = await Promise.all(['a', 'b'].map((worker) => claim(database, 10, { worker })))
    expect(claims.flat().sort()).toEqual([1, 2])
    await finish(database, 1)
    expect(await claim(database, 10)).toEqual([3])
    expect(await claim(database, 10)).toEqual([])
  })

  storeCase(
    'each key has its own limit, and one busy key does not hide the others',
    open,
    async (database) => {
      await limitQueue(database, { key_concurrency: 1 })
      const keyed = Array.from({ length: 12 }, (_, index) => newRun(index + 1, { key: 'a' }))
      await addRuns(database, ...keyed, newRun(13, { key: 'b' }), newRun(14))
      const claimed: number[] = []
      for (let round = 0; round < 5; round++) claimed.push(...(await claim(database, 2)))
      expect(claimed).toEqual([1, 13, 14])
      await finish(database, 1)
      expect(await claim(database, 10)).toEqual([2])
    },
  )

  storeCase(
    'queues that are full are passed over together, however many they are',
    open,
    async (database) => {
      const full = Array.from({ length: 40 }, (_, index) => `full${index}`)
      for (const queue of full) await limitQueue(database, { concurrency: 1 }, queue)
      await addRuns(
        database,
        ...full.map((queue, index) => newRun(1000 + index, { queue, status: 'running', worker: 'w' })),
        ...full.map((queue, index) => newRun(2000 + index, { queue, priority: 9 })),
        newRun(1),
      )
      const looks: string[] = []
      const claimed = await database.transaction(async (session) => {
        const watched: Session = {
          all: (sql, parameters) => {
            looks.push(sql)
            return session.all(sql, parameters)
          },
          get: (sql, parameters) => session.get(sql, parameters),
          run: (sql, parameters) => session.run(sql, parameters),
          bulk: (statement, rows) => session.bulk(statement, rows),
        }
        const request = { worker: 'w', limit: 1, drivesSuspect: false, lanes: await readLanes(session) }
        return claimRuns(watched, await listQueues(session), new QueueShares(), request)
      })
      expect(claimed.map(({ no }) => no)).toEqual([1])
      // The open queue's runs, the claim, and what goes with it; nothing for each of the full ones.
      expect(looks.length).toBeLessThan(10)
    },
  )

  storeCase(
    'of very many lanes a claim looks at some, and each is looked at before the worker rests',
    open,
    async (database) => {
      const names = Array.from({ length: 25 }, (_, index) => `queue${index + 10}`)
      await addRuns(
        database,
        ...names.flatMap((queue, index) => [
          newRun(2 * index + 1, { queue }),
          newRun(2 * index + 2, { queue }),
        ]),
      )
      const turns = new LaneTurns(7)
      const looks: string[][] = []
      const claimOnce = async (limit: number) => {
        const claimed = await database.transaction(async (session) => {
          const lanes = await turns.look(session)
          looks.push(lanes.map(({ queue }) => queue))
          const request = { worker: 'w', limit, drivesSuspect: false, lanes }
          return claimRuns(session, await listQueues(session), new QueueShares(), request)
        })
        turns.done(claimed.length)
        return claimed.map(({ no }) => no)
      }
      const all = async (limit: number) => {
        turns.begin()
        const claimed = new Set<number>()
        do for (const no of await claimOnce(limit)) claimed.add(no)
        while (turns.isMore)
        return claimed.size
      }
      // One of each lane's two would be left if a claim took no more than three.
      expect(await all(3)).toBe(50)
      expect(Math.max(...looks.map(({ length }) => length))).toBe(7)
      // Nothing is there: one look says so.
      looks.length = 0
      expect(await all(3)).toBe(0)
      expect(looks).toEqual([[]])
      // All are full: each is looked at once, from wherever the turns stand.
      for (const queue of names) await limitQueue(database, { concurrency: 1 }, queue)
      await addRuns(database, ...names.map((queue, index) => newRun(100 + index, { queue })))
      await claimOnce(1)
      looks.length = 0
      expect(await all(3)).toBe(0)
      expect(new Set(looks.flat()).size).toBe(25)
      expect(looks.flat().length).toBeLessThan(60)
      // What comes behind the place where the turns stand is found all the same.
      await claimOnce(1)
      await addRuns(database, newRun(900, { queue: 'early' }))
      expect(await all(3)).toBe(1)
    },
  )

  storeCase('lanes behind one are read in the order of all', open, async (database) => {
    const lane = (queue: string, workflow: string, version: string) => ({ queue, workflow, version })
    const lanes = [
      lane('a', 'f', '1'),
      lane('a', 'f', '2'),
      lane('a', 'g', '1'),
      lane('b', 'e', '1'),
      lane('c', 'f', '1'),
    ]
    await addRuns(
      database,
      ...lanes.flatMap((each, index) => [newRun(10 * index, each), newRun(10 * index + 1, each)]),
    )
    expect(await readLanes(database)).toEqual(lanes)
    for (const [index, after] of lanes.entries()) {
      expect(await readLanes(database, { after })).toEqual(lanes.slice(index + 1))
      expect(await readLanes(database, { after, most: 2 })).toEqual(lanes.slice(index + 1, index + 3))
    }
    // Also where nothing is any more.
    expect(await readLanes(database, { after: lane('a', 'fa', '9'), most: 1 })).toEqual([lanes[2]])
  })

  storeCase('a rate admits so many new runs in a window; wake-ups do not count', open, async (database) => {
    await limitQueue(database, { rate_count: 2, rate_ms: 60_000 })
    await addRuns(database, ...[1, 2, 3].map((no) => newRun(no)), newRun(9, { fresh: 0 }))
    expect(await claim(database, 10)).toEqual([1, 2, 9])
    expect(await claim(database, 10)).toEqual([])
    const now = await storeNow(database)
    const window = (await nextRateWindow(database, now))!
    expect(window).toBeGreaterThan(now)
    expect(window).toBeLessThanOrEqual(now + 60_000)
    await addRuns(database, newRun(10, { fresh: 0 }))
    expect(await claim(database, 10)).toEqual([10])
    await database.run('update claim_rates set window_at = window_at - 60000')
    expect(await claim(database, 10)).toEqual([3])
  })

  storeCase('a window that is over is nothing to wait for', open, async (database) => {
    await limitQueue(database, { rate_count: 1, rate_ms: 60_000, concurrency: 1 })
    await addRuns(database, newRun(1), newRun(2))
    expect(await claim(database, 10)).toEqual([1])
    await database.run('update claim_rates set window_at = window_at - 60000')
    expect(await claim(database, 10)).toEqual([])
    expect(await nextRateWindow(database, await storeNow(database))).toBeUndefined()
    const window = await database.get<{ at: number }>('select window_at as at from claim_rates')
    expect(await nextRateWindow(database, window!.at + 59_999)).toBe(window!.at + 60_000)
  })
}
