import type { Database, Session } from '../../store/database.ts'
import { nextRateWindow } from '../../store/dispatch/claim-rates.ts'
import { claimRuns, nextDue, storeNow, wakeDue } from '../../store/dispatch/claims.ts'
import { letOut } from '../../store/dispatch/key-lines.ts'
import { LaneTurns } from '../../store/dispatch/lane-turns.ts'
import type { LeaseKeeper } from '../../store/dispatch/lease-keeper.ts'
import { isLimited, listQueues, type QueueRow, queuesNamed } from '../../store/dispatch/queues.ts'
import { claimsOf, returnClaims } from '../../store/dispatch/recovery.ts'
import { QueueShares } from '../../store/dispatch/shares.ts'
import type { RunRow } from '../../store/runs/runs.ts'
import type { CoreContext } from '../context.ts'
import type { Claim, Ending } from '../execution/call.ts'
import type { Execution, OnBorn } from '../execution/execution.ts'
import type { EngineServices } from '../services.ts'
import type { Birth } from '../starting/birth.ts'
import type { WorkflowRegistry } from '../workflow.ts'
import { defaultGraceMs, giveBack, within } from './give-back.ts'
import { HeldRuns, isSuspect } from './held-runs.ts'
import { HistoryRoom } from './history-room.ts'
import { Liveness } from './liveness.ts'
import type { KeptRunsLimits } from './parked-runs.ts'
import { Upkeep } from './upkeep.ts'

export interface WorkerOptions {
  id: string
  database: Database
  services: EngineServices
  workflows: WorkflowRegistry
  /** Makes the `ctx` that workflows get. */
  contextFor: (execution: Execution) => CoreContext
  /** The most runs held at once. */
  capacity: number
  /** What the histories of the runs held at once may come to (bytes); one that is larger is held alone. */
  historyBytes: number
  keeps: KeptRunsLimits
  /** Deaths without progress until a run is `stuck`. */
  maxCrashes: number
  /** Keeps the lease while the event loop is blocked. Default: nobody does. */
  lease?: LeaseKeeper | undefined
  onEnd: (run: { no: number; id: string; workflow: string }, ending: Ending) => void
  /** A run was set aside as stuck without being driven. */
  onSetAside: (runId: string) => void
  /** Called after each heartbeat. */
  onBeat: () => void
  /** Called before each claim round, for schedules. */
  onRound: () => Promise<void>
}

/** So long a suspect is driven with no other suspect beside it. */
const probationMs = 500

/**
 * Claims runs and drives them.
 *
 *   idle → dispatching (claim, load, start; again while there is more) → idle until a nudge or the next due time
 *
 * A nudge comes from this process's own commits, from another process's changes, and from the clock. There is no
 * polling per run and no timer per run.
 */
export class Worker {
  readonly id: string
  readonly #options: WorkerOptions
  readonly #held: HeldRuns
  readonly #liveness: Liveness
  #queues = new Map<string, QueueRow>()
  readonly #shares = new QueueShares()
  readonly #turns = new LaneTurns()
  readonly #room: HistoryRoom
  #state: 'new' | 'working' | 'draining' | 'stopped' = 'new'
  #nudged = false
  #mayHoldStrays = false
  /** When the last claim began, by the store's clock. */
  #claimedAt = 0
  #round: Promise<void> | undefined
  readonly #upkeep: Upkeep
  #probationEnds = 0
  /** A round was asked for. */
  #again = false
  /** There was no room left: more may be queued. */
  #backlog = false
  /** Some queue has limits: a run that ends may make room for another. */
  #limited = false
  #cancelDue = () => {}
  /** When the round that is put off until something is due shall be (ms). */
  #dueAt = Number.POSITIVE_INFINITY
  #stopListening = () => {}
  readonly #hurried = Promise.withResolvers<void>()

  constructor(options: WorkerOptions) {
    const { id, database, services, workflows, lease, contextFor, onSetAside } = options
    this.id = id
    this.#options = options
    const onBeat = () => this.#afterBeat()
    this.#liveness = new Liveness({ worker: id, database, services, workflows, lease, onBeat })
    this.#room = new HistoryRoom(options.historyBytes)
    this.#held = new HeldRuns({
      worker: id,
      database,
      services,
      workflows,
      contextFor,
      keeps: options.keeps,
      onEnd: (claim, workflow, ending) => this.#ended(claim, workflow, ending),
      onSetAside,
    })
    this.#upkeep = new Upkeep({
      ...options,
      steadyMs: (now) => this.#liveness.steadyMs(now),
      isWorking: () => this.#state === 'working',
      nudge: () => this.nudge(),
    })
  }

  get active(): number {
    return this.#held.size
  }

  holds(runId: string): boolean {
    return this.#held.hasId(runId)
  }

  /** Registers, takes over what dead workers left, and begins to claim. */
  async start(): Promise<void> {
    const { database } = this.#options
    await this.#liveness.register()
    this.#state = 'working'
    await this.#upkeep.recover()
    this.#stopListening = database.onOutsideChange((change) => {
      // The end of a run is work for others only where it makes room.
      if (change === 'end' && !this.#limited) return
      this.#held.noticeOutside().catch((error) => this.#readFailed(error))
      this.nudge()
    })
    this.#liveness.begin()
    await this.tick()
  }

  /**
   * Stops claiming, lets what acts finish (for at most `graceMs`), gives the runs back, and signs off. What acts longer is
   * left to itself: its run is given back all the same, and no death is counted.
   * @throws `stop-unfinished` when that could not be written
   */
  async stop(graceMs = defaultGraceMs): Promise<void> {
    if (this.#state === 'stopped' || this.#state === 'new') return
    this.#state = 'draining'
    this.#liveness.leave()
    this.#cancelDue()
    this.#stopListening()
    const { clock } = this.#options.services
    await within(clock, graceMs, Promise.race([this.#round, this.#hurried.promise]))
    try {
      await giveBack(this.#held, this.#options.services, { graceMs, hurried: this.#hurried.promise })
      await this.#liveness.signOff()
    } finally {
      this.#state = 'stopped'
      await this.#liveness.end()
    }
  }

  /** What acts now is not waited for any longer. */
  hurry(): void {
    this.#hurried.resolve()
  }

  /** Whether a claim is surely this worker's still: true, or what the database says. */
  surelyHolds(claim: Claim): true | Promise<boolean> {
    return this.#liveness.holds(claim)
  }

  /** Says that there may be something to claim. Many nudges at one moment make one round. */
  nudge(): void {
    if (this.#nudged || this.#state !== 'working') return
    this.#nudged = true
    setImmediate(() => {
      this.#nudged = false
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
    while (this.#again && this.#state === 'working') {
      this.#again = false
      if (this.#mayHoldStrays) await this.#releaseStrays()
      await this.#options.onRound()
      await this.#claimAll()
    }
    await this.#sleepUntilDue()
    if (this.#again && this.#state === 'working') await this.#rounds()
  }

  async #releaseStrays(): Promise<void> {
    const { database } = this.#options
    const claims = await claimsOf(database, this.id)
    // Looked at after the answer: a run is here before its birth is written, and until its release is.
    const strays = claims.filter(({ no }) => !this.#held.has(no))
    await database.bulk(
      returnClaims,
      strays.map(({ no, epoch }) => [no, epoch, this.id]),
    )
    this.#mayHoldStrays = false
  }

  async #claimAll(): Promise<void> {
    this.#turns.begin()
    for (let isFirst = true; ; isFirst = false) {
      const room = this.#options.capacity - this.#held.size
      this.#backlog = room <= 0
      if (room <= 0 || this.#state !== 'working') return
      let isMore = false
      const onMore = () => {
        isMore = true
      }
      const claimed = await this.#options.database.transaction((session) =>
        this.#claim(session, { room, isFirst, onMore }),
      )
      this.#turns.done(claimed.length)
      if (claimed.some(isSuspect)) this.#beginProbation()
      // A long history may be replayed next.
      if (claimed.length > 0) this.#liveness.guard()
      await this.#held.adoptAll(claimed)
      if (claimed.length === 0 && !isMore && !this.#turns.isMore) return
    }
  }

  async #claim(
    session: Session,
    { room, isFirst, onMore }: { room: number; isFirst: boolean; onMore: () => void },
  ): Promise<RunRow[]> {
    this.#claimedAt = await storeNow(session)
    await wakeDue(session)
    if ((await letOut(session)) > 0) onMore()
    const looked = await this.#turns.look(session)
    const queues = isFirst
      ? await this.#listQueues(session)
      : await queuesNamed(session, [...new Set(looked.map(({ queue }) => queue))])
    // What it does not have, another may: a run waits for whoever has its version.
    const { workflows } = this.#options
    const lanes = looked.filter(({ workflow, version }) => workflows.find(workflow, version))
    const histories = this.#room.open(this.#held.historyBytes)
    const { admits } = histories
    const request = { worker: this.id, limit: room, drivesSuspect: this.#probation(), lanes, onMore, admits }
    const claimed = await claimRuns(session, queues, this.#shares, request)
    this.#backlog = histories.isFull
    return claimed
  }

  async #listQueues(session: Session): Promise<QueueRow[]> {
    const queues = await listQueues(session)
    this.#queues = new Map(queues.map((queue) => [queue.name, queue]))
    this.#limited = queues.some(isLimited)
    return queues
  }

  /** Whether a suspect is held that has not yet shown, by not ending this process, that it may have company. */
  #probation(): boolean {
    if (this.#options.services.clock.now() >= this.#probationEnds) return false
    return this.#held.someSuspect
  }

  #beginProbation(): void {
    const { clock } = this.#options.services
    this.#probationEnds = clock.now() + probationMs
    clock.after(probationMs, () => this.nudge())
  }

  async #sleepUntilDue(): Promise<void> {
    this.#cancelDue()
    if (this.#state !== 'working') return
    const { database, services } = this.#options
    const due = await nextDue(database)
    const window = await nextRateWindow(database, this.#claimedAt)
    const next = Math.min(due ?? Number.POSITIVE_INFINITY, window ?? Number.POSITIVE_INFINITY)
    this.#dueAt = next
    if (next === Number.POSITIVE_INFINITY) return
    this.#cancelDue = services.clock.after(Math.max(next - services.clock.now(), 1), () => this.nudge())
  }

  /** What this round claimed may be known to the database only: the next one gives it back first. */
  #roundFailed(error: unknown): void {
    this.#mayHoldStrays = true
    this.#options.services.log.error('a claim round failed; it is tried again', { error: String(error) })
    this.#cancelDue = this.#options.services.clock.after(1000, () => this.nudge())
  }

  /** What was missed is found when the database is looked at again. */
  #readFailed(error: unknown): void {
    this.#options.services.log.warn('the database could not be read; it is tried again', {
      error: String(error),
    })
  }

  /** This process paused a queue, or let it go on: it holds from now on, and not from the next round. */
  queuePaused(name: string, isPaused: boolean): void {
    const queue = this.#queues.get(name)
    if (queue) this.#queues.set(name, { ...queue, paused: isPaused ? 1 : 0 })
    this.nudge()
  }

  /** Whether a run could be driven here from birth, without waiting in a queue. */
  canAdopt(birth: Birth): boolean {
    const queue = this.#queues.get(birth.run.queue)
    return (
      this.#state === 'working' &&
      queue !== undefined &&
      !queue.paused &&
      !isLimited(queue) &&
      birth.run.available_at <= birth.run.created_at &&
      this.#held.size < this.#options.capacity
    )
  }

  /** Drives a run from its birth; `onBorn` hears what became of that. */
  adoptNewborn(birth: Birth, onBorn: OnBorn): void {
    this.#held.adoptNewborn(birth, onBorn)
  }

  /** Something came into a run's inbox, or somebody wants it paused or cancelled. */
  async arrived(no: number): Promise<void> {
    if (!(await this.#held.arrived(no))) this.nudge()
  }

  #ended(claim: Claim, workflow: string, ending: Ending): void {
    this.#options.onEnd({ no: claim.no, id: claim.id, workflow }, ending)
    const mayFree = this.#backlog || this.#limited || isSuspect(claim)
    if (ending.status === 'waiting' || ending.status === 'queued' || mayFree) this.nudge()
  }

  /** While it drains it only shows that it lives: what acts still may take longer than the lease. */
  async #afterBeat(): Promise<void> {
    await this.#upkeep.recoverAll()
    this.#options.onBeat()
    this.#held.sweep()
    await this.#held.noticeSilent()
    const isMore = await this.#upkeep.wakeLost()
    // Or the clock was set forward, or the machine slept: the timer for what is due now would call much later.
    if (isMore || this.#options.services.clock.now() >= this.#dueAt) this.nudge()
  }
}
