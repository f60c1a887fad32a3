import { afterAll, beforeAll } from 'vitest'
import { migrate } from '../../src/store/migrations.ts'
import { PostgresDatabase } from '../../src/store/postgres/postgres.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { storeContract } from './contract.ts'
import { startPostgres, type TestServer } from './postgres.ts'

let server: TestServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.stop())

storeContract('Postgres', async () => {
  const url = await server.createSchema()
  const database = new PostgresDatabase({ url, clock: new FakeClock(), timeFrom: 'clock' })
  await migrate(database, () => 'identity')
  return database
})
