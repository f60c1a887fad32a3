import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runChild } from './runner/child.ts'
import { type Bench, type BenchOptions, type Goal, goalOf, UsageError } from './runner/contract.ts'
import { createDataFolder } from './runner/machine.ts'
import { figure, table } from './runner/table.ts'
import type { ScaleReport, ScaleSpec } from './scale/contract.ts'

const program = join(import.meta.dirname, 'scale/process.ts')

interface Sizes {
  small: number
  large: number
}

/** What is compared, at two sizes: in full, and with `--quick`. */
const sizes: Record<string, { full: Sizes; quick: Sizes }> = {
  newRuns: { full: { small: 100_000, large: 1_000_000 }, quick: { small: 10_000, large: 100_000 } },
  agentTurns: { full: { small: 50, large: 500 }, quick: { small: 50, large: 400 } },
  children: { full: { small: 1000, large: 10_000 }, quick: { small: 500, large: 2000 } },
  signals: { full: { small: 1000, large: 10_000 }, quick: { small: 500, large: 2000 } },
  all: { full: { small: 1000, large: 50_000 }, quick: { small: 1000, large: 10_000 } },
  parkAndResume: { full: { small: 100, large: 3000 }, quick: { small: 50, large: 500 } },
  claimsOneHotKey: { full: { small: 10_000, large: 1_000_000 }, quick: { small: 10_000, large: 100_000 } },
  claimsDelayed: { full: { small: 10_000, large: 1_000_000 }, quick: { small: 10_000, large: 100_000 } },
  claimsPaused: { full: { small: 10_000, large: 1_000_000 }, quick: { small: 10_000, large: 100_000 } },
  heartbeat: { full: { small: 10_000, large: 1_000_000 }, quick: { small: 10_000, large: 100_000 } },
}
const mostRatio = 1.3
const mostBlockMs = 100

/**
 * What a unit costs at a size and at about ten times that size: flat curves have a ratio of 1. CPU time of the process,
 * so that other work on the machine counts little. `--quick`, `--only newRuns,all`.
 */
export const run: Bench = async (options: BenchOptions) => {
  const names = namesOf(options)
  const goals: Record<string, Goal> = {}
  const raw: Record<string, Partial<Record<keyof Sizes, ScaleReport & { size: number }>>> = {}
  const rows: string[][] = []
  for (const name of names) {
    const { small, large } = sizes[name]![options.quick ? 'quick' : 'full']
    const reports: (typeof raw)[string] = {}
    for (const [which, size] of Object.entries({ small, large }) as [keyof Sizes, number][]) {
      try {
        reports[which] = { size, ...(await measure(name, size)) }
      } catch (error) {
        process.stderr.write(`${name} at ${figure(size)}: ${String(error)}\n`)
      }
    }
    raw[name] = reports
    const ratio =
      reports.small && reports.large ? reports.large.perUnitMs / reports.small.perUnitMs : undefined
    goals[name] = goalOf(ratio, mostRatio, 'x', 'lower')
    goals[`${name}BlockMs`] = goalOf(reports.large?.blockMs, mostBlockMs, 'ms', 'lower')
    rows.push([
      name,
      ...(['small', 'large'] as const).flatMap((which) => {
        const report = reports[which]
        return report
          ? [figure(report.size), figure(report.perUnitMs), figure(report.heapMb)]
          : ['', 'failed', '']
      }),
    ])
    process.stderr.write(`${name}: ${ratio === undefined ? 'failed' : figure(ratio)}\n`)
  }
  const header = ['curve', 'at', 'ms a unit', 'heap MB', 'at', 'ms a unit', 'heap MB']
  return { goals, raw, summary: table(header, rows) }
}

function namesOf({ only }: BenchOptions): string[] {
  if (only === undefined) return Object.keys(sizes)
  const names = String(only).split(',')
  for (const name of names) {
    if (!sizes[name]) throw new UsageError(`There is no curve "${name}": ${Object.keys(sizes).join(', ')}.`)
  }
  return names
}

async function measure(curve: string, size: number): Promise<ScaleReport> {
  const folder = createDataFolder()
  mkdirSync(folder, { recursive: true })
  try {
    const spec: ScaleSpec = { curve, size, dataFolder: folder }
    return await runChild<ScaleReport>(program, { spec, limitMs: 600_000, nodeFlags: ['--expose-gc'] })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
