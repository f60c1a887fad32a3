import { expect } from 'vitest'
import type { Database } from '../../../src/store/database.ts'
import { eventValues, insertEvents } from '../../../src/store/journal/journal.ts'
import { releaseRuns, releaseValues } from '../../../src/store/runs/changes/releases.ts'
import {
  consumeItems,
  type Delivery,
  deliver,
  giveSignalsBack,
  moveItems,
  readInbox,
} from '../../../src/store/runs/inbox.ts'
import { addRunning, addRuns, chainOf, newRun, type Open, releaseOf, rowOf, storeCase } from './fixtures.ts'

const send = (database: Database, changes: Partial<Delivery> = {}) =>
  database.transaction((session) =>
    deliver(session, { run: 1, name: 'signal:x', dedup: null, payload: '1', at: 5, ...changes }),
  )

export function inboxCases(open: Open): void {
  storeCase('items are kept in the order they came until a call takes them', open, async (database) => {
    await addRuns(database, newRun(1), newRun(2))
    for (const payload of ['"a"', '"b"', '"c"']) await send(database, { payload })
    await send(database, { run: 2 })
    const items = await readInbox(database, 1)
    expect(items.map((item) => item.payload)).toEqual(['"a"', '"b"', '"c"'])
    await database.bulk(consumeItems, [[items[0]!.id, 1]])
    expect((await readInbox(database, 1)).map((item) => item.payload)).toEqual(['"b"', '"c"'])
  })

  storeCase('an item with the same dedup counts once, even after it was taken', open, async (database) => {
    await addRuns(database, newRun(1), newRun(2))
    expect(await send(database, { dedup: 'd' })).toBe(true)
    expect(await send(database, { dedup: 'd', payload: '2' })).toBe(false)
    expect(await send(database, { dedup: 'd', run: 2 })).toBe(true)
    const items = await readInbox(database, 1)
    expect(items.map((item) => item.payload)).toEqual(['1'])
    await database.bulk(consumeItems, [[items[0]!.id, 1]])
    expect(await send(database, { dedup: 'd' })).toBe(false)
    expect((await rowOf(database, 1)).inbox).toBe(1)
  })

  storeCase('an item wakes a waiting run and leaves any other state alone', open, async (database) => {
    const states = ['waiting', 'running', 'queued', 'stuck', 'succeeded'] as const
    await addRuns(database, ...states.map((status, index) => newRun(index + 1, { status })))
    for (let no = 1; no <= states.length; no++) await send(database, { run: no })
    const after = await database.all<{ status: string }>('select status from runs order by no')
    expect(after.map((row) => row.status)).toEqual(['queued', 'running', 'queued', 'stuck', 'succeeded'])
  })

  storeCase('a run cannot park over an item that came after it last looked', open, async (database) => {
    for (const no of [1, 2, 3]) await addRunning(database, no)
    await send(database, { run: 1 })
    await send(database, { run: 2 })
    await database.bulk(releaseRuns, [
      releaseValues(releaseOf(1, { inboxSeen: 0 })),
      releaseValues(releaseOf(2, { inboxSeen: 1 })),
      releaseValues(releaseOf(3, { inboxSeen: 0 })),
    ])
    expect((await rowOf(database, 1)).status).toBe('queued')
    expect((await rowOf(database, 2)).status).toBe('waiting')
    await send(database, { run: 3 })
    expect((await rowOf(database, 3)).status).toBe('queued')
  })

  storeCase('a run that ends ends, whatever came meanwhile', open, async (database) => {
    await addRunning(database, 1)
    await send(database)
    await database.bulk(releaseRuns, [releaseValues(releaseOf(1, { status: 'succeeded', endedAt: 9 }))])
    expect(await rowOf(database, 1)).toMatchObject({ status: 'succeeded', ended_at: 9 })
  })

  storeCase(
    'what the journal has of an item is not kept twice, and comes back from there',
    open,
    async (database) => {
      await addRunning(database, 1)
      for (const [dedup, payload] of [
        ['a', '"first"'],
        ['b', '"second"'],
        ['c', '"third"'],
      ] as const)
        await send(database, { dedup, payload, name: 'signal:go' })
      const [first, second, third] = await readInbox(database, 1)
      const event = chainOf(1)('signal-received', '"first"')
      await database.bulk(insertEvents, [eventValues({ ...event, step: 4 })])
      await database.bulk(moveItems, [[first!.id, 4]])
      await database.bulk(consumeItems, [[second!.id, 4]])
      // Its event never came to be, so there is nothing to give back.
      await database.bulk(moveItems, [[third!.id, 9]])
      const payloads = async () =>
        (await database.all<{ payload: string }>('select payload from inbox order by id')).map(
          ({ payload }) => payload,
        )
      expect(await payloads()).toEqual(['', '"second"', ''])
      expect(await send(database, { dedup: 'a', payload: '"again"', name: 'signal:go' })).toBe(false)
      await giveSignalsBack(database, 1, [4, 9])
      expect((await readInbox(database, 1)).map(({ payload }) => payload)).toEqual(['"first"', '"second"'])
    },
  )
}
