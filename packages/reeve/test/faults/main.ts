import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Violation } from '../crash/checker.ts'
import type { Fault } from './fault.ts'
import { faultNamed, faults } from './index.ts'
import { runMutants } from './mutants/mutants.ts'

const usage = `npm run faults -- [NAME…] [--trials N] [--seed S] [--no-save] [--json]

Lets one thing after another go wrong and checks the invariants (I1 to I7) each time. Exit code 1 when one is violated.

${faults.map(({ name, injects, trials }) => `  ${name.padEnd(14)} ${injects} (${trials} trials)`).join('\n')}
  mutants        seeds bugs into copies of the engine and counts how many the suites catch (only when it is named)

  --trials N     of each fault
  --seed S       of the first trial; the others count up from it (default: 1)
  --only TEXT    only the mutants whose name has it
  --no-save      leaves bench/faults.json as it is
  --json         the rows as one JSON line
`
/** The commit that is tested: others may follow while it runs. */
const at = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
  encoding: 'utf8',
  cwd: import.meta.dirname,
}).trim()
const resultsFile = join(import.meta.dirname, '../../../../bench/faults.json')
const evidence = join(import.meta.dirname, '..', '.tmp', 'fault-failures.json')

/** A row of `bench/faults.json`. */
interface Row {
  fault: string
  trials: number
  violations: number
  seed: number
  commit: string
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: {
    trials: { type: 'string' },
    seed: { type: 'string', default: '1' },
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
  for (const fault of all) rows.push(await runFault(fault))
  if (positionals.includes('mutants')) {
    const { caught, total } = await runMutants(note, values.only)
    rows.push({ fault: 'mutants', trials: total, violations: total - caught, seed: 0, commit: at })
    process.stdout.write(`mutants caught: ${caught}/${total}\n`)
  }
  if (values.save) keep(rows)
  process.stdout.write(`\n${'fault'.padEnd(16)}${'trials'.padStart(10)}${'violations'.padStart(12)}\n`)
  for (const row of rows) {
    process.stdout.write(
      `${row.fault.padEnd(16)}${String(row.trials).padStart(10)}${String(row.violations).padStart(12)}\n`,
    )
  }
  if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`)
  return rows.some((row) => row.violations > 0) ? 1 : 0
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

/** Keeps the latest row of each fault. */
function keep(rows: Row[]): void {
  const before = existsSync(resultsFile) ? (JSON.parse(readFileSync(resultsFile, 'utf8')) as Row[]) : []
  const others = before.filter((row) => !rows.some((one) => one.fault === row.fault))
  const lines = [...others, ...rows].map(lineOf)
  writeFileSync(resultsFile, `[\n${lines.join(',\n')}\n]\n`)
}

/** As the formatter would have it. */
function lineOf(row: Row): string {
  const fields = Object.entries(row).map(([name, value]) => `"${name}": ${JSON.stringify(value)}`)
  return `  { ${fields.join(', ')} }`
}
