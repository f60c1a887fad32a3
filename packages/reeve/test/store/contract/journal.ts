import { expect } from 'vitest'
import { sha256 } from '../../../src/base/hash.ts'
import { Secrets } from '../../../src/base/secrets/secrets.ts'
import { appendOutside } from '../../../src/engine/outside/unheld-runs.ts'
import { enqueue } from '../../../src/engine/starting/enqueue.ts'
import { firstEvent } from '../../../src/engine/starting/first-event.ts'
import {
  eventValues,
  insertBlobs,
  insertEvents,
  readEvents,
  readHead,
  tailEnd,
  verifyChain,
} from '../../../src/store/journal/journal.ts'
import { Tail } from '../../../src/store/journal/tail.ts'
import { RunMarks } from '../../../src/store/marks/run-marks.ts'
import { redacting } from '../../../src/store/redacting.ts'
import { deliver } from '../../../src/store/runs/inbox.ts'
import { readRunByNo } from '../../../src/store/runs/runs.ts'
import { FakeClock } from '../../../src/testing/fake-clock.ts'
import { addRunning, chainOf, newRun, type Open, storeCase } from './fixtures.ts'

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
      const again = { ...event, type: 'run-stuck' as const }
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

  storeCase('a large payload becomes a blob by whichever door it comes', open, async (database) => {
    const clock = new FakeClock()
    const content = JSON.stringify('x'.repeat(300_000))
    const births = [1, 2].map((no) => ({
      run: newRun(no),
      payload: content,
      input: undefined,
      origin: {},
      rows: [],
      marks: new RunMarks(),
    }))
    const { first, blobs } = firstEvent(births[1]!, undefined)
    await database.transaction(async (session) => {
      await enqueue(session, births[0]!)
      const change = { status: 'queued', reason: null, ended: false } as const
      await appendOutside(
        session,
        { clock },
        (await readRunByNo(session, 1))!,
        [{ type: 'run-stuck', payload: content }],
        change,
      )
    })
    expect(first).toMatchObject({ payload: null, blob: blobs[0]!.hash })
    const rows = await database.all(
      'select type from events where run = 1 and blob is not null and payload is null',
    )
    expect(rows).toEqual([{ type: 'run-started' }, { type: 'run-stuck' }])
    const events = await readEvents(database, 1)
    expect(events.map(({ payload }) => payload)).toEqual([content, content])
    expect(verifyChain('run1', events, undefined)).toBeUndefined()
    expect(await database.all('select hash from blobs')).toHaveLength(1)
  })

  storeCase('nothing that is written holds a registered secret, in whatever table', open, async (plain) => {
    const secret = 'sk-live-"7&w/4LmZq9'
    const database = redacting(plain, new Secrets([secret]))
    await database.transaction(async (session) => {
      const payload = JSON.stringify({ input: { key: secret, url: encodeURIComponent(secret) } })
      await enqueue(session, {
        run: newRun(1, { key: secret }),
        payload,
        input: undefined,
        origin: {},
        rows: [],
        marks: new RunMarks(),
      })
      const change = { status: 'stuck', reason: `because of ${secret}`, ended: false } as const
      const run = (await readRunByNo(session, 1))!
      await appendOutside(session, { clock: new FakeClock() }, run, [{ type: 'run-stuck', payload }], change)
      await deliver(session, { run: 1, name: 'signal:go', dedup: secret, payload, at: 1 })
    })
    const all = [
      ...(await plain.all('select * from runs')),
      ...(await plain.all('select * from events')),
      ...(await plain.all('select * from inbox')),
    ]
    expect(JSON.stringify(all)).not.toContain('7&w')
    expect(JSON.stringify(all)).not.toContain('7%26w')
    expect(all).toHaveLength(4)
    expect(verifyChain('run1', await readEvents(plain, 1), undefined)).toBeUndefined()
    expect(await database.get('select no from runs where key = ?', [secret])).toEqual({ no: 1 })
  })

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
