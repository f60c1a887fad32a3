import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { PostgresDatabase } from '../../src/store/postgres/postgres.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { startPostgres, type TestServer } from '../store/postgres.ts'
import { ended, project, reeve, said, start } from './reeve.ts'

let server: TestServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.stop())

const hourMs = 3_600_000
const sleepMs = 400
/** A worker knows the store's clock up to the time of its best round trip. */
const roundTripMs = 200
const napping = `import { workflow } from 'reeve'
import { z } from 'zod'

export default workflow({
  input: z.object({}),
  async run(ctx) {
    await ctx.step('before', () => 'up')
    await ctx.sleep(${sleepMs})
    return ctx.step('after', () => 'slept')
  },
})
`
const skewing = `const { now } = Date
Date.now = () => now() + Number(process.env.SKEW_MS)
`

test('workers whose clocks are hours off warn once, and every run is right', async () => {
  const folder = project()
  writeFileSync(join(folder, 'workflows/doze.ts'), napping)
  writeFileSync(join(folder, 'skew.mjs'), skewing)
  const url = await server.createDatabase()
  const skewed = (skewMs: number) => ({
    DATABASE_URL: url,
    SKEW_MS: String(skewMs),
    NODE_OPTIONS: `--import=${join(folder, 'skew.mjs')}`,
  })
  const beganAt = Date.now()
  const workers = [hourMs, -hourMs].map((skewMs) => start(folder, ['worker'], skewed(skewMs)))
  const ends = workers.map(ended)
  await Promise.all(workers.map((worker) => said(worker.stdout, 'reeve is working')))
  const environment = { DATABASE_URL: url }
  for (let count = 0; count < 3; count++) {
    expect((await reeve(folder, ['run', 'doze', '--detach'], { environment })).code).toBe(0)
  }
  await vi.waitFor(
    async () => {
      const { rows } = await server.query(`select status, crashes::int from runs`, url)
      expect(rows).toEqual(Array(3).fill({ status: 'succeeded', crashes: 0 }))
    },
    { timeout: 100_000, interval: 100 },
  )
  const { rows: events } = await server.query(
    'select run, type, at::float8 as at from events order by run, seq',
    url,
  )
  for (const { at } of events as { at: number }[]) {
    expect(at).toBeGreaterThanOrEqual(beganAt - roundTripMs)
    expect(at).toBeLessThanOrEqual(Date.now() + 1)
  }
  const atOf = (run: unknown, type: string) =>
    (events as { run: unknown; type: string; at: number }[]).find(
      (event) => event.run === run && event.type === type,
    )!.at
  for (const run of new Set((events as { run: unknown }[]).map((event) => event.run))) {
    const sleptMs = atOf(run, 'timer-fired') - atOf(run, 'timer-set')
    expect(sleptMs).toBeGreaterThanOrEqual(sleepMs - roundTripMs)
    expect(sleptMs).toBeLessThan(sleepMs + 10_000)
  }
  expect((await server.query('select count(*)::int as alive from workers', url)).rows).toEqual([{ alive: 2 }])
  for (const worker of workers) worker.kill('SIGTERM')
  const [ahead, behind] = await Promise.all(ends)
  const warnings = (stderr: string) => stderr.match(/the clock of this machine is [^;.]*/g)
  expect(warnings(ahead!.stderr)).toEqual([
    expect.stringMatching(/is (1 h|59 min 59 s) ahead of the database's$/),
  ])
  expect(warnings(behind!.stderr)).toEqual([
    expect.stringMatching(/is (1 h|59 min 59 s) behind the database's$/),
  ])

  const checked = await reeve(folder, ['doctor'], { environment: skewed(hourMs) })
  expect(checked.stdout).toMatch(/! clock .*(1 h|59 min 59 s) ahead of the database\n.*NTP/)
  expect((await reeve(folder, ['doctor'], { environment })).stdout).toMatch(/✓ clock /)
})

test('a clock that comes to be off while a worker runs is told once each time', async () => {
  const timers = new FakeClock()
  let aheadMs = 0
  const told: number[] = []
  const database = new PostgresDatabase({
    url: await server.createDatabase(),
    clock: { now: () => Date.now() + aheadMs, after: (ms, callback) => timers.after(ms, callback) },
    timeFrom: 'server',
    onSkew: (skewMs) => told.push(skewMs),
  })
  const skewed = async (ms: number) => {
    aheadMs = ms
    await vi.waitFor(async () => {
      await timers.advance(3000)
      expect(Math.abs(database.skewMs! - ms)).toBeLessThan(1000)
    }, 60_000)
  }
  try {
    await database.get('select 1')
    expect(told).toEqual([])
    await skewed(60_000)
    await skewed(70_000)
    expect(told).toHaveLength(1)
    await skewed(0)
    await skewed(-60_000)
    expect(told.map((skewMs) => Math.round(skewMs / 1000))).toEqual([60, -60])
  } finally {
    await database.close()
  }
})
