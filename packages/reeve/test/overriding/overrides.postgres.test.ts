import { afterAll, beforeAll } from 'vitest'
import { emptied } from '../store/emptied.ts'
import { startPostgres, type TestServer } from '../store/postgres.ts'
import { overridesContract } from './contract.ts'
import { secondReading } from './second-reading.ts'

let server: TestServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.stop())

overridesContract(
  'Postgres',
  emptied(() => server),
)
secondReading(
  'Postgres',
  emptied(() => server),
)
