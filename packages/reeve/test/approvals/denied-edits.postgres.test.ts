import { afterAll, beforeAll } from 'vitest'
import { startPostgres, type TestServer } from '../store/postgres.ts'
import { deniedEditsContract } from './denied-edits.ts'

let server: TestServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.stop())

deniedEditsContract('Postgres', () => server.createDatabase())
