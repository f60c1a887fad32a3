import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Change } from '../../src/store/database.ts'
import { PostgresDatabase } from '../../src/store/postgres/postgres.ts'
import { FakeClock, settle } from '../../src/testing/fake-clock.ts'
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
      database.changes.announce('work')
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

test('what is announced says whether it is work, an end, both, or authority', async () => {
  const clock = new FakeClock()
  const url = await server.createDatabase()
  const database = new PostgresDatabase({ url, clock, timeFrom: 'clock' })
  const other = new PostgresDatabase({ url, clock, timeFrom: 'clock' })
  const heard: Change[] = []
  let tell = () => {}
  const hears = async (count: number) => {
    while (heard.length < count) {
      await new Promise<void>((resolve) => {
        tell = resolve
      })
    }
  }
  try {
    other.onOutsideChange((change) => {
      heard.push(change)
      tell()
    })
    await other.changes.ready()
    await hears(1)
    for (const [index, change] of (['work', 'end', 'any', 'authority'] as const).entries()) {
      clock.jump(clock.now() + 1000)
      database.changes.announce(change)
      await hears(index + 2)
    }
    expect(heard).toEqual(['any', 'work', 'end', 'any', 'authority'])
  } finally {
    await database.close()
    await other.close()
  }
})
