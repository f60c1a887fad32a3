import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Campaign } from './campaign.ts'
import { type OracleProcess, startOracle } from './oracle-process.ts'
import { shapeNamed } from './shapes/index.ts'
import { type Stores, startPostgresStores } from './stores.ts'
import { checkTrial, runTrial } from './trial.ts'

/** The short form of `npm run test:crash -- --store postgres`. */
const perShape = 2
const sampled = ['effect-once-answered', 'budget-lost', 'signal-late'].map(shapeNamed)

let folder: string
let oracle: OracleProcess
let stores: Stores
let keepsEvidence = false

beforeAll(async () => {
  const place = join(import.meta.dirname, '..', '.tmp')
  mkdirSync(place, { recursive: true })
  folder = mkdtempSync(join(place, 'crash-postgres-'))
  oracle = await startOracle(folder)
  stores = await startPostgresStores()
})

afterAll(async () => {
  await oracle.stop()
  await stores.close()
  if (!keepsEvidence) rmSync(folder, { recursive: true })
})

test('a process killed at its write boundaries on Postgres keeps every invariant', async () => {
  const campaign = new Campaign({ folder, port: oracle.port, stores, seed: 3, jobs: 2, onTrial() {} })
  for (const shape of sampled) await campaign.sample(shape, perShape)
  const failures = campaign.results.flatMap((result) => result.failures)
  keepsEvidence = failures.length > 0
  expect(failures).toEqual([])
  const kills = campaign.results.reduce((sum, result) => sum + result.kills, 0)
  expect(kills).toBeGreaterThan(sampled.length * perShape * 0.7)
})

test('what a trial left on Postgres is found in the file that is kept of it', async () => {
  const place = { folder, port: oracle.port, stores, trial: 'kept', keep: true }
  const sound = await runTrial({ shape: 'effect-idempotent', deaths: [] }, place)
  expect(sound.violations).toEqual([])
  await stores.keep(sound.store, sound.folder)
  expect(await checkTrial('effect-idempotent', sound.folder)).toEqual([])
})
