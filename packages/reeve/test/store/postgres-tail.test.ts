import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Session } from '../../src/store/database.ts'
import { eventValues, insertEvents, type JournalEvent } from '../../src/store/journal/journal.ts'
import { Tail } from '../../src/store/journal/tail.ts'
import { migrate } from '../../src/store/migrations.ts'
import { PostgresDatabase } from '../../src/store/postgres/postgres.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { addRunning, chainOf } from './contract/fixtures.ts'
import { startPostgres, type TestServer } from './postgres.ts'

let server: TestServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.stop())

interface Writing {
  commit(): Promise<void>
  rollBack(): Promise<void>
}

/** A transaction that has written these events and stays open. */
async function write(database: PostgresDatabase, events: JournalEvent[]): Promise<Writing> {
  const written = Promise.withResolvers<void>()
  const end = Promise.withResolvers<void>()
  const done = database.transaction(async (session: Session) => {
    await session.bulk(insertEvents, events.map(eventValues))
    written.resolve()
    await end.promise
  })
  await written.promise
  return {
    async commit() {
      end.resolve()
      await done
    },
    async rollBack() {
      end.reject(new Error('rolled back'))
      await done.catch(() => {})
    },
  }
}

async function withRuns(
  count: number,
  body: (database: PostgresDatabase, clock: FakeClock) => Promise<void>,
): Promise<void> {
  const clock = new FakeClock()
  const database = new PostgresDatabase({ url: await server.createSchema(), clock, timeFrom: 'clock' })
  try {
    await migrate(database, () => 'identity')
    for (let no = 1; no <= count; no++) await addRunning(database, no)
    await body(database, clock)
  } finally {
    await database.close()
  }
}

const told = ['run-started', 'run-succeeded']
const tell = async (tail: Tail) => (await tail.read()).map((event) => `${event.run_id} ${event.type}`)

test('events that are committed in another order than they were written are each told once', () =>
  withRuns(3, async (database, clock) => {
    const tail = await Tail.fromNow(database, clock, told)
    const [one, two, three] = [1, 2, 3].map(chainOf)
    const first = await write(database, [one!('run-started'), one!('log-written'), one!('run-succeeded')])
    const second = await write(database, [two!('run-started'), two!('run-succeeded')])
    const third = await write(database, [three!('run-started')])
    expect(await tell(tail)).toEqual([])
    await third.commit()
    expect(await tell(tail)).toEqual(['run3 run-started'])
    await first.commit()
    expect(await tell(tail)).toEqual(['run1 run-started', 'run1 run-succeeded'])
    await second.commit()
    expect(await tell(tail)).toEqual(['run2 run-started', 'run2 run-succeeded'])
    expect(await tell(tail)).toEqual([])
  }))

test('what was being written when the following began is told, what was there already is not', () =>
  withRuns(3, async (database, clock) => {
    const [one, two, three] = [1, 2, 3].map(chainOf)
    await (await write(database, [one!('run-started')])).commit()
    const open = await write(database, [two!('run-started')])
    await (await write(database, [three!('run-started')])).commit()
    const tail = await Tail.fromNow(database, clock, told)
    expect(await tell(tail)).toEqual([])
    await open.commit()
    expect(await tell(tail)).toEqual(['run2 run-started'])
  }))

test('a gap that a rolled back transaction left is looked at for a minute only', () =>
  withRuns(2, async (database, clock) => {
    const tail = await Tail.fromNow(database, clock, told)
    await (await write(database, [chainOf(1)('run-started')])).rollBack()
    await (await write(database, [chainOf(2)('run-started')])).commit()
    expect(await tell(tail)).toEqual(['run2 run-started'])
    const asked: string[] = []
    const all = database.all.bind(database)
    database.all = (sql, values) => {
      asked.push(sql)
      return all(sql, values)
    }
    const bulk = database.bulk.bind(database)
    database.bulk = (statement, rows) => {
      asked.push(statement.sql)
      return bulk(statement, rows)
    }
    const looks = async () => {
      asked.length = 0
      expect(await tell(tail)).toEqual([])
      return asked.length
    }
    await clock.advance(59_000)
    expect(await looks()).toBe(2)
    await clock.advance(2000)
    expect(await looks()).toBe(1)
  }))

test('many more events than a page holds are told whole, in their order', () =>
  withRuns(1, async (database, clock) => {
    const tail = await Tail.fromNow(database, clock, told)
    const chain = chainOf(1)
    const events = Array.from({ length: 1200 }, () => chain('log-written'))
    await (await write(database, [...events, chain('run-succeeded')])).commit()
    expect(await tell(tail)).toEqual(['run1 run-succeeded'])
  }))

test('a cursor that was taken while others were writing tells what they write, in another process too', () =>
  withRuns(3, async (database, clock) => {
    const tail = await Tail.fromNow(database, clock, told)
    const [one, two] = [1, 2].map(chainOf)
    const first = await write(database, [one!('run-started')])
    await (await write(database, [two!('run-started')])).commit()
    expect(await tell(tail)).toEqual(['run2 run-started'])
    const { cursor } = tail
    await first.commit()
    const next = Tail.fromCursor(database, clock, told, cursor)
    expect(await tell(next)).toEqual(['run1 run-started'])
    expect(await tell(next)).toEqual([])
  }))

test('writers that take their ids by turns leave hundreds of gaps, and none is forgotten', () =>
  withRuns(2, async (database, clock) => {
    const tail = await Tail.fromNow(database, clock, told)
    const events = [1, 2].map((no) => {
      const next = chainOf(no)
      return Array.from({ length: 600 }, () => next('run-started'))
    })
    await database.run(`alter sequence events_id_seq increment by 2`)
    const before = await database.get<{ id: number }>(`select nextval('events_id_seq') as id`)
    const first = await write(database, events[0]!)
    await database.run(`select setval('events_id_seq', ${before!.id + 1}, false)`)
    await (await write(database, events[1]!)).commit()
    const seen: string[] = []
    for (;;) {
      const some = await tell(tail)
      if (some.length === 0) break
      seen.push(...some)
    }
    expect(seen.length).toBe(600)
    await first.commit()
    const { cursor } = tail
    for (const each of [tail, Tail.fromCursor(database, clock, told, cursor)]) {
      const late: string[] = []
      for (;;) {
        const some = await tell(each)
        if (some.length === 0) break
        late.push(...some)
      }
      expect(late.filter((line) => line === 'run1 run-started').length).toBe(600)
    }
  }))
