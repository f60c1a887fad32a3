import { messageOf } from '../../base/errors.ts'
import type { Database } from '../../store/database.ts'
import { suspectCrashes } from '../../store/dispatch/claims.ts'
import { longJournal } from '../../store/journal/journal-size.ts'
import { readInbox } from '../../store/runs/inbox.ts'
import { type RunRow, readRunByNo } from '../../store/runs/runs.ts'
import type { CoreContext } from '../context.ts'
import type { Claim, Ending } from '../execution/call.ts'
import { Execution, type OnBorn } from '../execution/execution.ts'
import type { History } from '../execution/history.ts'
import { cancelOutside, markStuck } from '../outside/outside.ts'
import type { EngineServices } from '../services.ts'
import type { Birth } from '../starting/birth.ts'
import { inputFrom } from '../starting/run-input.ts'
import type { WorkflowRegistry } from '../workflow.ts'
import { type Loaded, loadItems, loadRun, loadRuns } from './loading.ts'
import { type KeptRunsLimits, ParkedRuns } from './parked-runs.ts'
import { SilentRuns } from './silent-runs.ts'

export interface HeldRunsOptions {
  worker: string
  database: Database
  services: EngineServices
  workflows: WorkflowRegistry
  /** Makes the `ctx` that workflows get. */
  contextFor: (execution: Execution) => CoreContext
  /** A run is no longer held. */
  onEnd: (claim: Claim, workflow: string, ending: Ending) => void
  /** A run was set aside without being driven. */
  onSetAside: (runId: string) => void
  keeps: KeptRunsLimits
}

export function isSuspect(run: { crashes: number }): boolean {
  return run.crashes >= suspectCrashes
}

function historyBytesOf({ journal_bytes }: RunRow): number {
  return journal_bytes < longJournal ? 0 : journal_bytes
}

/** Of the journals that are loaded at once, roughly: others get their turn between. */
const batchBytes = 1024 * 1024

/** Runs that are loaded together; one with a long journal is loaded by itself. */
function inBatches(claimed: RunRow[]): RunRow[][] {
  const batches: RunRow[][] = []
  let short: RunRow[] = []
  let bytes = 0
  for (const run of claimed) {
    if (run.journal_bytes >= longJournal) {
      batches.push([run])
      continue
    }
    if (short.length === 0 || bytes + run.journal_bytes > batchBytes) {
      short = []
      bytes = 0
      batches.push(short)
    }
    short.push(run)
    bytes += run.journal_bytes
  }
  return batches
}

/** The runs that a worker has claimed and drives, from loading to giving back. */
export class HeldRuns {
  readonly #options: HeldRunsOptions
  readonly #active = new Map<number, Execution>()
  readonly #activeIds = new Set<string>()
  /** By run: the look at its inbox that is under way, and the one that follows it. */
  readonly #looks = new Map<number, Promise<void>>()
  readonly #nextLooks = new Map<number, Promise<void>>()
  readonly #silent: SilentRuns
  readonly #parked: ParkedRuns
  #isDraining = false
  #historyBytes = 0
  #whenNone: (() => void)[] = []

  constructor(options: HeldRunsOptions) {
    this.#options = options
    this.#silent = new SilentRuns(options)
    this.#parked = new ParkedRuns(options.services, options.keeps)
  }

  get size(): number {
    return this.#active.size
  }

  /** What the long histories among them take in memory, roughly. */
  get historyBytes(): number {
    return this.#historyBytes
  }

  has(no: number): boolean {
    return this.#active.has(no)
  }

  hasId(runId: string): boolean {
    return this.#activeIds.has(runId)
  }

  get someSuspect(): boolean {
    return [...this.#active.values()].some((execution) => isSuspect(execution.claim))
  }

  /** Lets what acts finish and gives every run back. */
  drain(): void {
    this.#isDraining = true
    this.#parked.clear()
    for (const execution of this.#active.values()) execution.drain()
  }

  /** Gives back what is held yet, whatever acts. */
  abandon(reason: string): void {
    for (const execution of [...this.#active.values()]) execution.abandon(reason)
  }

  /** Resolves when no run is held. */
  none(): Promise<void> {
    if (this.#active.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#whenNone.push(resolve))
  }

  /** Drives a run from its birth: born, claimed and begun in one commit. */
  adoptNewborn(birth: Birth, onBorn: OnBorn): void {
    const { run } = birth
    run.status = 'running'
    run.worker = this.#options.worker
    run.epoch = 1
    const claim: Claim = {
      no: run.no,
      id: run.id,
      epoch: 1,
      parent: null,
      principal: run.principal,
      createdAt: run.created_at,
      crashes: 0,
      inbox: 0,
      historyBytes: 0,
    }
    const execution = this.#begin(claim, run.workflow, run.version, undefined, [])
    execution.born(run, birth.payload, onBorn)
    execution.start(this.#options.contextFor(execution), birth.input)
  }

  /** Drives what was claimed. One that cannot be driven is set aside, and does not take the others with it. */
  async adoptAll(claimed: RunRow[]): Promise<void> {
    const { stretch } = this.#options.services
    for (const together of inBatches(await this.#resume(claimed))) {
      const loaded = await this.#load(together)
      for (const run of together) await this.#adoptOrSetAside(run, loaded.get(run.no))
      await stretch.yield()
    }
  }

  /** Lets those go on that were kept when they parked. Answers the others. */
  async #resume(claimed: RunRow[]): Promise<RunRow[]> {
    if (this.#parked.size === 0) return claimed
    const { workflows, database } = this.#options
    const kept = new Map<RunRow, Execution>()
    for (const run of claimed) {
      const workflow = run.cancelled_by === null ? workflows.find(run.workflow, run.version) : undefined
      const execution = this.#parked.take(run, workflow)
      if (execution) kept.set(run, execution)
    }
    const told = [...kept].filter(([run, { claim }]) => run.inbox > claim.inbox).map(([run]) => run)
    const items = await loadItems(database, told)
    for (const [run, execution] of kept) {
      const { epoch, crashes, inbox } = run
      Object.assign(execution.claim, { epoch, crashes, inbox, historyBytes: historyBytesOf(run) })
      this.#hold(execution)
      execution.resume(items.get(run.no))
    }
    return kept.size === 0 ? claimed : claimed.filter((run) => !kept.has(run))
  }

  /** Of runs that are loaded at once. If that fails, each is loaded by itself, and the one to blame is set aside. */
  async #load(claimed: RunRow[]): Promise<Map<number, Loaded>> {
    if (claimed.length < 2) return new Map()
    try {
      return await loadRuns(this.#options.database, claimed)
    } catch (error) {
      if (this.#options.database.classify(error) === 'retry') throw error
      return new Map()
    }
  }

  /** A run that cannot be loaded must not take those claimed with it. */
  async #adoptOrSetAside(run: RunRow, loaded: Loaded | undefined): Promise<void> {
    try {
      await this.#adopt(run, loaded)
    } catch (error) {
      if (this.#options.database.classify(error) === 'retry') throw error
      const reason = `The run cannot be loaded: ${messageOf(error)}. Check its journal with: reeve audit verify ${run.id}`
      await markStuck(this.#options.database, this.#options.services, run, reason)
      this.#options.onSetAside(run.id)
    }
  }

  async #adopt(run: RunRow, loaded: Loaded | undefined): Promise<void> {
    const { database, services } = this.#options
    const by = run.cancelled_by
    if (by !== null) {
      await database.transaction((session) => cancelOutside(session, this.#options.services, run, by))
      if (run.parent !== null) this.#options.services.arrived(run.parent)
      this.#options.services.childrenLeft()
      this.#options.onSetAside(run.id)
      return
    }
    if (loaded && 'fault' in loaded) throw loaded.fault
    const { history, inbox } = loaded ?? (await loadRun(database, run, services.stretch))
    const claim: Claim = {
      no: run.no,
      id: run.id,
      epoch: run.epoch,
      parent: run.parent,
      principal: run.principal,
      createdAt: run.created_at,
      crashes: run.crashes,
      inbox: run.inbox,
      historyBytes: historyBytesOf(run),
    }
    const execution = this.#begin(claim, run.workflow, run.version, history, inbox)
    try {
      const input = inputFrom(execution.workflow, history.input.payload)
      execution.start(this.#options.contextFor(execution), input)
    } catch (error) {
      execution.stick(`The input that the run was started with no longer fits: ${(error as Error).message}`)
    }
  }

  /** Nothing would ever take up a run that this living worker holds by its row alone. */
  async #setRefusedAside(claim: Claim, error: unknown): Promise<void> {
    const { database, services } = this.#options
    try {
      const run = await readRunByNo(database, claim.no)
      if (run?.status !== 'running' || run.epoch !== claim.epoch) return
      const reason = `The database refused what the run wrote: ${messageOf(error)}. Check its journal with: reeve audit verify ${claim.id}`
      await markStuck(database, services, run, reason)
      this.#options.onSetAside(claim.id)
    } catch (cause) {
      services.log.error('a refused run could not be set aside', { run: claim.id, error: String(cause) })
    }
  }

  /**
   * Something came into a run's inbox, or somebody wants it paused or cancelled. Answers false when it is not held.
   * One look at a time: whoever comes during one shares the next, for the one under way may have begun too early.
   */
  async arrived(no: number): Promise<boolean> {
    if (!this.#active.has(no)) return false
    const next = this.#nextLooks.get(no) ?? this.#lookAfter(no, this.#looks.get(no))
    this.#nextLooks.set(no, next)
    await next
    return true
  }

  async #lookAfter(no: number, current: Promise<void> | undefined): Promise<void> {
    await current?.catch(() => {})
    this.#nextLooks.delete(no)
    const look = this.#look(no)
    this.#looks.set(no, look)
    try {
      await look
    } finally {
      if (this.#looks.get(no) === look) this.#looks.delete(no)
    }
  }

  async #look(no: number): Promise<void> {
    const execution = this.#active.get(no)
    if (!execution) return
    const { database } = this.#options
    // One that parked meanwhile is nobody's: its next claim sees what came.
    const isHeld = () => this.#active.get(no) === execution
    const run = await readRunByNo(database, no)
    if (!isHeld() || run?.epoch !== execution.claim.epoch) return
    if (run.cancelled_by !== null) execution.cancel(run.cancelled_by)
    else if (run.paused) execution.drain()
    const items = await readInbox(database, no, execution.inbox.lastId)
    if (isHeld()) execution.receive(items, run.inbox)
  }

  /** Looks whether another process put something into a held run's inbox. */
  async noticeOutside(): Promise<void> {
    const rows = await this.#options.database.all<{ no: number; inbox: number }>(
      `select no, inbox from runs where status = 'running' and worker = ?`,
      [this.#options.worker],
    )
    for (const row of rows) {
      const execution = this.#active.get(row.no)
      if (execution && row.inbox > execution.claim.inbox) await this.arrived(row.no)
    }
  }

  /** Lets parked runs go that were kept too long. */
  sweep(): void {
    this.#parked.sweep()
  }

  /** Says on the rows of runs that have been silent for a while what they are at. */
  async noticeSilent(): Promise<void> {
    await this.#silent.notice(this.#active.values())
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
      services: this.#options.services,
      history,
      inbox,
      onEnd: (ending) => this.#ended(claim, workflow, ending),
      onRefused: (error) => void this.#setRefusedAside(claim, error),
    })
    this.#hold(execution)
    return execution
  }

  #hold(execution: Execution): void {
    this.#active.set(execution.claim.no, execution)
    this.#historyBytes += execution.claim.historyBytes
    this.#activeIds.add(execution.claim.id)
  }

  #ended(claim: Claim, workflow: string, ending: Ending): void {
    // It may have been lost, queued and claimed anew by this very worker.
    const execution = this.#active.get(claim.no)
    if (execution?.claim === claim) {
      this.#active.delete(claim.no)
      this.#historyBytes -= claim.historyBytes
      this.#activeIds.delete(claim.id)
      if (execution.isParked) this.#isDraining ? execution.drop() : this.#parked.keep(execution)
    }
    this.#options.onEnd(claim, workflow, ending)
    if (this.#active.size === 0) for (const resolve of this.#whenNone.splice(0)) resolve()
  }
}
