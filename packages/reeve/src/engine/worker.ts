import { messageOf } from '../base/errors.ts'
import { parse } from '../base/schema.ts'
import {
  claimFrom,
  claimsOf,
  nextDue,
  nextRateWindow,
  recoverOrphans,
  returnClaims,
  storeNow,
  suspectCrashes,
  wakeDue,
} from '../store/claims.ts'
import type { Database } from '../store/database.ts'
import { readInbox } from '../store/inbox.ts'
import { ensureQueue, isLimited, listQueues, type QueueRow } from '../store/queues.ts'
import { reconcileWakes } from '../store/reconcile.ts'
import { type RunRow, readRunByNo } from '../store/runs.ts'
import {
  gapMs,
  heartbeat,
  heartbeatMs,
  liveWorkers,
  registerWorker,
  removeDeadWorkers,
  removeWorker,
} from '../store/workers.ts'
import type { Birth } from './birth.ts'
import { inputOf } from './birth.ts'
import type { Claim, Ending } from './call.ts'
import type { CoreContext } from './context.ts'
import type { EngineEdges } from './edges.ts'
import { Execution } from './execution.ts'
import { type History, readHistory } from './history.ts'
import { type LoadedRun, loadRun, loadRuns } from './loading.ts'
import { cancelOutside, markStuck } from './outside.ts'
import type { WorkflowRegistry } from './workflow.ts'

export interface WorkerOptions {
  id: string
  database: Database
  edges: EngineEdges
  workflows: WorkflowRegistry
  /** Makes the `ctx` that workflows get. */
  contextFor: (execution: Execution) => CoreContext
  /** The most runs held at once. */
  capacity: number
  /** Deaths without progress until a run is `stuck`. */
  maxCrashes: number
  onEnd: (run: { no: number; id: string; workflow: string }, ending: Ending) => void
  /** A run was set aside as stuck without being driven. */
  onSetAside: (runId: string) => void
  /** Called before each claim round, for schedules. */
  onRound: () => Promise<void>
}

/** So long a suspect is driven with no other suspect beside it. */
const probationMs = 500

function isSuspect(run: { crashes: number }): boolean {
  return run.crashes >= suspectCrashes
}

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
  readonly #active = new Map<number, Execution>()
  readonly #activeIds = new Set<string>()
  #queues = new Map<string, QueueRow>()
  #state: 'new' | 'working' | 'draining' | 'stopped' = 'new'
  #nudged = false
  #mayHoldStrays = false
  /** When the last claim began, by the store's clock. */
  #claimedAt = 0
  #round: Promise<void> | undefined
  /** Up to which run the wakes were compared with the journals. */
  #reconciled = 0
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
  #cancelHeartbeat = () => {}
  /** When it last beat, and since when without a gap, by the store's clock. */
  #beatAt = 0
  #steadySince = 0
  #stopListening = () => {}
  #whenIdle: (() => void)[] = []

  constructor(options: WorkerOptions) {
    this.id = options.id
    this.#options = options
  }

  get active(): number {
    return this.#active.size
  }

  holds(runId: string): boolean {
    return this.#activeIds.has(runId)
  }

  /** Registers, takes over what dead workers left, and begins to claim. */
  async start(): Promise<void> {
    const { database } = this.#options
    await database.transaction(async (session) => {
      await registerWorker(session, this.id)
      this.#beatAt = this.#steadySince = await storeNow(session)
    })
    this.#state = 'working'
    await this.#recover()
    this.#stopListening = database.onOutsideChange(() => {
      this.#noticeOutside().catch((error) => this.#readFailed(error))
      this.nudge()
    })
    this.#beatLater()
    await this.tick()
  }

  /** Stops claiming, lets what acts finish (for at most `graceMs`), gives the runs back, and signs off. */
  async stop(graceMs = 10_000): Promise<void> {
    if (this.#state === 'stopped' || this.#state === 'new') return
    this.#state = 'draining'
    this.#cancelDue()
    this.#stopListening()
    await this.#round
    for (const execution of this.#active.values()) execution.drain()
    if (this.#active.size > 0) {
      let cancel = () => {}
      const grace = new Promise<void>((resolve) => {
        cancel = this.#options.edges.clock.after(graceMs, resolve)
      })
      await Promise.race([new Promise<void>((resolve) => this.#whenIdle.push(resolve)), grace])
      cancel()
    }
    this.#state = 'stopped'
    this.#cancelHeartbeat()
    await this.#options.edges.commits.settled()
    await this.#options.database.transaction((session) => removeWorker(session, this.id))
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
    const strays = claims.filter(({ no }) => !this.#active.has(no))
    await database.bulk(
      returnClaims,
      strays.map(({ no, epoch }) => [no, epoch, this.id]),
    )
    this.#mayHoldStrays = false
  }

  async #claimAll(): Promise<void> {
    for (;;) {
      const room = this.#options.capacity - this.#active.size
      this.#backlog = room <= 0
      if (room <= 0 || this.#state !== 'working') return
      const claimed = await this.#options.database.transaction((session) => this.#claim(session, room))
      const journals = await this.#load(claimed)
      for (const run of claimed) await this.#adoptOrSetAside(run, journals.get(run.no))
      if (claimed.length === 0) return
    }
  }

  async #claim(session: Parameters<typeof claimFrom>[0], room: number): Promise<RunRow[]> {
    this.#claimedAt = await storeNow(session)
    await wakeDue(session)
    const queues = await listQueues(session)
    this.#queues = new Map(queues.map((queue) => [queue.name, queue]))
    this.#limited = queues.some(isLimited)
    const claimed: RunRow[] = []
    for (const queue of queues) {
      if (claimed.length >= room) break
      const drivesSuspect = claimed.some(isSuspect) || this.#probation()
      const request = { worker: this.id, limit: Math.min(room - claimed.length, 200), drivesSuspect }
      claimed.push(...(await claimFrom(session, queue, request)))
    }
    return claimed
  }

  /** Whether a suspect is held that has not yet shown, by not ending this process, that it may have company. */
  #probation(): boolean {
    if (this.#options.edges.clock.now() >= this.#probationEnds) return false
    return [...this.#active.values()].some((execution) => isSuspect(execution.claim))
  }

  #beginProbation(): void {
    const { clock } = this.#options.edges
    this.#probationEnds = clock.now() + probationMs
    clock.after(probationMs, () => this.nudge())
  }

  async #sleepUntilDue(): Promise<void> {
    this.#cancelDue()
    if (this.#state !== 'working') return
    const { database, edges } = this.#options
    const due = await nextDue(database, this.#claimedAt)
    const window = await nextRateWindow(database, this.#claimedAt)
    const next = Math.min(due ?? Number.POSITIVE_INFINITY, window ?? Number.POSITIVE_INFINITY)
    this.#dueAt = next
    if (next === Number.POSITIVE_INFINITY) return
    this.#cancelDue = edges.clock.after(Math.max(next - edges.clock.now(), 1), () => this.nudge())
  }

  /** What this round claimed may be known to the database only: the next one gives it back first. */
  #roundFailed(error: unknown): void {
    this.#mayHoldStrays = true
    this.#options.edges.log.error('a claim round failed; it is tried again', { error: String(error) })
    this.#cancelDue = this.#options.edges.clock.after(1000, () => this.nudge())
  }

  /** What was missed is found when the database is looked at again. */
  #readFailed(error: unknown): void {
    this.#options.edges.log.warn('the database could not be read; it is tried again', {
      error: String(error),
    })
  }

  // ---- runs

  /** Whether a run could be driven here from birth, without waiting in a queue. */
  canAdopt(birth: Birth): boolean {
    const queue = this.#queues.get(birth.run.queue)
    return (
      this.#state === 'working' &&
      queue !== undefined &&
      !queue.paused &&
      !isLimited(queue) &&
      birth.run.available_at <= birth.run.created_at &&
      this.#active.size < this.#options.capacity
    )
  }

  /** Drives a run from its birth: born, claimed and begun in one commit. */
  adoptNewborn(birth: Birth, onBorn: (isNew: boolean) => void): void {
    const { run } = birth
    run.status = 'running'
    run.worker = this.id
    run.epoch = 1
    const claim: Claim = {
      no: run.no,
      id: run.id,
      epoch: 1,
      parent: null,
      createdAt: run.created_at,
      crashes: 0,
      inbox: 0,
      costNanousd: 0,
    }
    const execution = this.#begin(claim, run.workflow, run.version, undefined, [])
    execution.born(run, birth.payload, onBorn)
    execution.start(this.#options.contextFor(execution), birth.input)
  }

  #begin(
    claim: Claim,
    workflow: string,
    version: string,
    history: History | undefined,
    inbox: ConstructorParameters<typeof Execution>[0]['inbox'],
  ): Execution {
    const execution = new Execution({
      claim,
      workflow: this.#options.workflows.find(workflow, version)!,
      edges: this.#options.edges,
      history,
      inbox,
      onEnd: (ending) => this.#ended(claim, workflow, ending),
      onRefused: (error) => void this.#setRefusedAside(claim, error),
    })
    this.#active.set(claim.no, execution)
    this.#activeIds.add(claim.id)
    return execution
  }

  /** Of all that were claimed at once. If that fails, each is loaded by itself, and the one to blame is set aside. */
  async #load(claimed: RunRow[]): Promise<Map<number, LoadedRun>> {
    if (claimed.length < 2) return new Map()
    try {
      return await loadRuns(this.#options.database, claimed)
    } catch (error) {
      if (this.#options.database.classify(error) === 'retry') throw error
      return new Map()
    }
  }

  /** A run that cannot be loaded must not take those claimed with it. */
  async #adoptOrSetAside(run: RunRow, loaded: LoadedRun | undefined): Promise<void> {
    try {
      await this.#adopt(run, loaded)
    } catch (error) {
      if (this.#options.database.classify(error) === 'retry') throw error
      const reason = `The run cannot be loaded: ${messageOf(error)}. Check its journal with: reeve audit verify ${run.id}`
      await markStuck(this.#options.database, this.#options.edges, run, reason)
      this.#options.onSetAside(run.id)
    }
  }

  async #adopt(run: RunRow, loaded: LoadedRun | undefined): Promise<void> {
    const { database, workflows } = this.#options
    const by = run.cancelled_by
    if (by !== null) {
      await database.transaction((session) => cancelOutside(session, this.#options.edges, run, by))
      if (run.parent !== null) this.#options.edges.arrived(run.parent)
      this.#options.onSetAside(run.id)
      return
    }
    if (!workflows.find(run.workflow, run.version)) return this.#cannotDrive(run)
    const { events, inbox } = loaded ?? (await loadRun(database, run))
    const history = readHistory(events)
    const claim: Claim = {
      no: run.no,
      id: run.id,
      epoch: run.epoch,
      parent: run.parent,
      createdAt: run.created_at,
      crashes: run.crashes,
      inbox: run.inbox,
      costNanousd: run.cost_nanousd,
    }
    if (isSuspect(claim)) this.#beginProbation()
    const execution = this.#begin(claim, run.workflow, run.version, history, inbox)
    try {
      const input = parse(execution.workflow.input, inputOf(history.input.payload), 'The kept input')
      execution.start(this.#options.contextFor(execution), input)
    } catch (error) {
      execution.stick(`The input that the run was started with no longer fits: ${(error as Error).message}`)
    }
  }

  /** A run of a workflow or version that this project does not have: another worker may, else a person must look. */
  async #cannotDrive(run: RunRow): Promise<void> {
    const { database, workflows } = this.#options
    const others = (await liveWorkers(database)).filter((worker) => worker.id !== this.id)
    if (others.length > 0) {
      await database.run(
        `update runs set status = 'queued', worker = null, available_at = reeve_now() + 5000 where no = ? and epoch = ?`,
        [run.no, run.epoch],
      )
      return
    }
    const known = workflows.names().includes(run.workflow)
    const reason = known
      ? `This run is pinned to version ${run.version} of workflow "${run.workflow}", which the project no longer has. Bring that version back beside the new one, then: reeve retry ${run.id}`
      : `The project has no workflow "${run.workflow}". Bring its file back, then: reeve retry ${run.id}`
    await markStuck(database, this.#options.edges, run, reason)
    this.#options.onSetAside(run.id)
  }

  #ended(claim: Claim, workflow: string, ending: Ending): void {
    // It may have been lost, queued and claimed anew by this very worker.
    if (this.#active.get(claim.no)?.claim === claim) {
      this.#active.delete(claim.no)
      this.#activeIds.delete(claim.id)
    }
    this.#options.onEnd({ no: claim.no, id: claim.id, workflow }, ending)
    if (this.#active.size === 0) for (const resolve of this.#whenIdle.splice(0)) resolve()
    const mayFree = this.#backlog || this.#limited || isSuspect(claim)
    if (ending.status === 'waiting' || ending.status === 'queued' || mayFree) this.nudge()
  }

  /** Nothing would ever take up a run that this living worker holds by its row alone. */
  async #setRefusedAside(claim: Claim, error: unknown): Promise<void> {
    const { database, edges } = this.#options
    try {
      const run = await readRunByNo(database, claim.no)
      if (run?.status !== 'running' || run.epoch !== claim.epoch) return
      const reason = `The database refused what the run wrote: ${messageOf(error)}. Check its journal with: reeve audit verify ${claim.id}`
      await markStuck(database, edges, run, reason)
      this.#options.onSetAside(claim.id)
    } catch (cause) {
      edges.log.error('a refused run could not be set aside', { run: claim.id, error: String(cause) })
    }
  }

  /** Something came into a run's inbox, or somebody wants it paused or cancelled. */
  async arrived(no: number): Promise<void> {
    const execution = this.#active.get(no)
    if (!execution) {
      this.nudge()
      return
    }
    const { database } = this.#options
    const run = await readRunByNo(database, no)
    if (!run || run.epoch !== execution.claim.epoch) return
    if (run.cancelled_by !== null) execution.cancel(run.cancelled_by)
    else if (run.paused) execution.drain()
    execution.receive(await readInbox(database, no), run.inbox)
  }

  async #noticeOutside(): Promise<void> {
    const rows = await this.#options.database.all<{ no: number; inbox: number }>(
      `select no, inbox from runs where status = 'running' and worker = ?`,
      [this.id],
    )
    for (const row of rows) {
      const execution = this.#active.get(row.no)
      if (execution && row.inbox > execution.claim.inbox) await this.arrived(row.no)
    }
  }

  // ---- liveness

  #beatLater(): void {
    if (this.#state === 'stopped') return
    const { clock, random } = this.#options.edges
    // Spread, so that workers that started together do not all recover at one moment.
    this.#cancelHeartbeat = clock.after(heartbeatMs * (0.75 + random() / 2), () => {
      if (this.#state === 'stopped') return
      this.#beat()
        .catch((error) => this.#options.edges.log.error('a heartbeat failed', { error: String(error) }))
        .finally(() => this.#beatLater())
    })
  }

  async #beat(): Promise<void> {
    const { database } = this.#options
    await database.transaction(async (session) => {
      const alive = await heartbeat(session, this.id)
      // One that leaves is not to come back.
      if (!alive && this.#state === 'working') await registerWorker(session, this.id)
      this.#noteBeat(alive, await storeNow(session))
    })
    // While it drains it only shows that it lives: what acts still may take longer than the lease.
    if (this.#state !== 'working') return
    await this.#recover()
    const { next, woken } = await reconcileWakes(database, this.#reconciled)
    this.#reconciled = next
    // Or the clock was set forward, or the machine slept: the timer for what is due now would call much later.
    if (woken > 0 || this.#options.edges.clock.now() >= this.#dueAt) this.nudge()
  }

  /** A clock of the store that was set is a gap too: it makes everybody's last heartbeat look old, or yet to come. */
  #noteBeat(alive: boolean, now: number): void {
    if (!alive || Math.abs(now - this.#beatAt) > gapMs) this.#steadySince = now
    this.#beatAt = now
  }

  /** Takes back the runs of dead workers; a run that keeps killing its worker becomes `stuck`. */
  async #recover(): Promise<void> {
    const { database, edges, maxCrashes } = this.#options
    const orphans = await database.transaction(async (session) => {
      await removeDeadWorkers(session, (await storeNow(session)) - this.#steadySince)
      await ensureQueue(session, 'default')
      return recoverOrphans(session)
    })
    for (const run of orphans) {
      if (run.crashes < maxCrashes) continue
      const reason = `The process died ${run.crashes} times while driving this run, without progress between. Look at its last step, then: reeve retry ${run.id}`
      await markStuck(database, edges, run, reason)
      this.#options.onSetAside(run.id)
    }
    if (orphans.length > 0) this.nudge()
  }
}
