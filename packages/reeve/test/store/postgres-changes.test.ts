import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { FakeClock, settle } from '../../src/base/fake-clock.ts'
import { PostgresDatabase } from '../../src/store/postgres.ts'
import { startPostgres, type TestServer } from './postgres.ts'

let server: TestServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.stop())

test('announcements and checks of the listener never overlap on its connection', async () => {
  const warnings: string[] = []
  const note = (warning: Error) => warnings.push(warning.message)
  process.on('warning', note)
  onTestFinished(() => {
    process.off('warning', note)
  })
  const clock = new FakeClock()
  const url = await server.createDatabase()
  const database = new PostgresDatabase({ url, clock, timeFrom: 'clock' })
  let heard = 0
  const other = new PostgresDatabase({ url, clock, timeFrom: 'clock' })
  try {
    database.onOutsideChange(() => {})
    other.onOutsideChange(() => heard++)
    await Promise.all([database.changes.ready(), other.changes.ready()])
    expect(database.changes.state).toBe('listening')
    const before = heard
    for (let round = 0; round < 5; round++) {
      database.changes.announce()
      await clock.advance(10_000)
    }
    while (heard === before) await clock.advance(10)
    await settle()
    expect(warnings).toEqual([])
  } finally {
    await database.close()
    await other.close()
  }
})
