import { afterAll, beforeAll } from 'vitest'
import { migrate } from '../../src/store/migrations.ts'
import { PostgresDatabase } from '../../src/store/postgres/postgres.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { startPostgres, type TestServer } from '../store/postgres.ts'
import { inspectContract } from './contract.ts'

let server: TestServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.stop())

inspectContract('Postgres', async () => {
  const url = await server.createSchema()
  const database = new PostgresDatabase({ url, clock: new FakeClock(), timeFrom: 'clock' })
  await migrate(database, () => 'identity')
  return database
})
