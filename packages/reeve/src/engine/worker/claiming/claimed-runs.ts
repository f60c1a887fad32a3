import { messageOf } from '../../../base/errors.ts'
import type { Database } from '../../../store/database.ts'
import { longJournal } from '../../../store/journal/journal-size.ts'
import { RunMarks } from '../../../store/marks/run-marks.ts'
import { type RunRow, readRunByNo } from '../../../store/runs/runs.ts'
import type { CallSite } from '../../call-site.ts'
import type { CoreContext } from '../../context.ts'
import type { Claim, Ending } from '../../execution/claim.ts'
import type { OnStarted } from '../../execution/commit-source.ts'
import type { RunDriver } from '../../execution/driven.ts'
import { Execution } from '../../execution/execution.ts'
import { cancelOutside, markStuck } from '../../outside/unheld-runs.ts'
import type { EngineServices } from '../../services.ts'
import type { PreparedStart } from '../../starting/prepared-start.ts'
import { inputFrom } from '../../starting/run-input.ts'
import { senderIn } from '../../starting/sender.ts'
import type { Workflow, WorkflowRegistry } from '../../workflow.ts'
import type { LocalRuns } from '../local-runs.ts'
import { type KeptRunsLimits, ParkedRuns } from '../parked-runs.ts'
import { inBatches, type Loaded, type LoadedRun, loadItems, loadRun, loadRuns } from './loading.ts'

export interface ClaimedRunsOptions {
  /** The worker's. */
  id: string
  database: Database
  services: EngineServices
  workflows: WorkflowRegistry
  /** Filled with what is driven. */
  runs: LocalRuns
  /** Makes the `ctx` that workflows get. */
  contextFor: (site: CallSite) => CoreContext
  keeps: KeptRunsLimits
}

function historyBytesOf({ journal_bytes }: RunRow): number {
  return journal_bytes < longJournal ? 0 : journal_bytes
}

/**
 * Drives the runs that a worker has claimed:
 *
 *   claimed → loaded → driven → given back
 *         ↘ (kept since it parked) ↗    ↘ parked and kept
 *         ↘ set aside: it was cancelled, it cannot be loaded, or the database refuses what it writes
 */
export class ClaimedRuns implements RunDriver {
  readonly #options: ClaimedRunsOptions
  readonly #parked: ParkedRuns
  #isDraining = false

  constructor(options: ClaimedRunsOptions) {
    this.#options = options
    this.#parked = new ParkedRuns(options.services, options.keeps)
  }

  /** Lets what acts finish and gives every run back. */
  drain(): void {
    this.#isDraining = true
    this.#parked.clear()
    for (const execution of this.#options.runs.all()) execution.drain()
  }

  /** Gives back what is driven yet, whatever acts. */
  abandon(reason: string): void {
    for (const execution of [...this.#options.runs.all()]) execution.abandon(reason)
  }

  /** Lets parked runs go that were kept too long. */
  sweep(): void {
    this.#parked.sweep()
  }

  /** Drives a run from its start on: started, claimed and begun in one commit. */
  driveNew({ run, payload, input, origin, rows, marks }: PreparedStart, onStarted: OnStarted): void {
    run.status = 'running'
    run.worker = this.#options.id
    run.epoch = 1
    const { no, id, principal, created_at: createdAt } = run
    const own = {
      no,
      id,
      epoch: 1,
      parent: null,
      principal,
      origin,
      sender: senderIn(input),
      createdAt,
      crashes: 0,
      inbox: 0,
      historyBytes: 0,
    }
    const execution = this.#execution(own, run, { marks })
    execution.startRun(run, payload, rows, onStarted)
    execution.begin(this.#options.contextFor(execution.site), input)
  }

  /** Drives what was claimed. One that cannot be driven is set aside, and does not take the others with it. */
  async driveAll(claimed: RunRow[]): Promise<void> {
    const { stretch } = this.#options.services
    for (const together of inBatches(await this.#resume(claimed))) {
      const loaded = await this.#load(together)
      for (const run of together) await this.#driveOrSetAside(run, loaded.get(run.no))
      await stretch.yield()
    }
  }

  /** Lets those go on that were kept when they parked. Answers the others. */
  async #resume(claimed: RunRow[]): Promise<RunRow[]> {
    if (this.#parked.size === 0) return claimed
    const { workflows, database, runs } = this.#options
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
      runs.add(execution)
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

  async #driveOrSetAside(run: RunRow, loaded: Loaded | undefined): Promise<void> {
    const { database, services } = this.#options
    try {
      await this.#drive(run, loaded)
    } catch (error) {
      if (database.classify(error) === 'retry') throw error
      const reason = `The run cannot be loaded: ${messageOf(error)}. Check its journal with: reeve audit verify ${run.id}`
      await markStuck(database, services, run, reason)
      services.notices.tell('run-set-aside', run.id)
    }
  }

  async #drive(run: RunRow, loaded: Loaded | undefined): Promise<void> {
    const { database, services } = this.#options
    if (run.cancelled_by !== null) return this.#cancel(run, run.cancelled_by)
    if (loaded && 'fault' in loaded) throw loaded.fault
    const known = loaded ?? (await loadRun(database, run, services.stretch))
    const execution = this.#execution(claimOf(run), run, known)
    try {
      const input = inputFrom(execution.workflow, known.history.input.payload)
      execution.begin(this.#options.contextFor(execution.site), input)
    } catch (error) {
      execution.markStuck(`The input that the run was started with no longer fits: ${messageOf(error)}`)
    }
  }

  async #cancel(run: RunRow, by: string): Promise<void> {
    const { database, services } = this.#options
    await database.transaction((session) => cancelOutside(session, services, run, by))
    if (run.parent !== null) services.notices.tell('inbox-grew', run.parent)
    services.notices.tell('children-left')
    services.notices.tell('run-set-aside', run.id)
  }

  #execution(claim: Claim, of: Pick<RunRow, 'workflow' | 'version'>, known: Partial<LoadedRun>): Execution {
    const { services, workflows, runs } = this.#options
    const workflow = workflows.find(of.workflow, of.version) as Workflow
    const { history, inbox: items = [], marks = new RunMarks() } = known
    const execution = new Execution({ claim, workflow, services, history, items, marks, driver: this })
    runs.add(execution)
    return execution
  }

  left(claim: Claim, workflow: string, ending: Ending): void {
    // It may have been lost, queued and claimed anew by this very worker.
    const { runs, services } = this.#options
    const execution = runs.get(claim.no)
    if (execution?.claim === claim) {
      runs.remove(execution)
      if (execution.isParked) this.#isDraining ? execution.drop() : this.#parked.keep(execution)
    }
    services.notices.tell('run-left', claim, workflow, ending)
  }

  /** Nothing would ever take up a run that this living worker holds by its row alone. */
  refused(claim: Claim, error: unknown): void {
    void this.#setRefusedAside(claim, error)
  }

  async #setRefusedAside(claim: Claim, error: unknown): Promise<void> {
    const { database, services } = this.#options
    try {
      const run = await readRunByNo(database, claim.no)
      if (run?.status !== 'running' || run.epoch !== claim.epoch) return
      const reason = `The database refused what the run wrote: ${messageOf(error)}. Check its journal with: reeve audit verify ${claim.id}`
      await markStuck(database, services, run, reason)
      services.notices.tell('run-set-aside', claim.id)
    } catch (cause) {
      services.log.error('a refused run could not be marked as stuck', {
        run: claim.id,
        error: String(cause),
      })
    }
  }
}

function claimOf(run: RunRow): Claim {
  return {
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
}
