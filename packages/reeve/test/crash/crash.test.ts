import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Campaign } from './campaign.ts'
import { type OracleProcess, startOracle } from './oracle-process.ts'
import { shapeNamed } from './shapes/index.ts'
import { checkTrial, runTrial } from './trial.ts'

/** The short form of `npm run test:crash`: a few shapes, with boundaries and moments drawn by a fixed seed. */
const perShape = 3
const sampled = [
  'sequential',
  'effect-idempotent-lost',
  'effect-once-answered',
  'approval-edit',
  'fan-out',
  'queue-concurrency',
].map(shapeNamed)

let folder: string
let oracle: OracleProcess
let keepsEvidence = false

beforeAll(async () => {
  const place = join(import.meta.dirname, '..', '.tmp')
  await mkdir(place, { recursive: true })
  folder = mkdtempSync(join(place, 'crash-short-'))
  oracle = await startOracle(folder)
})

afterAll(async () => {
  await oracle.stop()
  if (!keepsEvidence) rmSync(folder, { recursive: true })
})

test('a process killed at its write boundaries and at random moments keeps every invariant', async () => {
  const campaign = new Campaign({ folder, port: oracle.port, seed: 7, jobs: 2, onTrial() {} })
  for (const shape of sampled) await campaign.sample(shape, perShape)
  await campaign.random(sampled, 6)
  const failures = campaign.results.flatMap((result) => result.failures)
  keepsEvidence ||= failures.length > 0
  expect(failures).toEqual([])
  const kills = campaign.results.reduce((sum, result) => sum + result.kills, 0)
  expect(kills).toBeGreaterThan(sampled.length * perShape * 0.8)
})

test('ceilings and keys that count over runs hold by the books of the outside, through kills', async () => {
  const campaign = new Campaign({ folder, port: oracle.port, seed: 4, jobs: 2, onTrial() {} })
  for (const shape of ['budget-shut', 'once-per-lost'].map(shapeNamed)) await campaign.sample(shape, 2)
  const failures = campaign.results.flatMap((result) => result.failures)
  keepsEvidence ||= failures.length > 0
  expect(failures).toEqual([])
  expect(campaign.results.map(({ kills }) => kills >= 1)).toEqual([true, true])
})

test('a loss at rest is seen by the checker, invariant by invariant', async () => {
  const place = { folder, port: oracle.port, trial: 'damaged', keep: true }
  const sound = await runTrial({ shape: 'effect-idempotent', deaths: [] }, place)
  expect(sound.violations).toEqual([])
  const broken = async (sql: string) => {
    const database = new DatabaseSync(join(sound.folder, 'reeve.db'))
    database.exec('begin')
    database.exec(sql)
    database.exec('commit')
    database.close()
    const violations = await checkTrial('effect-idempotent', sound.folder)
    return [...new Set(violations.map((violation) => violation.invariant))].sort()
  }
  expect(await broken(`update runs set status = 'queued', ended_at = null where no = 1`)).toContain('I4')
  expect(
    await broken(
      `insert into events (run, seq, type, step, name, at, hash) select run, 99 + id, type, step, name, at, 'x' from events where type = 'step-completed'`,
    ),
  ).toEqual(expect.arrayContaining(['I2', 'I5']))
  expect(await broken(`delete from events where type = 'effect-intended'`)).toContain('I3')
  expect(await broken(`delete from runs where idempotency = 'effect-idempotent-2'`)).toContain('I1')
})
