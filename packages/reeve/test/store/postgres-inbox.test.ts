import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/base/time/time.ts'
import { migrate } from '../../src/store/migrations.ts'
import { PostgresDatabase } from '../../src/store/postgres/postgres.ts'
import { deliver, deliveryValues, insertDeliveries, readInbox, wakeRuns } from '../../src/store/runs/inbox.ts'
import { addRuns, newRun } from './contract/fixtures.ts'
import { startPostgres, type TestServer } from './postgres.ts'

let server: TestServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.stop())

test('the items of one inbox become visible in the order of their ids, however long a sender’s commit takes', async () => {
  const url = await server.createSchema()
  const database = new PostgresDatabase({ url, clock: systemClock })
  onTestFinished(() => database.close())
  await migrate(database, () => 'identity')
  await addRuns(database, newRun(1), newRun(2))
  const item = (run: number, payload: string) => ({ run, name: 'signal:x', dedup: null, payload, at: 5 })
  const send = (run: number, payload: string) =>
    database.transaction((session) => deliver(session, item(run, payload)))
  let second: Promise<boolean> | undefined
  await database.transaction(async (session) => {
    await session.bulk(insertDeliveries, [deliveryValues(item(1, '"first"'))])
    second = send(1, '"second"')
    // The second sender waits for the first one's commit before it gets an id; a sender to another run does not.
    for (let waiting = 0; waiting === 0; ) {
      const { rows } = await server.query(
        'select count(*)::int as count from pg_locks where not granted',
        url,
      )
      waiting = rows[0].count
      expect(await readInbox(database, 1)).toEqual([])
    }
    await send(2, '"other"')
    await session.bulk(wakeRuns, [[1]])
  })
  const [first] = await readInbox(database, 1)
  await second
  const since = await readInbox(database, 1, first!.id)
  expect([first!.payload, ...since.map(({ payload }) => payload)]).toEqual(['"first"', '"second"'])
})
