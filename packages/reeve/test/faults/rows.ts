import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A row of `bench/faults.json`: the latest trials of a fault. */
export interface Row {
  fault: string
  trials: number
  violations: number
  seed: number
  commit: string
}

const file = join(import.meta.dirname, '../../../../bench/faults.json')

/** The commit that is tested: asked for at the beginning, as others may follow while it runs. */
export function currentCommit(): string {
  const asked = ['rev-parse', '--short', 'HEAD']
  return execFileSync('git', asked, { encoding: 'utf8', cwd: import.meta.dirname }).trim()
}

/** Keeps the latest row of each fault. */
export function keepRows(rows: Row[]): void {
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Row[]) : []
  const others = before.filter((row) => !rows.some((one) => one.fault === row.fault))
  writeFileSync(file, `[\n${[...others, ...rows].map(lineOf).join(',\n')}\n]\n`)
}

/** As the formatter would have it. */
function lineOf(row: Row): string {
  const fields = Object.entries(row).map(([name, value]) => `"${name}": ${JSON.stringify(value)}`)
  return `  { ${fields.join(', ')} }`
}
