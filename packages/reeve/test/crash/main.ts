import { mkdirSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { currentCommit, keepRows } from '../faults/rows.ts'
import { Campaign, type ShapeResult } from './campaign.ts'
import { startOracle } from './oracle-process.ts'
import { shapeNamed, shapes } from './shapes/index.ts'
import { type Stores, sqliteStores, startPostgresStores } from './stores.ts'
import type { TrialPlan, TrialResult } from './trial.ts'

const usage = `npm run test:crash -- [--shape NAME]… [--random N] [--seed S] [--jobs N] [--no-boundaries] [--plan JSON] [--store sqlite|postgres] [--json]

Kills a process that drives runs with SIGKILL at every boundary of its writes and effects, lets another go on, and checks
invariants I1 to I6 from outside. Exit code 1 when one is violated.

  --shape NAME  only this shape (may be repeated); the shapes: ${shapes.map((shape) => shape.name).join(', ')}
  --random N    then N trials with kills at random moments, 1 to 4 lives deep (default: 200; with --shape: 20)
  --seed S      for the random draws (default: 1)
  --jobs N      trials at one time (default: one per processor)
  --no-boundaries  only the random kills
  --plan JSON   only this trial, as a failure prints it
  --store KIND  sqlite (default), or postgres: a server of its own, with a schema for each trial
  --save        writes the counts to bench/faults.json
  --json        one JSON object as the last line
`

const { values } = parseArgs({
  allowNegative: true,
  options: {
    shape: { type: 'string', multiple: true },
    random: { type: 'string' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string' },
    boundaries: { type: 'boolean', default: true },
    plan: { type: 'string' },
    store: { type: 'string', default: 'sqlite' },
    save: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) process.stdout.write(usage)
else process.exitCode = await main()

async function main(): Promise<number> {
  const commit = currentCommit()
  const begun = performance.now()
  const chosen = values.shape ? values.shape.map(shapeNamed) : shapes
  const seed = Number(values.seed)
  const folder = join(import.meta.dirname, '..', '.tmp', `crash-${process.pid}`)
  mkdirSync(folder, { recursive: true })
  const oracle = await startOracle(folder)
  const stores = await storesOf(values.store)
  let trials = 0
  const campaign = new Campaign({
    folder,
    port: oracle.port,
    stores,
    seed,
    jobs: Number(values.jobs ?? availableParallelism()),
    onTrial(result) {
      trials++
      if (result.violations.length > 0) reportFailure(result)
      else if (process.stderr.isTTY) process.stderr.write(`\r${trials} trials, ${result.plan.shape}\x1b[K`)
    },
  })
  try {
    if (values.plan) {
      await campaign.again(JSON.parse(values.plan) as TrialPlan)
    } else {
      for (const shape of values.boundaries ? chosen : []) {
        await campaign.exhaust(shape)
        if (!process.stderr.isTTY) process.stderr.write(`${shape.name}: ${trials} trials so far\n`)
      }
      await campaign.random(chosen, Number(values.random ?? (values.shape ? 20 : 200)))
    }
  } finally {
    await oracle.stop()
    await stores.close()
  }
  const violations = report(campaign.results, seed, performance.now() - begun)
  if (values.save) save(campaign.results, seed, commit)
  if (violations === 0) rmSync(folder, { recursive: true })
  return violations === 0 ? 0 : 1
}

function storesOf(kind: string): Stores | Promise<Stores> {
  if (kind === 'sqlite') return sqliteStores
  if (kind === 'postgres') return startPostgresStores()
  throw new Error(`--store ${kind} is neither sqlite nor postgres.`)
}

function reportFailure(result: TrialResult): void {
  const lines = result.violations.map(({ invariant, what }) => `  ${invariant}: ${what}`)
  process.stderr.write(
    `\nVIOLATION in ${result.folder}\n${lines.join('\n')}\n  again: --plan '${JSON.stringify(result.plan)}'\n`,
  )
}

/** Prints the table; answers how many trials failed. */
function report(results: ShapeResult[], seed: number, ms: number): number {
  const sum = (pick: (result: ShapeResult) => number) => results.reduce((all, one) => all + pick(one), 0)
  const total = {
    shapes: results.length,
    boundaries: sum((one) => one.boundaries),
    trials: sum((one) => one.trials),
    kills: sum((one) => one.kills),
    killsInRecovery: sum((one) => one.killsInRecovery),
    violations: sum((one) => one.failures.length),
    seed,
    seconds: Math.round(ms / 100) / 10,
  }
  const row = (cells: (string | number)[]) =>
    `${cells.map((cell, index) => (index === 0 ? String(cell).padEnd(28) : String(cell).padStart(12))).join('')}\n`
  process.stdout.write(`\n${row(['shape', 'boundaries', 'trials', 'kills', 'in recovery', 'violations'])}`)
  for (const { shape, boundaries, trials, kills, killsInRecovery, failures } of results) {
    process.stdout.write(row([shape, boundaries, trials, kills, killsInRecovery, failures.length]))
  }
  const { boundaries, trials, kills, killsInRecovery, violations } = total
  process.stdout.write(row(['all', boundaries, trials, kills, killsInRecovery, violations]))
  process.stdout.write(`${total.seconds} s, seed ${seed}\n`)
  if (values.json) {
    const failures = results.flatMap((one) => one.failures)
    process.stdout.write(`${JSON.stringify({ ...total, rows: results.map(jsonRow), failures })}\n`)
  }
  return violations
}

/** Counts kills, not trials: a life that ends before its death comes shows nothing. */
function save(results: ShapeResult[], seed: number, commit: string): void {
  const what = `kills${values.boundaries ? '' : ' at random moments'}${values.store === 'sqlite' ? '' : ' on Postgres'}`
  const sum = (pick: (result: ShapeResult) => number) => results.reduce((all, one) => all + pick(one), 0)
  const violations = sum((one) => one.failures.length)
  const inRecovery = sum((one) => one.killsInRecovery)
  keepRows([
    { fault: what, trials: sum((one) => one.kills), violations, seed, commit },
    { fault: `${what}, in recovery`, trials: inRecovery, violations, seed, commit },
  ])
}

function jsonRow({ failures, ...row }: ShapeResult): object {
  return { ...row, violations: failures.length }
}
