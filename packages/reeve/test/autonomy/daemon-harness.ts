import { onTestFinished } from 'vitest'
import type { CycleOutput } from '../../src/autonomy/daemon/cycle.ts'
import type { Daemon } from '../../src/autonomy/daemon/daemon.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import { endingOf } from '../../src/inspect/run/ending.ts'
import type { ProjectConfig } from '../../src/project/config.ts'
import { projectOf } from '../../src/project/load.ts'
import { internalsOf, Runtime } from '../../src/runtime/runtime.ts'
import { type DaemonRow, readCycle, readDaemon } from '../../src/store/autonomy/daemons.ts'
import { type JournalEvent, readEvents } from '../../src/store/journal/journal.ts'
import { requireRun } from '../../src/store/runs/runs.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'

/** A cycle that has ended, as its run and its journal have it. */
export interface SeenCycle {
  run: string
  cycle: number
  output: CycleOutput
  events: JournalEvent[]
  /** The payload of its first line of that type. */
  said: (type: string) => Record<string, unknown> | undefined
}

export interface DaemonHouse {
  runtime: Runtime
  clock: FakeClock
  row: (name?: string) => Promise<DaemonRow>
  /** Goes to the time of a daemon's next cycle and drives that to its end. */
  nextCycle: (name?: string) => Promise<SeenCycle>
  /** Drives until the cycle that is under way has ended. */
  cycleEnd: (run: string) => Promise<SeenCycle>
  stop: () => Promise<void>
}

/** A project with daemons, running on a database in memory under a clock that stands still. */
export async function openHouse(options: {
  daemons: Daemon[]
  workflows: Workflow[]
  config?: ProjectConfig
  clock?: FakeClock
  file?: string
  /** Default true. */
  isStarted?: boolean
}): Promise<DaemonHouse> {
  const {
    daemons,
    workflows,
    config = {},
    clock = new FakeClock(),
    file = ':memory:',
    isStarted = true,
  } = options
  const project = projectOf({ knowledge: [], ...config, daemons }, workflows, '/nowhere')
  const runtime = await Runtime.open({
    project,
    environment: { database: { kind: 'sqlite', file }, keys: {}, user: 'ada', ci: false },
    clock,
    log: silentLog,
    keptRuns: 0,
  })
  if (isStarted) await runtime.start()
  let isStopped = false
  const stop = async () => {
    if (isStopped) return
    isStopped = true
    const stopped = runtime.stop(0)
    await clock.advance(10_000)
    await stopped
  }
  onTestFinished(stop)
  const { database } = internalsOf(runtime)
  const only = daemons[0]?.name ?? ''
  const row = async (name = only) => (await readDaemon(database, name))!
  const cycleEnd = async (run: string): Promise<SeenCycle> => {
    for (let turn = 0; turn < 200; turn++) {
      const found = await readCycle(database, run)
      if (found?.ended_at != null) break
      await clock.advance(turn < 20 ? 50 : 1000)
    }
    const full = await requireRun(database, run)
    const { output, error } = await endingOf(database, full)
    if (output === undefined)
      throw new Error(`cycle ${run} is ${full.status}: ${JSON.stringify(error ?? full.reason)}`)
    const events = await readEvents(database, full.no)
    const said = (type: string) => {
      const line = events.find((event) => event.type === type)
      return line && (JSON.parse(line.payload!) as Record<string, unknown>)
    }
    // The next one is there when this look is over.
    await clock.advance(10)
    return {
      run,
      cycle: Number(said('wake-chosen')!.cycle),
      output: output as unknown as CycleOutput,
      events,
      said,
    }
  }
  const nextCycle = async (name = only) => {
    const { run } = await row(name)
    const cycle = (await readCycle(database, run!))!
    if (cycle.ended_at !== null) throw new Error(`the cycle after ${run} was not started`)
    if (cycle.available_at > clock.now()) clock.jump(cycle.available_at)
    return cycleEnd(run!)
  }
  return { runtime, clock, row, nextCycle, cycleEnd, stop }
}
