import { isRecord } from '../../base/json/record.ts'
import type { Log } from '../../base/log.ts'
import { Looks } from '../../base/time/looks.ts'
import type { Engine } from '../../engine/engine.ts'
import { enqueue } from '../../engine/starting/enqueue.ts'
import { ownKey, prepareStart } from '../../engine/starting/prepared-start.ts'
import { givenIn } from '../../engine/starting/run-input.ts'
import { endingOf } from '../../inspect/run/ending.ts'
import {
  type CycleRow,
  type DaemonRow,
  lockDaemon,
  moveCycle,
  readCycle,
  readDaemon,
  setCycle,
  wakeDaemon,
} from '../../store/autonomy/daemons.ts'
import type { Session } from '../../store/database.ts'
import { payloadIfSound } from '../../store/journal/events.ts'
import { payloadAt } from '../../store/journal/journal.ts'
import { saidInRun } from '../../store/journal/said.ts'
import { pauseRuns } from '../../store/runs/changes/moves.ts'
import { type RunRow, requireRun } from '../../store/runs/runs.ts'
import type { CycleInput, CycleOutput } from './cycle.ts'
import { type CycleMemory, emptyMemory, keyOfInputs, withEnded, withPending } from './cycle-memory.ts'
import { type Daemon, daemonWorkflowName } from './daemon.ts'

/** Between two looks that nothing asked for (ms): what a process left undone that died. */
const lookMs = 5_000
const dayMs = 86_400_000

/**
 * Lets one cycle of each daemon follow the other:
 *
 *   (no cycle) → queued until its time → running ⇄ waiting → ended → the next one queued, in one transaction with the
 *   daemon's row, which says that it is the one now
 *
 * Any number of workers look; the row lets one of them start each cycle. A cycle that is stuck is not followed by another: a
 * person retries or cancels it. One that failed or was cancelled is followed by one that goes on from what is known of it.
 */
export class DaemonKeeper {
  readonly #engine: Engine
  readonly #daemons: readonly Daemon[]
  readonly #log: Log
  readonly #looks: Looks
  #stopListening: (() => void)[] = []
  #asked: Promise<void> = Promise.resolve()

  constructor(engine: Engine, daemons: readonly Daemon[]) {
    this.#engine = engine
    this.#daemons = daemons
    this.#log = engine.services.log
    this.#looks = new Looks(engine.services, 'the cycles of daemons', lookMs, () => this.look())
  }

  /** Resolves when each daemon has a cycle. */
  async begin(): Promise<void> {
    if (this.#daemons.length === 0) return
    const { notices } = this.#engine.services
    const names = new Set(this.#daemons.map(({ name }) => daemonWorkflowName(name)))
    this.#stopListening = [
      notices.on('run-left', (_, workflow, { status }) => {
        if (names.has(workflow) && status !== 'queued' && status !== 'waiting') this.#lookSoon()
      }),
      notices.on('run-set-aside', () => this.#lookSoon()),
    ]
    await this.#looks.begin()
  }

  async end(): Promise<void> {
    for (const stop of this.#stopListening) stop()
    await this.#asked
    if (this.#daemons.length > 0) await this.#looks.end()
  }

  /** Starts the cycles that are to follow. Answers false: the next look is due at its time. */
  async look(): Promise<boolean> {
    for (const daemon of this.#daemons) await this.#follow(daemon)
    return false
  }

  /** One look behind the other, and one for all that ask while another is under way. */
  #lookSoon(): void {
    this.#asked = this.#asked.then(async () => {
      await this.look().catch((error: unknown) => {
        this.#log.warn('the next cycles of daemons could not be started; it is tried again', {
          error: String(error),
        })
      })
    })
  }

  async #follow(daemon: Daemon): Promise<void> {
    const { database } = this.#engine
    const row = await readDaemon(database, daemon.name)
    if (!row) return
    const run = row.run === null ? undefined : await readCycle(database, row.run)
    if (run && run.ended_at === null) return this.#bringForward(daemon, run)
    const { memory, at } = await this.#afterOf(daemon, row, run)
    await this.#start(row, memory, at)
  }

  /** A clock that went back would let a daemon sleep for as long again. */
  async #bringForward(daemon: Daemon, run: CycleRow): Promise<void> {
    const { database, services } = this.#engine
    const now = services.clock.now()
    const longest = Math.max(daemon.ceilingMs, dayMs)
    if (run.status !== 'queued' || run.fresh !== 1 || run.available_at - now <= longest) return
    await database.transaction((session) => moveCycle(session, run, now + daemon.ceilingMs, now))
    services.notices.tell('run-queued')
  }

  /** What the next cycle goes on from, and when. */
  async #afterOf(
    daemon: Daemon,
    row: DaemonRow,
    run: CycleRow | undefined,
  ): Promise<{ memory: CycleMemory; at: number }> {
    const { database, services } = this.#engine
    const now = services.clock.now()
    if (!run) return { memory: emptyMemory, at: now }
    const full = await requireRun(database, run.id)
    const { output } = await endingOf(database, full)
    if (isRecord(output)) {
      const { wake, memory } = output as unknown as CycleOutput
      const isWoken = row.wakes > memory.wakesSeen
      const soonest = (run.ended_at ?? now) + daemon.floorMs
      return { memory, at: isWoken ? Math.min(wake.at, soonest) : wake.at }
    }
    const memory = await memoryOfBroken(database, full, now)
    this.#log.warn('a cycle of a daemon did not end well; the next one continues from its recorded state', {
      daemon: daemon.name,
      run: run.id,
      status: full.status,
      reason: full.reason ?? '',
    })
    return {
      memory,
      at: now + Math.min(daemon.ceilingMs, daemon.everyMs * 2 ** Math.min(memory.fruitless, 10)),
    }
  }

  async #start(row: DaemonRow, memory: CycleMemory, at: number): Promise<void> {
    const { database, services, workflows } = this.#engine
    const no = await services.numbers.take()
    const cycle = row.cycle + 1
    const name = daemonWorkflowName(row.name)
    const delay = Math.max(0, at - services.clock.now())
    const input: CycleInput = { cycle, memory }
    // What it is given holds what others wrote: it is not the project's own word.
    const options = { principal: name, channel: 'event', ...(delay > 0 && { delay }) } as const
    const key = ownKey('daemon', `${row.name}:${cycle}:${no}`)
    const start = prepareStart(services, workflows.current(name), input, options, no, { key })
    await database.transaction(async (session) => {
      const now = await lockDaemon(session, row.name)
      if (!now || now.run !== row.run || now.cycle !== row.cycle) return
      await enqueue(session, start)
      if (now.paused === 1) await session.bulk(pauseRuns, [[no, 1]])
      await setCycle(session, row.name, cycle, start.run.id)
    })
    if (delay > 0) services.notices.tell('run-due', start.run.available_at)
    else services.notices.tell('run-queued')
  }

  /** Wakes a daemon in this process. Answers when its next cycle begins; undefined: one is under way, or there is no such daemon. */
  async wake(name: string, why: string): Promise<number | undefined> {
    const { database, services } = this.#engine
    const at = await database.transaction(async (session) => {
      const row = await lockDaemon(session, name)
      return row && wakeDaemon(session, row, why, { now: services.clock.now(), isReopening: false })
    })
    services.notices.tell('run-queued')
    return at
  }
}

/** Of a cycle without a result: what it was given, and what its journal says that it had started. */
async function memoryOfBroken(session: Session, run: RunRow, now: number): Promise<CycleMemory> {
  const first = await payloadAt(session, run.no, 1)
  const given = first === undefined ? undefined : (givenIn(first) as Partial<CycleInput> | undefined)
  const memory: CycleMemory = { ...emptyMemory, ...given?.memory, idleDigest: null }
  const rows = await saidInRun(session, run.no, 'daemon-decided', 'child-started')
  const decided = rows.map((row) => payloadIfSound(row, 'daemon-decided')).find((each) => each !== undefined)
  const child = rows.map((row) => payloadIfSound(row, 'child-started')).find((each) => each !== undefined)
  if (!decided) return { ...memory, fruitless: memory.fruitless + 1 }
  const { decision, params, goal, why } = decided
  const key = keyOfInputs(decision, params)
  const what = { directive: decision, key, params, goal, why, at: now, fingerprint: '' }
  if (child) return withPending(memory, { ...what, run: child.run }, now)
  const detail = `its cycle did not end: ${run.reason ?? run.status}`
  return withEnded(memory, { ...what, result: 'cancelled', detail, costUsd: 0 }, now)
}
