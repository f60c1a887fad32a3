import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { startOwnPostgres, type TestServer } from '../packages/reeve/test/store/postgres.ts'
import { runChild } from './runner/child.ts'
import {
  type Bench,
  type BenchOptions,
  type BenchResult,
  type Goal,
  goalOf,
  UsageError,
} from './runner/contract.ts'
import { createDataFolder, describeCommit } from './runner/machine.ts'
import { figure, table } from './runner/table.ts'
import type { Curve, ScaleReport, ScaleSpec, Sizes } from './scale/contract.ts'
import { curves } from './scale/curves.ts'
import { type Kept, keptIn } from './scale/kept.ts'
import { soakFigures } from './scale/soak.ts'

const program = join(import.meta.dirname, 'scale/process.ts')
const mostRatio = 1.3
const mostBlockMs = 100
const mostDriftPercent = 5
const soakSeconds = 600
const limitMs = 900_000

type Measured = Partial<Record<keyof Sizes, ScaleReport & { size: number }>>

/**
 * What a unit costs at a size and at about ten times that size: flat curves have a ratio of 1. CPU time, so that other
 * work on the machine counts little. `--quick`, `--only newRuns,all`, `--store postgres`, `--resume FILE`; `--soak` or
 * `--soak 60s` instead of the curves.
 */
export const run: Bench = async (options: BenchOptions) => {
  const soaked = secondsOf(options)
  const names = namesOf(options)
  const stores = await storesOf(options)
  try {
    if (soaked !== undefined) return await soakFor(soaked, stores)
    const quick = options.quick !== undefined
    return await measureAll(names, quick, stores, keptOf(options, quick))
  } finally {
    await stores.close()
  }
}

async function measureAll(
  names: string[],
  quick: boolean,
  stores: Stores,
  kept: Kept | undefined,
): Promise<BenchResult> {
  const goals: Record<string, Goal> = {}
  const raw: Record<string, Measured> = {}
  const rows: string[][] = []
  for (const name of names) {
    const curve = curves[name]!
    const before = performance.now()
    const found: Measured = {}
    for (const [which, size] of Object.entries(curve[quick ? 'quick' : 'full']) as [keyof Sizes, number][]) {
      try {
        const report =
          kept?.of(name, size) ?? (await measure({ curve: name, size, quick }, stores, curve.heapLimitMb))
        kept?.keep(name, size, report)
        found[which] = { size, ...report }
      } catch (error) {
        process.stderr.write(`${name} at ${figure(size)}: ${String(error)}\n`)
      }
    }
    raw[name] = found
    Object.assign(goals, goalsOf(name, curve, found))
    rows.push(rowOf(name, found))
    const seconds = figure((performance.now() - before) / 1000)
    process.stderr.write(
      `${rows
        .at(-1)!
        .filter((cell) => cell !== '')
        .join('  ')}  (${seconds} s)\n`,
    )
  }
  const header = ['curve', 'at', 'ms a unit', 'at', 'ms a unit', 'ratio', 'block ms', 'still ms', 'heap MB']
  return { goals, raw, summary: table(header, rows) }
}

function goalsOf(name: string, curve: Curve, { small, large }: Measured): Record<string, Goal> {
  const goals: Record<string, Goal> = {}
  if (curve.full.small !== undefined) goals[name] = goalOf(ratioOf(small, large), mostRatio, 'x', 'lower')
  for (const [of, { most, unit = 'ms' }] of Object.entries(curve.most ?? {})) {
    const value = of === 'heapMb' ? large?.heapMb : large?.figures?.[of]
    goals[name + of[0]!.toUpperCase() + of.slice(1)] = goalOf(value, most, unit, 'lower')
  }
  if (curve.notSlower) goals[`${name}Speed`] = goalOf(speedOf(large) / speedOf(small), 1, 'x', 'higher')
  goals[`${name}BlockMs`] = goalOf(large?.block.ms, mostBlockMs, 'ms', 'lower')
  return goals
}

function ratioOf(small?: ScaleReport, large?: ScaleReport): number | undefined {
  return small && large ? large.perUnitMs / small.perUnitMs : undefined
}

function speedOf(report: ScaleReport | undefined): number {
  return report?.figures?.unitsPerSecond ?? Number.NaN
}

function rowOf(name: string, { small, large }: Measured): string[] {
  const cells = (report: Measured['small']) =>
    report ? [figure(report.size), figure(report.perUnitMs)] : ['', '']
  const ratio = ratioOf(small, large)
  return [
    name,
    ...cells(small),
    ...cells(large),
    ratio === undefined ? '' : figure(ratio),
    large ? figure(large.block.ms) : 'failed',
    large ? figure(large.block.stillMs) : '',
    large ? figure(large.heapMb) : '',
  ]
}

async function soakFor(seconds: number, stores: Stores): Promise<BenchResult> {
  const report = await measure({ curve: 'soak', size: seconds, quick: false }, stores)
  const drifts = soakFigures.map((name) => `${name}DriftPercent`)
  const goals = Object.fromEntries(
    drifts.map((name) => [name, goalOf(report.figures![name], mostDriftPercent, '%', 'lower')]),
  )
  goals.soakBlockMs = goalOf(report.block.ms, mostBlockMs, 'ms', 'lower')
  const rows = soakFigures.map((name) => [
    name,
    figure(report.figures![name]!),
    `${figure(report.figures![`${name}DriftPercent`]!)} %`,
  ])
  return { goals, raw: report, summary: table(['soak', 'last third', 'above the first'], rows) }
}

function namesOf({ only, store }: BenchOptions): string[] {
  const all = Object.keys(curves).filter((name) => store !== 'postgres' || curves[name]!.postgres)
  if (only === undefined) return all
  const names = String(only).split(',')
  for (const name of names) {
    if (!all.includes(name)) throw new UsageError(`There is no curve "${name}": ${all.join(', ')}.`)
  }
  return names
}

function keptOf({ resume, store = 'sqlite' }: BenchOptions, quick: boolean): Kept | undefined {
  if (resume === undefined) return undefined
  if (resume === true)
    throw new UsageError('--resume takes a file for what is measured, such as bench/out/scale.jsonl.')
  const commit = describeCommit()
  if (commit.endsWith('-dirty'))
    throw new UsageError('--resume needs a checkout without changes: a figure is that of its commit.')
  return keptIn(resume, `${store}${quick ? ' quick' : ''} ${commit}`)
}

function secondsOf({ soak }: BenchOptions): number | undefined {
  if (soak === undefined) return undefined
  if (soak === true) return soakSeconds
  const seconds = Number(/^(\d+)s$/.exec(soak)?.[1])
  if (seconds >= 20) return seconds
  throw new UsageError(`--soak takes seconds from 20s on, such as 60s; it is "${soak}".`)
}

/** Makes an empty store for each measurement. */
interface Stores {
  urlIn(folder: string): Promise<string>
  close(): Promise<void>
}

async function storesOf({ store = 'sqlite' }: BenchOptions): Promise<Stores> {
  if (store === 'sqlite')
    return { urlIn: async (folder) => `file:${join(folder, 'reeve.db')}`, close: async () => {} }
  if (store !== 'postgres') throw new UsageError(`--store is sqlite or postgres; it is "${store}".`)
  const server: TestServer = await startOwnPostgres({ fsync: 'on' })
  return { urlIn: () => server.createDatabase(), close: () => server.stop() }
}

async function measure(
  what: Pick<ScaleSpec, 'curve' | 'size' | 'quick'>,
  stores: Stores,
  heapLimitMb?: Curve['heapLimitMb'],
): Promise<ScaleReport> {
  const folder = createDataFolder()
  mkdirSync(folder, { recursive: true })
  const nodeFlags = ['--expose-gc']
  if (heapLimitMb) nodeFlags.push(`--max-old-space-size=${heapLimitMb[what.quick ? 'quick' : 'full']}`)
  try {
    const spec: ScaleSpec = { ...what, folder, databaseUrl: await stores.urlIn(folder) }
    return await runChild<ScaleReport>(program, { spec, limitMs, nodeFlags })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
