import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ParkedReport, ParkedSpec } from './parked/contract.ts'
import { runChild } from './runner/child.ts'
import { type BenchOptions, type BenchResult, goalOf, wholeNumber } from './runner/contract.ts'
import { createDataFolder } from './runner/machine.ts'
import { figure, table } from './runner/table.ts'

const program = join(import.meta.dirname, 'parked/process.ts')

/**
 * 100,000 runs that wait for an approval. Memory is resident memory after garbage collection, above a process of the
 * same runtime with one such run: of the process that parked them all, and of one that was started with them present.
 * 100 decisions, one after the other, by the worker's own process and 100 by another.
 *
 * `--runs 100000`, `--decisions 100`.
 */
export async function run(options: BenchOptions): Promise<BenchResult> {
  const runs = wholeNumber(options, 'runs', 100_000)
  const decisions = wholeNumber(options, 'decisions', 100)
  const folder = createDataFolder()
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  try {
    const roleIn = (role: ParkedSpec['role'], name: string) =>
      runRole({ role, runs, decisions }, join(folder, name))
    const idle = await roleIn('idle', 'idle')
    const parked = await roleIn('park', 'data')
    process.stderr.write(`${figure(parked.waiting)} runs parked, ${figure(parked.perSecond ?? 0)} a second\n`)
    const resumed = await roleIn('resume', 'data')
    if (parked.waiting !== runs || resumed.waiting !== runs)
      throw new Error(`${parked.waiting} runs were parked and ${resumed.waiting} found, not ${runs}`)
    const decidedMs = medianOf(resumed.decidedMs)
    const decidedElsewhereMs = medianOf(resumed.decidedElsewhereMs)
    const memory = Math.max(parked.rssMb, resumed.rssMb) - idle.rssMb
    return {
      goals: {
        memoryAboveIdleMb: goalOf(memory, 60, 'MB', 'lower'),
        decidedMs: goalOf(decidedMs, 20, 'ms', 'lower'),
        decidedElsewhereMs: goalOf(decidedElsewhereMs, 20, 'ms', 'lower'),
        startUpMs: goalOf(resumed.readyMs, 1000, 'ms', 'lower'),
      },
      raw: { idle, parked, resumed },
      summary: table(
        ['process', 'runs that wait', 'ready ms', 'resident MB', 'heap MB'],
        [rowOf('idle', idle), rowOf('that parked them', parked), rowOf('started with them', resumed)],
      ),
    }
  } finally {
    process.off('exit', remove)
    remove()
  }
}

function runRole(
  role: Pick<ParkedSpec, 'role' | 'runs' | 'decisions'>,
  dataFolder: string,
): Promise<ParkedReport> {
  mkdirSync(dataFolder, { recursive: true })
  const spec: ParkedSpec = { ...role, dataFolder, spawnedAt: Date.now() }
  return runChild<ParkedReport>(program, { spec, limitMs: 300_000, nodeFlags: ['--expose-gc'] })
}

function medianOf(values: number[] = []): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[sorted.length >> 1]
}

function rowOf(name: string, report: ParkedReport): string[] {
  const { waiting, readyMs, rssMb, heapMb } = report
  return [name, figure(waiting), figure(readyMs), figure(rssMb), figure(heapMb)]
}
