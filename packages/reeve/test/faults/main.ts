import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Violation } from '../crash/checker.ts'
import type { Fault } from './fault.ts'
import { faultNamed, faults } from './index.ts'
import { runMutants } from './mutants/mutants.ts'
import { currentCommit, keepRows, type Row } from './rows.ts'

const usage = `npm run faults -- [NAME…] [--trials N] [--seed S] [--jobs N] [--no-save] [--json]

Lets one thing after another go wrong and checks the invariants (I1 to I7) each time. Exit code 1 when one is violated,
or when a fault cannot be made on this machine.

${faults.map(({ name, injects, trials }) => `  ${name.padEnd(14)} ${injects} (${trials} trials)`).join('\n')}
  mutants        seeds bugs into copies of the engine and counts how many the suites catch (only when it is named)

  --trials N     of each fault
  --seed S       of the first trial; the others count up from it (default: 1)
  --jobs N       processes that share the trials of a fault (default: 1)
  --only TEXT    only the mutants whose name has it
  --no-save      leaves bench/faults.json as it is
  --json         the rows as one JSON line
`
const at = currentCommit()
const evidence = join(import.meta.dirname, '..', '.tmp', 'fault-failures.json')

const { values, positionals } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: {
    trials: { type: 'string' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    save: { type: 'boolean', default: true },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) process.stdout.write(usage)
else process.exitCode = await main()

async function main(): Promise<number> {
  const chosen = positionals.filter((name) => name !== 'mutants').map(faultNamed)
  const all = positionals.length === 0 ? faults : chosen
  const rows: Row[] = []
  const missed: string[] = []
  for (const fault of all) {
    const unavailable = fault.unavailable?.()
    if (unavailable === undefined)
      rows.push(await (Number(values.jobs) > 1 ? shareFault(fault) : runFault(fault)))
    else missed.push(`${fault.name}: NOT RUN here, ${unavailable}`)
  }
  if (positionals.includes('mutants')) {
    const { caught, total } = await runMutants(note, values.only)
    rows.push({ fault: 'mutants', trials: total, violations: total - caught, seed: 0, commit: at })
    process.stdout.write(`mutants caught: ${caught}/${total}\n`)
  }
  if (values.save) keepRows(rows)
  process.stdout.write(`\n${'fault'.padEnd(16)}${'trials'.padStart(10)}${'violations'.padStart(12)}\n`)
  for (const row of rows) {
    process.stdout.write(
      `${row.fault.padEnd(16)}${String(row.trials).padStart(10)}${String(row.violations).padStart(12)}\n`,
    )
  }
  for (const line of missed) process.stdout.write(`${line}\n`)
  if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`)
  return missed.length > 0 || rows.some((row) => row.violations > 0) ? 1 : 0
}

async function runFault(fault: Fault): Promise<Row> {
  const trials = Number(values.trials ?? fault.trials)
  const seed = Number(values.seed)
  const folder = join(import.meta.dirname, '..', '.tmp', `faults-${process.pid}`, fault.name)
  mkdirSync(folder, { recursive: true })
  const begun = performance.now()
  let shown = begun
  let violations = 0
  try {
    for (let trial = 0; trial < trials; trial++) {
      const found = await fault.trial(seed + trial, { folder, note })
      if (found.length > 0) {
        violations++
        report(fault, seed + trial, found)
      }
      if (performance.now() - shown < 5000) continue
      shown = performance.now()
      note(`${fault.name}: ${trial + 1} of ${trials} trials, ${violations} with violations`)
    }
  } finally {
    await fault.close?.()
  }
  if (violations === 0) rmSync(join(folder, '..'), { recursive: true, force: true })
  note(`${fault.name}: ${trials} trials in ${Math.round((performance.now() - begun) / 1000)} s`)
  return { fault: fault.name, trials, violations, seed, commit: at }
}

/** Gives each of several processes a part of the trials, and adds up their rows. */
async function shareFault(fault: Fault): Promise<Row> {
  const trials = Number(values.trials ?? fault.trials)
  const jobs = Math.min(Number(values.jobs), trials)
  const begins = Array.from({ length: jobs + 1 }, (_, job) => Math.floor((trials * job) / jobs))
  const seed = Number(values.seed)
  const parts = await Promise.all(
    begins.slice(0, -1).map((begin, job) => runPart(fault.name, seed + begin, begins[job + 1]! - begin)),
  )
  const sum = (pick: (row: Row) => number) => parts.reduce((total, row) => total + pick(row), 0)
  return {
    fault: fault.name,
    trials: sum((row) => row.trials),
    violations: sum((row) => row.violations),
    seed,
    commit: at,
  }
}

/** @throws when the process ended without its row */
function runPart(name: string, seed: number, trials: number): Promise<Row> {
  const told = ['--seed', String(seed), '--trials', String(trials), '--no-save', '--json']
  const child = spawn(process.execPath, [import.meta.filename, name, ...told], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  return new Promise((resolve, reject) => {
    child.on('close', (code, signal) => {
      const last = said.trim().split('\n').at(-1) ?? ''
      if (last.startsWith('[')) resolve((JSON.parse(last) as Row[])[0]!)
      else reject(new Error(`The process with seeds from ${seed} ended by ${signal ?? code}: ${said}`))
    })
  })
}

function note(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Prints a failing seed and saves it. */
function report(fault: Fault, seed: number, found: Violation[]): void {
  const lines = found.map(({ invariant, what }) => `  ${invariant}: ${what.slice(0, 500)}`)
  note(
    `VIOLATION of ${fault.name}\n${lines.join('\n')}\n  again: npm run faults -- ${fault.name} --trials 1 --seed ${seed}`,
  )
  const before = existsSync(evidence) ? (JSON.parse(readFileSync(evidence, 'utf8')) as object[]) : []
  const entry = { fault: fault.name, seed, commit: at, violations: found }
  mkdirSync(join(evidence, '..'), { recursive: true })
  writeFileSync(evidence, `${JSON.stringify([...before, entry], null, 2)}\n`)
}
