import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ColdStartReport, ColdStartSpec } from './cold-start/contract.ts'
import { runChild } from './runner/child.ts'
import { type BenchOptions, type BenchResult, goalOf } from './runner/contract.ts'
import { createDataFolder } from './runner/machine.ts'
import { figure, table } from './runner/table.ts'

const program = join(import.meta.dirname, 'cold-start/process.ts')
const reeve = join(import.meta.dirname, '../packages/reeve')
const entries = { package: join(reeve, 'dist/index.js'), sources: join(reeve, 'src/index.ts') }
const starts = 10

/**
 * From the start of a `node` process to the durable end of its first run, on a database file that is not there yet.
 * Ten starts of the built package with Node's compile cache warm count; ten with an empty one, and ten of the sources,
 * stand beside them, and ten commands that read an empty database.
 */
export async function run(_options: BenchOptions): Promise<BenchResult> {
  const folder = createDataFolder()
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  try {
    const raw: Record<string, ColdStartReport[]> = { empty: [], warm: [], sources: [] }
    await startOnce(folder, 'first', 'cache-0', 'package')
    await startOnce(folder, 'first-sources', 'cache-0', 'sources')
    for (let index = 0; index < starts; index++) {
      raw.empty!.push(await startOnce(folder, `empty-${index}`, `cache-empty-${index}`, 'package'))
      raw.warm!.push(await startOnce(folder, `warm-${index}`, 'cache-0', 'package'))
      raw.sources!.push(await startOnce(folder, `sources-${index}`, 'cache-0', 'sources'))
    }
    const commandMs = timeCommands(folder)
    return {
      goals: {
        firstRunMs: goalOf(medianOf(raw.warm!.map((report) => report.completedMs)), 400, 'ms', 'lower'),
        commandMs: goalOf(medianOf(commandMs), 400, 'ms', 'lower'),
      },
      raw: { ...raw, commandMs },
      summary: table(
        ['start', 'modules loaded ms', 'worker ready ms', 'first run completed ms'],
        [
          rowOf('package, compile cache warm', raw.warm!),
          rowOf('package, compile cache empty', raw.empty!),
          rowOf('sources, compile cache warm', raw.sources!),
        ],
      ),
    }
  } finally {
    process.off('exit', remove)
    remove()
  }
}

function startOnce(folder: string, name: string, cache: string, which: keyof typeof entries) {
  const dataFolder = join(folder, name)
  mkdirSync(dataFolder)
  const entry = pathToFileURL(entries[which]).href
  const spec: ColdStartSpec = { dataFolder, spawnedAt: Date.now(), entry }
  const env = { NODE_COMPILE_CACHE: join(folder, cache) }
  return runChild<ColdStartReport>(program, { spec, limitMs: 60_000, env })
}

/** `reeve runs` in a project without runs, by the build; the first makes the database and does not count. */
function timeCommands(folder: string): number[] {
  const project = join(folder, 'project')
  mkdirSync(project)
  writeFileSync(join(project, 'reeve.config.ts'), 'export default {}\n')
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, NODE_COMPILE_CACHE: join(folder, 'cache-0') }
  const times: number[] = []
  for (let index = 0; index <= starts; index++) {
    const begun = performance.now()
    const { status, stderr } = spawnSync(process.execPath, [join(reeve, 'dist/cli/main.js'), 'runs'], {
      cwd: project,
      env,
    })
    if (status !== 0) throw new Error(`\`reeve runs\` ended with ${status}: ${stderr}`)
    if (index > 0) times.push(performance.now() - begun)
  }
  return times
}

function medianOf(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length / 2
  return (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2
}

function rowOf(name: string, reports: ColdStartReport[]): string[] {
  return [
    name,
    figure(medianOf(reports.map((report) => report.loadedMs))),
    figure(medianOf(reports.map((report) => report.readyMs))),
    figure(medianOf(reports.map((report) => report.completedMs))),
  ]
}
