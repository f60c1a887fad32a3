import { expect } from 'vitest'
import { FakeClock } from '../../../src/base/fake-clock.ts'
import { sha256 } from '../../../src/base/hash.ts'
import {
  eventValues,
  insertBlobs,
  insertEvents,
  readEvents,
  readHead,
  tailEnd,
  verifyChain,
} from '../../../src/store/journal.ts'
import { Tail } from '../../../src/store/tail.ts'
import { addRunning, chainOf, type Open, storeCase } from './fixtures.ts'

export function journalCases(open: Open): void {
  storeCase('events come back as written, in order, by run', open, async (database) => {
    const [first, second] = [chainOf(1), chainOf(2)]
    const mine = [first('run-started', '{"a":1}'), first('step-completed', '"ü 😀"'), first('run-succeeded')]
    const others = [second('run-started', '{}')]
    await database.bulk(insertEvents, [mine[2]!, others[0]!, mine[0]!, mine[1]!].map(eventValues))
    expect(await readEvents(database, 1)).toEqual(mine)
    expect(await readEvents(database, 1, 2)).toEqual([mine[2]])
    expect(await readEvents(database, 2)).toEqual(others)
    expect(await readHead(database, 1)).toEqual({ seq: 3, hash: mine[2]!.hash })
    expect(await readHead(database, 3)).toBeUndefined()
  })

  storeCase(
    'a second event with the same number is a broken constraint and changes nothing',
    open,
    async (database) => {
      const event = chainOf(1)('run-started', '{}')
      await database.bulk(insertEvents, [eventValues(event)])
      const again = { ...event, type: 'other' }
      const next = { ...event, seq: 2 }
      const error = await database.bulk(insertEvents, [next, again].map(eventValues)).catch((cause) => cause)
      expect(database.classify(error)).toBe('constraint')
      expect(await readEvents(database, 1)).toEqual([event])
    },
  )

  storeCase(
    'a large payload is kept once as a blob, and read as if it were inline',
    open,
    async (database) => {
      const content = JSON.stringify('x'.repeat(300_000))
      const blob = [sha256(content), content]
      const chain = chainOf(1)
      const events = [chain('run-started', '{}'), chain('step-completed', content, true)]
      await database.bulk(insertBlobs, [blob])
      await database.bulk(insertBlobs, [blob])
      await database.bulk(insertEvents, events.map(eventValues))
      const read = await readEvents(database, 1)
      expect(read[1]!.payload).toBe(content)
      expect(verifyChain('run1', read, undefined)).toBeUndefined()
      expect(await database.all('select hash from blobs')).toHaveLength(1)
    },
  )

  storeCase(
    'the chain starts from the run: it cannot be passed off as the chain of another',
    open,
    async (database) => {
      const chain = chainOf(1)
      await database.bulk(insertEvents, [chain('run-started', '{}'), chain('run-succeeded')].map(eventValues))
      const events = await readEvents(database, 1)
      expect(verifyChain('run1', events, undefined)).toBeUndefined()
      expect(verifyChain('run2', events, undefined)).toMatchObject({ seq: 1 })
    },
  )

  storeCase(
    'the tail gives the events of all runs in the order they were written',
    open,
    async (database) => {
      expect(await tailEnd(database)).toBeUndefined()
      const tail = await Tail.fromNow(database, new FakeClock(), ['run-started', 'run-succeeded'])
      await addRunning(database, 1)
      await addRunning(database, 2)
      const [first, second] = [chainOf(1), chainOf(2)]
      await database.bulk(insertEvents, [first('run-started'), second('run-started')].map(eventValues))
      await database.bulk(insertEvents, [second('log-written'), first('run-succeeded')].map(eventValues))
      const all = await tail.read()
      expect(all.map((event) => `${event.run_id} ${event.type}`)).toEqual([
        'run1 run-started',
        'run2 run-started',
        'run1 run-succeeded',
      ])
      expect(await tail.read()).toEqual([])
      expect((await tailEnd(database))!.id).toBe(all[2]!.id)
      const later = await Tail.fromNow(database, new FakeClock(), ['run-succeeded'])
      await database.bulk(insertEvents, [second('run-succeeded')].map(eventValues))
      expect(await later.read()).toMatchObject([{ run_id: 'run2' }])
      expect(await tail.read()).toHaveLength(1)
    },
  )
}
