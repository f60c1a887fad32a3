import { afterAll, beforeAll } from 'vitest'
import { readEnvironment } from '../../src/base/config.ts'
import { startPostgres, type TestServer } from '../store/postgres.ts'
import { forgeryCases } from './forgeries.ts'

let server: TestServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.stop())

const key = Buffer.alloc(32, 3).toString('base64url')

const place = async () =>
  readEnvironment('/nowhere', {
    DATABASE_URL: await server.createDatabase(),
    REEVE_AUDIT_KEY: key,
    REEVE_USER: 'ada',
  })

forgeryCases('Postgres, with a key in the environment', place, { isBrief: true })
