import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runChild } from '../runner/child.ts'
import { createDataFolder } from '../runner/machine.ts'
import type { Entry } from './contestants.ts'
import type { Report, Round, Spec } from './contract.ts'
import { install, place } from './installation.ts'
import { databaseOn, type Server } from './servers.ts'

export type Plan = Pick<Spec, 'steps' | 'resultBytes' | 'rounds' | 'roundMs' | 'maxRuns' | 'warmUpMs'>

/** One contestant at one number of concurrent runs. */
interface Outcome {
  concurrency: number
  /** The median round by runs a second; absent when it failed. */
  median?: Round
  report?: Report
  failed?: string
}

export interface Standing {
  name: string
  title: string
  kind: Entry['kind']
  outcomes: Outcome[]
  /** Why it could not take part at all. */
  failed?: string
}

const sharedFiles = ['measure.ts', 'processes.ts']

/**
 * Runs one contestant at every concurrency, with a new server each time, or a new database on the one they all share.
 * What fails is reported with its reason; nothing is thrown.
 */
export async function contest(
  entry: Entry,
  concurrencies: number[],
  plan: Plan,
  progress: (text: string) => void,
  shared?: Server,
): Promise<Standing> {
  const { name, title, kind } = entry
  const standing: Standing = { name, title, kind, outcomes: [] }
  try {
    const file = join(import.meta.dirname, entry.files[0]!)
    if (!existsSync(file)) throw new Error(`there is no bench/engine/${entry.files[0]} yet`)
    const program = entry.peer
      ? place(await install(entry.peer, progress), [...entry.files, ...sharedFiles])
      : file
    const serverFolder = entry.server && (await install(entry.server.peer, progress))
    const serve = (concurrency: number, folder: string) =>
      shared
        ? databaseOn(shared, `${name}-${concurrency}`)
        : serverFolder === undefined
          ? undefined
          : entry.server?.start(serverFolder, folder)
    for (const concurrency of concurrencies) {
      const outcome = await runOnce((folder) => serve(concurrency, folder), program, concurrency, plan)
      standing.outcomes.push(outcome)
      progress(`${name} at ${concurrency}: ${describe(outcome)}`)
    }
  } catch (error) {
    standing.failed = reasonOf(error)
    progress(`${name}: failed: ${standing.failed}`)
  }
  return standing
}

function describe({ median, failed }: Outcome): string {
  if (failed !== undefined || !median) return `failed: ${failed}`
  return `${median.runsPerSecond.toFixed(0)} runs/s, p50 ${median.p50Ms.toFixed(1)} ms, p99 ${median.p99Ms.toFixed(1)} ms`
}

async function runOnce(
  serve: (folder: string) => Promise<Server> | undefined,
  program: string,
  concurrency: number,
  plan: Plan,
): Promise<Outcome> {
  const folder = createDataFolder()
  let server: Server | undefined
  const abandon = () => {
    server?.kill()
    removeWhileWritten(folder)
  }
  process.once('exit', abandon)
  try {
    server = await serve(folder)
    const dataFolder = join(folder, 'data')
    mkdirSync(dataFolder)
    const spec: Spec = { ...plan, concurrency, dataFolder, spawnedAt: Date.now() }
    if (server) spec.server = server.access
    const report = await runProcess(program, spec)
    const { verified } = report
    if (verified && verified.found !== verified.driven) {
      const failed = `its store holds ${verified.found} complete runs of the ${verified.driven} it acknowledged`
      return { concurrency, report, failed }
    }
    const ranked = [...report.rounds].sort((a, b) => a.runsPerSecond - b.runsPerSecond)
    const median = ranked[ranked.length >> 1]
    return { concurrency, median, report }
  } catch (error) {
    return { concurrency, failed: reasonOf(error) }
  } finally {
    await server?.stop()
    process.off('exit', abandon)
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A server that has been told to end may write for a moment more; nothing asynchronous runs at exit. */
function removeWhileWritten(folder: string): void {
  const pause = new Int32Array(new SharedArrayBuffer(4))
  for (let attempt = 0; attempt < 60 && existsSync(folder); attempt++) {
    try {
      rmSync(folder, { recursive: true, force: true })
    } catch {
      Atomics.wait(pause, 0, 0, 50)
    }
  }
}

function runProcess(program: string, spec: Spec): Promise<Report> {
  // A round waits for the runs under way: allow a slow peer ten times what the plan asks for, and a minute to start.
  const limitMs = 60_000 + 10 * (plannedMs(spec) + spec.concurrency * 20)
  return runChild<Report>(program, {
    spec,
    limitMs,
    env: { DO_NOT_TRACK: '1', MASTRA_TELEMETRY_DISABLED: '1' },
  })
}

function plannedMs(spec: Spec): number {
  return spec.warmUpMs + spec.rounds * spec.roundMs
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
