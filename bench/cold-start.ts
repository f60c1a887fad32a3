import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ColdStartReport, ColdStartSpec } from './cold-start/contract.ts'
import { runChild } from './runner/child.ts'
import { type BenchOptions, type BenchResult, goalOf } from './runner/contract.ts'
import { createDataFolder } from './runner/machine.ts'
import { figure, table } from './runner/table.ts'

const program = join(import.meta.dirname, 'cold-start/process.ts')
const starts = 10

/**
 * From the start of a `node` process to the durable end of its first run, on a database file that is not there yet.
 * Ten starts with Node's compile cache warm count; ten with an empty one stand beside them.
 */
export async function run(_options: BenchOptions): Promise<BenchResult> {
  const folder = createDataFolder()
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  try {
    const cold: ColdStartReport[] = []
    const warm: ColdStartReport[] = []
    for (let index = 0; index < starts; index++)
      cold.push(await startOnce(folder, `cold-${index}`, `cache-${index}`))
    for (let index = 0; index < starts; index++)
      warm.push(await startOnce(folder, `warm-${index}`, 'cache-0'))
    const firstRunMs = medianOf(warm, 'completedMs')
    return {
      goals: { firstRunMs: goalOf(firstRunMs, 400, 'ms', 'lower') },
      raw: { warm, cold },
      summary: table(
        ['compile cache', 'modules loaded ms', 'worker ready ms', 'first run completed ms'],
        [rowOf('warm', warm), rowOf('empty', cold)],
      ),
    }
  } finally {
    process.off('exit', remove)
    remove()
  }
}

function startOnce(folder: string, name: string, cache: string): Promise<ColdStartReport> {
  const dataFolder = join(folder, name)
  mkdirSync(dataFolder)
  const spec: ColdStartSpec = { dataFolder, spawnedAt: Date.now() }
  const env = { NODE_COMPILE_CACHE: join(folder, cache) }
  return runChild<ColdStartReport>(program, { spec, limitMs: 60_000, env })
}

function medianOf(reports: ColdStartReport[], figureName: keyof ColdStartReport): number {
  const sorted = reports.map((report) => report[figureName]).sort((a, b) => a - b)
  const half = sorted.length / 2
  return (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2
}

function rowOf(name: string, reports: ColdStartReport[]): string[] {
  return [
    name,
    figure(medianOf(reports, 'loadedMs')),
    figure(medianOf(reports, 'readyMs')),
    figure(medianOf(reports, 'completedMs')),
  ]
}
