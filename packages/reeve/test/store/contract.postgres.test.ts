import { afterAll, beforeAll } from 'vitest'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { storeContract } from './contract.ts'
import { emptied } from './emptied.ts'
import { startPostgres, type TestServer } from './postgres.ts'

let server: TestServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.stop())

const open = emptied(() => server)

storeContract('Postgres', () => open(new FakeClock()))
