import { afterAll, beforeAll } from 'vitest'
import { migrate } from '../../src/store/migrations.ts'
import { PostgresDatabase } from '../../src/store/postgres/postgres.ts'
import { startPostgres, type TestServer } from '../store/postgres.ts'
import { undoContract } from './contract.ts'

let server: TestServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.stop())

undoContract('Postgres', async (clock) => {
  const url = await server.createSchema()
  const database = new PostgresDatabase({ url, clock, timeFrom: 'clock' })
  let count = 0
  await migrate(database, () => `identity${count++}`)
  return database
})
