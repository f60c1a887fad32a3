import { expect } from 'vitest'
import { createIds } from '../../../src/base/ids.ts'
import type { Database } from '../../../src/store/database.ts'
import type { NewRun } from '../../../src/store/runs/changes/starts.ts'
import { countFitting, countOpenRuns } from '../../../src/store/runs/run-counts.ts'
import { type RunFilter, readRunSlice } from '../../../src/store/runs/run-lists.ts'
import { addRuns, newRun, type Open, storeCase } from './fixtures.ts'

const hour = 3_600_000
const start = Date.UTC(2026, 10, 1)

/** One run an hour, the first at `start`. */
async function addHourly(database: Database, count: number, changes: (index: number) => Partial<NewRun>) {
  let now = start
  const newId = createIds(() => now)
  const runs: NewRun[] = []
  for (let index = 0; index < count; index++) {
    now = start + index * hour
    runs.push(newRun(index + 1, { id: newId(), created_at: now, ...changes(index) }))
  }
  await addRuns(database, ...runs)
}

async function numbersOf(database: Database, filter: RunFilter, limit = 100): Promise<number[]> {
  return (await readRunSlice(database, filter, undefined, limit)).rows.map(({ no }) => no)
}

export function runListCases(open: Open): void {
  storeCase('a list of runs begins with the newest and goes on where it ended', open, async (database) => {
    await addHourly(database, 7, () => ({}))
    const first = await readRunSlice(database, {}, undefined, 3)
    expect(first.rows.map(({ no }) => no)).toEqual([7, 6, 5])
    const second = await readRunSlice(database, {}, first.next, 3)
    expect(second.rows.map(({ no }) => no)).toEqual([4, 3, 2])
    const third = await readRunSlice(database, {}, second.next, 3)
    expect(third).toMatchObject({ rows: [{ no: 1 }], next: undefined })
  })

  storeCase('a list of runs of each status holds those alone, in their order', open, async (database) => {
    const statuses = ['queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled', 'stuck'] as const
    await addHourly(database, 14, (index) => ({ status: statuses[index % 7]! }))
    for (const [index, status] of statuses.entries()) {
      expect(await numbersOf(database, { status })).toEqual([index + 8, index + 1])
      const first = await readRunSlice(database, { status }, undefined, 1)
      const second = await readRunSlice(database, { status }, first.next, 1)
      expect([status, ...second.rows.map(({ no }) => no)]).toEqual([status, index + 1])
    }
  })

  storeCase('a list of runs is bounded by when they were created', open, async (database) => {
    await addHourly(database, 10, (index) => ({ status: index % 2 === 0 ? 'waiting' : 'succeeded' }))
    const within = { since: start + 3 * hour, until: start + 7 * hour }
    expect(await numbersOf(database, within)).toEqual([7, 6, 5, 4])
    expect(await numbersOf(database, { ...within, status: 'waiting' })).toEqual([7, 5])
  })

  storeCase(
    'the runs that a filter lets through are counted as the list has them',
    open,
    async (database) => {
      const statuses = ['queued', 'running', 'waiting', 'succeeded', 'failed'] as const
      await addHourly(database, 25, (index) => ({
        status: statuses[index % 5]!,
        workflow: index < 10 ? 'refund-desk' : 'triage',
      }))
      const filters: RunFilter[] = [
        {},
        ...statuses.map((status) => ({ status })),
        { statuses: ['queued', 'failed'] },
        { workflow: 'triage', text: 'TRI' },
        { workflow: 'refund-desk', status: 'running' },
        { since: start + 3 * hour, until: start + 7 * hour },
        { text: 'nothing' },
      ]
      for (const filter of filters)
        expect(await countFitting(database, filter)).toEqual({
          total: (await numbersOf(database, filter)).length,
          isMore: false,
        })
    },
  )

  storeCase('a list of runs is searched by a text, taken as it stands', open, async (database) => {
    await addHourly(database, 4, (index) => ({
      workflow: index === 0 ? 'Refund-Desk' : 'triage',
      idempotency: index === 1 ? 'mail:100%_A' : null,
    }))
    await database.run(`update runs set reason = 'signal "Paid"' where no = 4`)
    expect(await numbersOf(database, { text: 'refund' })).toEqual([1])
    expect(await numbersOf(database, { text: '100%_a' })).toEqual([2])
    expect(await numbersOf(database, { text: '"paid' })).toEqual([4])
    expect(await numbersOf(database, { text: '%' })).toEqual([2])
    expect(await numbersOf(database, { text: `' or 1=1 --` })).toEqual([])
    const payload = `{"version":"1","principal":"operator","input":{"order":"A-99_Ü"}}`
    await database.run(
      `insert into events (run, seq, type, at, payload, hash) values (2, 1, 'run-started', ${start}, ?, 'x')`,
      [payload],
    )
    expect(await numbersOf(database, { text: 'a-99_' })).toEqual([2])
    expect(await numbersOf(database, { text: 'principal' })).toEqual([])
    const { id } = (await database.get<{ id: string }>('select id from runs where no = 3'))!
    expect(await numbersOf(database, { text: id.slice(-8) })).toEqual([3])
    expect(await numbersOf(database, { workflow: 'triage', text: 'paid' })).toEqual([4])
  })

  storeCase(
    'a filter that lets little through is answered in slices, and misses nothing',
    open,
    async (database) => {
      await addHourly(database, 10_050, (index) => ({ workflow: index % 5000 === 20 ? 'rare' : 'common' }))
      const found: number[] = []
      let slices = 0
      let place: Parameters<typeof readRunSlice>[2]
      do {
        const slice = await readRunSlice(database, { workflow: 'rare' }, place, 50)
        found.push(...slice.rows.map(({ no }) => no))
        place = slice.next
        slices++
      } while (place)
      expect(found).toEqual([10_021, 5021, 21])
      expect(slices).toBe(3)
    },
  )

  storeCase('open runs are counted by their state', open, async (database) => {
    const statuses = ['queued', 'running', 'waiting', 'stuck', 'failed', 'succeeded'] as const
    await addHourly(database, 21, (index) => ({
      status: statuses[Math.floor((Math.sqrt(8 * index + 1) - 1) / 2)]!,
    }))
    expect(await countOpenRuns(database)).toEqual({ queued: 1, running: 2, waiting: 3, stuck: 4, failed: 5 })
  })
}
