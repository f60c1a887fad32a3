import type { Database } from '../../store/database.ts'
import { claimsOf, returnClaims } from '../../store/dispatch/recovery.ts'
import type { CallSite } from '../call-site.ts'
import type { CoreContext } from '../context.ts'
import type { OnStarted } from '../execution/commit-source.ts'
import type { EngineServices } from '../services.ts'
import type { PreparedStart } from '../starting/prepared-start.ts'
import { runDueSchedules } from '../starting/schedule.ts'
import type { WorkflowRegistry } from '../workflow.ts'
import { ClaimedRuns } from './claiming/claimed-runs.ts'
import { Claiming } from './claiming/claiming.ts'
import { HeartbeatUpkeep } from './heartbeat-upkeep.ts'
import { InboxLooks } from './inbox-looks.ts'
import type { Liveness } from './liveness.ts'
import type { LocalRuns } from './local-runs.ts'
import type { KeptRunsLimits } from './parked-runs.ts'
import { defaultGraceMs, giveBack, within } from './release-runs.ts'
import { SilentRuns } from './silent-runs.ts'

export interface WorkerOptions {
  id: string
  database: Database
  services: EngineServices
  workflows: WorkflowRegistry
  liveness: Liveness
  /** Filled with the runs that it drives. */
  runs: LocalRuns
  /** Makes the `ctx` that workflows get. */
  contextFor: (site: CallSite) => CoreContext
  /** The most runs driven at once. */
  capacity: number
  /** What the histories of the runs driven at once may come to (bytes); one that is larger is driven alone. */
  historyBytes: number
  keeps: KeptRunsLimits
  /** Deaths without progress until a run is `stuck`. */
  maxCrashes: number
}

/**
 * Claims runs and drives them.
 *
 *   new → working → draining → stopped
 *
 * While it works, its rounds of claiming follow one another:
 *
 *   idle → dispatching (claim, load, start; again while there is more) → idle until a nudge or the next due time
 *
 * A nudge comes from this process's own commits, from another process's changes, and from the clock. There is no
 * polling per run and no timer per run.
 */
export class Worker {
  readonly id: string
  readonly #options: WorkerOptions
  readonly #claiming: Claiming
  readonly #claimed: ClaimedRuns
  readonly #looks: InboxLooks
  readonly #silent: SilentRuns
  readonly #upkeep: HeartbeatUpkeep
  #state: 'new' | 'working' | 'draining' | 'stopped' = 'new'
  #isNudged = false
  #round: Promise<void> | undefined
  /** A round was asked for. */
  #again = false
  /** A round failed: the database may know of claims that nobody here drives. */
  #mayHaveStrays = false
  #cancelDue = () => {}
  /** When the round that is put off until something is due shall be (ms). */
  #dueAt = Number.POSITIVE_INFINITY
  #stopListening = () => {}
  readonly #hurried = Promise.withResolvers<void>()

  constructor(options: WorkerOptions) {
    this.id = options.id
    this.#options = options
    this.#claiming = new Claiming(options)
    this.#claimed = new ClaimedRuns(options)
    this.#looks = new InboxLooks(options)
    this.#silent = new SilentRuns(options)
    this.#upkeep = new HeartbeatUpkeep(options)
    const { notices } = options.services
    notices.on('run-queued', () => this.nudge())
    notices.on('run-due', (at) => this.#sleepUntil(at))
    notices.on('inbox-grew', (no) => this.#lookAt(no))
    notices.on('run-changed', (no) => this.#lookAt(no))
    notices.on('run-left', (claim, _workflow, { status }) => {
      if (status === 'waiting' || status === 'queued' || this.#claiming.makesRoom(claim)) this.nudge()
    })
  }

  /** How many runs it drives. */
  get active(): number {
    return this.#options.runs.size
  }

  /** Registers, takes over what dead workers left, and begins to claim. */
  async start(): Promise<void> {
    const { database, liveness } = this.#options
    await liveness.register()
    this.#state = 'working'
    await this.#upkeep.recover()
    this.#stopListening = database.onOutsideChange((change) => {
      if (change === 'authority') return
      // The end of a run is work for others only where it makes room.
      if (change === 'end' && !this.#claiming.isLimited) return
      this.#looks.noticeOutside().catch((error) => this.#readFailed(error))
      this.nudge()
    })
    liveness.begin(() => this.#afterHeartbeat())
    await this.tick()
  }

  /**
   * Stops claiming, lets what acts finish (for at most `graceMs`), gives the runs back, and signs off. What acts longer is
   * left to itself: its run is given back all the same, and no death is counted.
   * @throws `stop-unfinished` when that could not be written
   */
  async stop(graceMs = defaultGraceMs): Promise<void> {
    if (this.#state === 'stopped' || this.#state === 'new') return
    const { liveness, runs, services } = this.#options
    this.#state = 'draining'
    liveness.leave()
    this.#cancelDue()
    this.#stopListening()
    const hurried = this.#hurried.promise
    await within(services.clock, graceMs, Promise.race([this.#round, hurried]))
    try {
      await giveBack(runs, this.#claimed, services, { graceMs, hurried })
      await liveness.signOff()
    } finally {
      this.#state = 'stopped'
      await liveness.end()
    }
  }

  /** What acts now is not waited for any longer. */
  hurry(): void {
    this.#hurried.resolve()
  }

  /** Says that there may be something to claim. Many nudges at one moment make one round. */
  nudge(): void {
    if (this.#isNudged || this.#state !== 'working') return
    this.#isNudged = true
    setImmediate(() => {
      this.#isNudged = false
      if (this.#state === 'working') void this.tick().catch((error) => this.#roundFailed(error))
    })
  }

  /** One round of claiming, until there is nothing more to claim or no room. Asked for during a round, one more follows. */
  tick(): Promise<void> {
    this.#again = true
    this.#round ??= this.#rounds().finally(() => {
      this.#round = undefined
    })
    return this.#round
  }

  async #rounds(): Promise<void> {
    const { database, services, workflows } = this.#options
    while (this.#again && this.#state === 'working') {
      this.#again = false
      if (this.#mayHaveStrays) await this.#returnStrays()
      if (await runDueSchedules(database, services, workflows)) this.nudge()
      await this.#claimAll()
    }
    await this.#sleepUntilDue()
    if (this.#again && this.#state === 'working') await this.#rounds()
  }

  async #returnStrays(): Promise<void> {
    const { database, runs } = this.#options
    const claims = await claimsOf(database, this.id)
    // Looked at after the answer: a run is here before its start is written, and until its release is.
    const strays = claims.filter(({ no }) => !runs.has(no))
    await database.bulk(
      returnClaims,
      strays.map(({ no, epoch }) => [no, epoch, this.id]),
    )
    this.#mayHaveStrays = false
  }

  async #claimAll(): Promise<void> {
    for (let isFirst = true; this.#state === 'working'; isFirst = false) {
      const { claimed, isMore } = await this.#claiming.claim(isFirst)
      // A long history may be replayed next.
      if (claimed.length > 0) this.#options.liveness.guard()
      await this.#claimed.driveAll(claimed)
      if (!isMore) return
    }
  }

  async #sleepUntilDue(): Promise<void> {
    this.#cancelDue()
    this.#dueAt = Number.POSITIVE_INFINITY
    if (this.#state === 'working') this.#sleepUntil(await this.#claiming.nextDue())
  }

  /** A round follows then, unless one is due sooner. */
  #sleepUntil(at: number): void {
    if (at >= this.#dueAt || this.#state !== 'working') return
    const { clock } = this.#options.services
    this.#cancelDue()
    this.#dueAt = at
    this.#cancelDue = clock.after(Math.max(at - clock.now(), 1), () => this.nudge())
  }

  /** What this round claimed may be known to the database only: the next one gives it back first. */
  #roundFailed(error: unknown): void {
    const { clock, log } = this.#options.services
    this.#mayHaveStrays = true
    log.error('a claim round failed; it is tried again', { error: String(error) })
    this.#cancelDue()
    this.#dueAt = Number.POSITIVE_INFINITY
    this.#sleepUntil(clock.now() + 1000)
  }

  /** What was missed is found when the database is looked at again. */
  #readFailed(error: unknown): void {
    this.#options.services.log.warn('the database could not be read; it is tried again', {
      error: String(error),
    })
  }

  /** This process paused a queue, or let it go on: it holds from now on, and not from the next round. */
  queuePaused(name: string, isPaused: boolean): void {
    this.#claiming.queuePaused(name, isPaused)
    this.nudge()
  }

  /** Whether a run could be driven here from its start on, without waiting in a queue. */
  hasRoomFor(start: PreparedStart): boolean {
    return this.#state === 'working' && this.#claiming.hasRoomFor(start)
  }

  /** Drives a run from its start on; `onStarted` hears what became of that. */
  driveNew(start: PreparedStart, onStarted: OnStarted): void {
    this.#claimed.driveNew(start, onStarted)
  }

  /** Something came into a run's inbox, or somebody wants it paused or cancelled. Of others, it may be claimed now. */
  #lookAt(no: number): void {
    this.#looks.lookAt(no).then(
      (isDriven) => {
        if (!isDriven) this.nudge()
      },
      (error) =>
        this.#options.services.log.error(
          'a run could not be told what came; it will see it when it is next claimed',
          { error: String(error) },
        ),
    )
  }

  /** While it drains it only shows that it lives: what acts still may take longer than the lease. */
  async #afterHeartbeat(): Promise<void> {
    const { clock, notices } = this.#options.services
    await this.#upkeep.recoverAll()
    notices.tell('heartbeat')
    this.#claimed.sweep()
    await this.#silent.notice(this.#options.runs.all())
    await this.#upkeep.askedOfPeople()
    const isMore = await this.#upkeep.wakeLost()
    // Or the clock was set forward, or the machine slept: the timer for what is due now would call much later.
    if (isMore || clock.now() >= this.#dueAt) this.nudge()
  }
}
