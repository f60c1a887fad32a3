import { expect } from 'vitest'
import type { Database } from '../../../src/store/database.ts'
import { checkLines, firstKey, letOut } from '../../../src/store/dispatch/key-lines.ts'
import { ready } from '../../../src/store/dispatch/lanes.ts'
import { recoverOrphans, returnClaims } from '../../../src/store/dispatch/recovery.ts'
import { moveRuns, pauseRuns } from '../../../src/store/runs/changes/moves.ts'
import { releaseRuns, releaseValues } from '../../../src/store/runs/changes/releases.ts'
import { enqueueRuns, type NewRun, newRunValues } from '../../../src/store/runs/changes/starts.ts'
import { deliver } from '../../../src/store/runs/inbox.ts'
import { claim, limitQueue } from './claims.ts'
import { addRuns, newRun, type Open, releaseOf, storeCase } from './fixtures.ts'

const hot = (from: number, count: number, changes: Partial<NewRun> = {}) =>
  Array.from({ length: count }, (_, index) => newRun(from + index, { key: 'hot', ...changes }))

const enqueue = (database: Database, runs: NewRun[]) => database.bulk(enqueueRuns, runs.map(newRunValues))

const end = (database: Database, ...numbers: number[]) =>
  database.bulk(
    releaseRuns,
    numbers.map((no) => releaseValues(releaseOf(no, { status: 'succeeded', endedAt: 9 }))),
  )

async function readyRuns(database: Database): Promise<number[]> {
  const rows = await database.all<{ no: number }>(`select no from runs where ${ready} order by no`)
  return rows.map(({ no }) => no)
}

/** What a claim could take by the definition: queued, due, not held, and its key has room. */
async function claimable(database: Database, most: number): Promise<number[]> {
  const rows = await database.all<{ no: number }>(
    `select no from runs where status = 'queued' and paused = 0 and wake_at is null and (key is null or (select count(*)
       from runs other where other.status = 'running' and other.queue = runs.queue and other.key = runs.key) < ?)`,
    [most],
  )
  return rows.map(({ no }) => no)
}

export function keyLineCases(open: Open): void {
  storeCase(
    'runs behind a key that is taken are out of the way of all other claims',
    open,
    async (database) => {
      await limitQueue(database, { key_concurrency: 1 })
      await addRuns(database, ...hot(1, 400, { priority: 5 }), newRun(901), newRun(902, { key: 'cold' }))
      expect(await claim(database, 1)).toEqual([1])
      expect(await claim(database, 10)).toEqual([901, 902])
      expect(await readyRuns(database)).toEqual([])
      // Those that come when there is a line are in it from the first.
      await enqueue(database, [...hot(1001, 20), newRun(1101, { key: 'other' })])
      expect(await readyRuns(database)).toEqual([1101])
      await end(database, 1)
      expect(await claim(database, 10)).toEqual([2, 1101])
    },
  )

  storeCase(
    'a line is left by priority and age, as many at once as its key has room for',
    open,
    async (database) => {
      await limitQueue(database, { key_concurrency: 2 })
      await addRuns(database, ...hot(1, 6))
      expect(await claim(database, 10)).toEqual([1, 2])
      await enqueue(database, hot(11, 2, { priority: 3 }))
      await end(database, 1)
      // A claim finds no more of them than it can take.
      await database.transaction(letOut)
      expect(await readyRuns(database)).toEqual([11])
      expect(await claim(database, 10)).toEqual([11])
      await end(database, 2, 11)
      expect(await claim(database, 10)).toEqual([3, 12])
    },
  )

  storeCase('whatever stops the run that others stand behind lets the next go on', open, async (database) => {
    await limitQueue(database, { key_concurrency: 1 })
    await addRuns(database, ...hot(1, 6))
    const stops: ((no: number) => Promise<unknown>)[] = [
      (no) => end(database, no),
      (no) => database.bulk(releaseRuns, [releaseValues(releaseOf(no, { status: 'waiting', inboxSeen: 0 }))]),
      (no) => database.bulk(moveRuns, [[no, 'stuck', 'why', null, null, null]]),
    ]
    for (const [index, stop] of stops.entries()) {
      expect(await claim(database, 10)).toEqual([index + 1])
      await stop(index + 1)
    }
    // Recovered and given back, it goes before those that never ran, and they stay in line behind it.
    expect(await claim(database, 10)).toEqual([4])
    await recoverOrphans(database)
    expect(await claim(database, 10)).toEqual([4])
    await database.bulk(returnClaims, [[4, 2, 'w']])
    expect(await claim(database, 10)).toEqual([4])
    await end(database, 4)
    expect(await claim(database, 10)).toEqual([5])
  })

  storeCase(
    'runs of a version that nobody drives keep no others of their key in line',
    open,
    async (database) => {
      await limitQueue(database, { key_concurrency: 1 })
      await addRuns(
        database,
        ...hot(1, 3),
        ...hot(11, 3, { version: '0' }),
        ...hot(21, 3, { workflow: 'other' }),
      )
      const driven = (lane: { version: string }) => lane.version === '1'
      expect(await claim(database, 10, { has: driven })).toEqual([1])
      for (const [ends, next] of [
        [1, 2],
        [2, 3],
        [3, 21],
        [21, 22],
      ] as const) {
        expect(await claim(database, 10)).toEqual([])
        await end(database, ends)
        expect(await claim(database, 10, { has: driven })).toEqual([next])
      }
    },
  )

  storeCase(
    'a limit that is raised or lifted, and what a hand took away, lets lines go on',
    open,
    async (database) => {
      const settle = async () => {
        let next = firstKey
        do next = (await database.transaction((session) => checkLines(session, next))).next
        while (next !== firstKey)
      }
      await limitQueue(database, { key_concurrency: 1 })
      const many = Array.from({ length: 230 }, (_, index) =>
        newRun(1000 + index, { key: `key${index >> 1}` }),
      )
      await addRuns(database, ...hot(1, 8), ...many)
      expect(await claim(database, 200)).toHaveLength(116)
      expect(await claim(database, 200)).toEqual([])
      await limitQueue(database, { key_concurrency: 3 })
      await settle()
      expect(await claim(database, 200)).toHaveLength(117)
      await database.run("delete from runs where status = 'running' and key = 'hot'")
      await settle()
      expect(await claim(database, 10)).toEqual([4, 5, 6])
      await limitQueue(database, {})
      await settle()
      expect(await claim(database, 10)).toEqual([7, 8])
    },
  )

  storeCase(
    'no run is left in line that could go on, whatever becomes of the others',
    open,
    async (database) => {
      const most = 2
      await limitQueue(database, { key_concurrency: most })
      let seed = 7
      const random = (below: number) => {
        seed = (seed * 1103515245 + 12345) % 2 ** 31
        return (seed >> 8) % below
      }
      const some = async (condition: string) => {
        const rows = await database.all<{ no: number }>(`select no from runs where ${condition} order by no`)
        return rows.length === 0 ? undefined : rows[random(rows.length)]!.no
      }
      const on = async (condition: string, act: (no: number) => Promise<unknown>) => {
        const no = await some(condition)
        if (no !== undefined) await act(no)
      }
      let next = 1
      let longest = 0
      const acts = [
        () =>
          enqueue(
            database,
            Array.from({ length: 1 + random(4) }, () =>
              newRun(next++, { key: `key${random(3)}`, priority: random(3), version: String(1 + random(2)) }),
            ),
          ),
        () => on("status = 'running'", (no) => end(database, no)),
        () =>
          on("status = 'running'", (no) =>
            database.bulk(releaseRuns, [releaseValues(releaseOf(no, { status: 'waiting', inboxSeen: 99 }))]),
          ),
        () =>
          on("status = 'waiting'", (run) =>
            database.transaction((session) =>
              deliver(session, { run, name: 'signal:x', dedup: null, payload: '1', at: 5 }),
            ),
          ),
        () => on("status = 'queued'", (no) => database.bulk(pauseRuns, [[no, 1]])),
        () => on('paused = 1', (no) => database.bulk(pauseRuns, [[no, 0]])),
        () =>
          on("status = 'queued'", (no) => database.bulk(moveRuns, [[no, 'cancelled', null, 9, null, null]])),
        () =>
          on("status = 'cancelled'", (no) =>
            database.bulk(moveRuns, [[no, 'queued', null, null, null, null]]),
          ),
        async () => {
          await recoverOrphans(database, 1)
          // Of suspects one alone is claimed, which is another matter.
          await database.run('update runs set crashes = 0')
        },
        () => claim(database, 1 + random(3)),
      ]
      for (let turn = 0; turn < 300; turn++) {
        await acts[random(acts.length)]!()
        if (turn % 5 > 0) continue
        await claim(database, 1000)
        expect(await claimable(database, most)).toEqual([])
        const over = await database.all(
          "select key from runs where status = 'running' group by key having count(*) > ?",
          [most],
        )
        expect(over).toEqual([])
        const line = await database.all('select no from runs where key_line = 1')
        longest = Math.max(longest, line.length)
      }
      expect(longest).toBeGreaterThan(1)
    },
  )
}
