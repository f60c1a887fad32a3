import { getHeapStatistics } from 'node:v8'
import { messageOf, ReeveError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { wholeNumber } from '../base/numbers.ts'
import { Secrets } from '../base/secrets/secrets.ts'
import { LoopStretch } from '../base/time/loop-stretch.ts'
import { type Clock, toMs } from '../base/time/time.ts'
import type { Database } from '../store/database.ts'
import { readLanes } from '../store/dispatch/lanes.ts'
import type { LeaseKeeper } from '../store/dispatch/lease-keeper.ts'
import { setQueuePaused } from '../store/dispatch/queues.ts'
import { drivenVersions, versionName } from '../store/dispatch/workers.ts'
import { GroupCommit } from '../store/journal/group-commit.ts'
import { RunNumbers } from '../store/numbers.ts'
import { CallRates } from './calls/call-rates.ts'
import { CoreContext } from './context.ts'
import type { Ending } from './execution/call.ts'
import type { Execution } from './execution/execution.ts'
import type { JsonSchemaCheck } from './outside/approval-edit.ts'
import { Control } from './outside/control.ts'
import { type RunResult, RunResults } from './results.ts'
import type { EngineServices } from './services.ts'
import { type Birth, prepareBirth, type StartOptions } from './starting/birth.ts'
import { enqueue, enqueueDebounced } from './starting/enqueue.ts'
import { startedBefore } from './starting/same-start.ts'
import { runDueSchedules } from './starting/schedule.ts'
import { LeftChildren } from './worker/left-children.ts'
import { Worker } from './worker/worker.ts'
import { type Workflow, WorkflowRegistry } from './workflow.ts'

/** Of the heap, what the journals of kept runs may come to: in memory they take several times that. */
const keptPart = 1 / 16
/** And the histories of the runs that are driven. */
const heldPart = 1 / 8

/** So long replays may go on before others get their turn (ms): well below what a timer or a request would notice. */
const replayStretchMs = 10

export interface EngineOptions {
  database: Database
  clock: Clock
  log: Log
  newId: () => string
  random: () => number
  identity: string
  /** What must not reach a journal. Default: what the database knows of. */
  secrets?: Secrets
  /** Default: an empty registry, filled before `start`. */
  workflows?: WorkflowRegistry
  /** Makes the `ctx` of a run. Default: the engine's own. */
  contextFor?: (execution: Execution, workflows: WorkflowRegistry) => CoreContext
  /** The most runs held in memory at once. Default 1,000. */
  capacity?: number
  /** Deaths without progress until a run is `stuck`. Default 5. */
  maxCrashes?: number
  /** Keeps the worker's lease while its event loop is blocked. Default: nobody does. */
  lease?: LeaseKeeper | undefined
  /**
   * So many runs that parked are kept in memory for up to ten minutes, if the heap has room: claimed again by this engine
   * they go on without a replay. Default 1,000; 0 replays each wake, as a restart would.
   */
  keptRuns?: number
  /** A run is kept only if its journal has so many events: to replay less costs less than to keep it. Default 50. */
  keptEvents?: number
  /**
   * What the histories of the runs that are driven at one time may come to (bytes); a run with a larger one is driven
   * beside none that is long. Default: an eighth of the heap.
   */
  historyBytes?: number
  /** A run whose next timer is due within this time (ms) stays in memory. Default 1,000. */
  lingerMs?: number
  /** Checks edits against the schemas of their tools as they are decided. Default: only when the run goes on. */
  checkJsonSchema?: JsonSchemaCheck
  /** The process can no longer tell what is on disk and must end. */
  onFatal: (error: unknown) => void
}

export interface RunHandle<Output = unknown> {
  readonly id: string
  /** False when a run with this idempotency key was there already. */
  readonly isNew: boolean
  /** Resolves when the run ended or is stuck, in whichever process. */
  result(): Promise<RunResult<Output>>
}

/** The engine on one database: starts, drives and controls runs. */
export class Engine {
  readonly workflows: WorkflowRegistry
  readonly database: Database
  readonly services: EngineServices
  readonly control: Control
  readonly worker: Worker
  readonly #leftChildren: LeftChildren
  readonly #results: RunResults
  readonly #checkJsonSchema: JsonSchemaCheck | undefined
  readonly #observers = new Set<(run: { id: string; workflow: string }, ending: Ending) => void>()
  #stopListening = () => {}

  constructor(options: EngineOptions) {
    this.workflows = options.workflows ?? new WorkflowRegistry()
    this.database = options.database
    const onTrouble = (error: unknown) =>
      options.log.error('the database cannot write now; nothing is acknowledged until it can', {
        error: String(error),
      })
    const commits = new GroupCommit({
      database: options.database,
      clock: options.clock,
      onFatal: options.onFatal,
      onTrouble,
    })
    this.services = {
      clock: options.clock,
      commits,
      numbers: new RunNumbers(options.database, onTrouble),
      callRates: new CallRates(options.database, options.clock, options.log),
      newId: options.newId,
      log: options.log,
      secrets: options.secrets ?? options.database.secrets ?? new Secrets(),
      identity: options.identity,
      random: options.random,
      stretch: new LoopStretch(replayStretchMs),
      lingerMs: options.lingerMs ?? 1000,
      surelyHolds: (claim) => this.worker.surelyHolds(claim),
      arrived: (no) => this.#arrived(no),
      childrenLeft: () => void this.#leftChildren.look(),
      queued: () => this.worker.nudge(),
    }
    this.#results = new RunResults({
      database: options.database,
      clock: options.clock,
      log: options.log,
      holds: (id) => this.worker.holds(id),
    })
    this.#leftChildren = new LeftChildren(options.database, this.services, (no) => {
      this.#arrived(no)
      this.#results.look()
    })
    if (options.capacity !== undefined) wholeNumber(options.capacity, '`capacity` of the engine')
    if (options.maxCrashes !== undefined) wholeNumber(options.maxCrashes, '`maxCrashes` of the engine')
    if (options.keptRuns !== undefined)
      wholeNumber(options.keptRuns, '`keptRuns` of the engine', { least: 0 })
    if (options.keptEvents !== undefined)
      wholeNumber(options.keptEvents, '`keptEvents` of the engine', { least: 0 })
    if (options.lingerMs !== undefined) toMs(options.lingerMs, '`lingerMs` of the engine')
    const makeContext =
      options.contextFor ?? ((execution, workflows) => new CoreContext(execution, workflows))
    this.worker = new Worker({
      id: options.newId(),
      database: options.database,
      services: this.services,
      workflows: this.workflows,
      contextFor: (execution) => makeContext(execution, this.workflows),
      capacity: options.capacity ?? 1000,
      historyBytes: options.historyBytes ?? getHeapStatistics().heap_size_limit * heldPart,
      keeps: {
        mostRuns: options.keptRuns ?? 1000,
        leastEvents: options.keptEvents ?? 50,
        mostBytes: getHeapStatistics().heap_size_limit * keptPart,
      },
      maxCrashes: options.maxCrashes ?? 5,
      lease: options.lease,
      onEnd: (run, ending) => this.#ended(run, ending),
      onSetAside: (id) => void this.#results.lookAt(id),
      onBeat: () => void this.#leftChildren.look(),
      onRound: async () => {
        const isMore = await runDueSchedules(options.database, this.services, this.workflows)
        if (isMore) this.worker.nudge()
      },
    })
    this.#checkJsonSchema = options.checkJsonSchema
    this.control = this.controlOn(options.database)
  }

  /**
   * The control of runs through another view of the engine's database, such as one that commits something beside each
   * change. `newId` names what it makes. Default: as the engine does.
   */
  controlOn(database: Database, newId = this.services.newId): Control {
    const onArrived = (no: number) => {
      this.#arrived(no)
      this.#results.look()
    }
    return new Control(database, { ...this.services, newId }, onArrived, this.#checkJsonSchema)
  }

  /** Begins to claim and drive runs in this process. */
  async start(): Promise<void> {
    this.#listen()
    await this.worker.start()
  }

  /**
   * Gives every run back; what acts may finish for at most `graceMs` (default 10,000). What acts longer is left to itself,
   * and its run goes on elsewhere without a death being counted.
   * @throws `stop-unfinished` when the database did not take that in time
   */
  async stop(graceMs?: number): Promise<void> {
    this.#stopListening()
    await this.worker.stop(graceMs)
    await this.#leftChildren.settled()
    await this.services.commits.settled()
  }

  /** Of an engine that stops: what acts now is not waited for any longer. */
  hurry(): void {
    this.worker.hurry()
  }

  /** Whether nothing runs or could run now: every run has ended, waits, is stuck, or waits for a worker that has it. */
  async isQuiet(): Promise<boolean> {
    if (this.worker.active > 0) return false
    const row = await this.database.get<{ no: number }>(
      `select no from runs where status = 'running'
       union all select no from runs where key_line = 2 and status <> 'running'
       union all select no from runs where status = 'queued' and available_at > reeve_now() and paused = 0 limit 1`,
    )
    if (row) return false
    const driven = await drivenVersions(this.database)
    const lanes = await readLanes(this.database)
    return !lanes.some(
      ({ workflow, version }) =>
        this.workflows.find(workflow, version) || driven?.has(versionName(workflow, version)),
    )
  }

  /** Called with every run that this process drove to an end, to waiting, or lost. Returns the way to stop. */
  onEnded(observer: (run: { id: string; workflow: string }, ending: Ending) => void): () => void {
    this.#observers.add(observer)
    return () => this.#observers.delete(observer)
  }

  /** Lets no run of a queue begin or go on; what acts is finished. Answers false for an unknown queue. */
  async setQueuePaused(name: string, isPaused: boolean): Promise<boolean> {
    const isKnown = await setQueuePaused(this.database, name, isPaused)
    if (isKnown) this.worker.queuePaused(name, isPaused)
    return isKnown
  }

  /**
   * Starts a run; resolves when its start is durable.
   * @throws `unknown-workflow` `invalid-input` `payload-too-large` `not-serialisable` `idempotency-conflict`
   *   `reserved-key` `bad-start` `bad-text` `bad-number` `bad-duration`, `start-refused` when the database would not take
   *   it: nothing of it is there
   */
  async startRun<Input, Output>(
    workflow: Workflow<Input, Output> | string,
    input: Input,
    options: StartOptions = {},
  ): Promise<RunHandle<Output>> {
    const known = this.workflows.current(typeof workflow === 'string' ? workflow : workflow.name)
    for (;;) {
      // Read before anything is waited for: the input is the caller's, who may change it.
      const birth = prepareBirth(this.services, known, input, options, 0)
      const taken = this.services.numbers.take()
      birth.run.no = typeof taken === 'number' ? taken : await taken
      if (options.debounce) return this.#startDebounced(birth)
      if (await this.#bear(birth)) return this.#handle(birth.run.id, true)
      const before = await startedBefore(this.database, birth, input, options)
      // Undefined: it was there, and was pruned since.
      if (before !== undefined) return this.#handle(before, false)
    }
  }

  async #startDebounced<Output>(birth: Birth): Promise<RunHandle<Output>> {
    const stands = await this.#orRefused(birth, () =>
      this.database.transaction((session) => enqueueDebounced(session, this.services, birth)),
    )
    this.worker.nudge()
    return this.#handle(stands.id, stands.isNew)
  }

  /** Brings a run into the world, here or in its queue. Answers false when its idempotency key is taken. */
  async #bear(birth: Birth): Promise<boolean> {
    if (this.worker.canAdopt(birth)) {
      return new Promise((resolve, reject) =>
        this.worker.adoptNewborn(birth, {
          born: resolve,
          refused: (cause) => reject(startRefused(birth, cause)),
        }),
      )
    }
    const isNew = await this.#orRefused(birth, () =>
      this.database.transaction((session) => enqueue(session, birth)),
    )
    if (isNew) this.worker.nudge()
    return isNew
  }

  async #orRefused<T>(birth: Birth, write: () => Promise<T>): Promise<T> {
    try {
      return await write()
    } catch (error) {
      throw this.database.classify(error) === 'constraint' ? startRefused(birth, error) : error
    }
  }

  /** A handle on a run that is there. */
  #handle<Output>(id: string, isNew: boolean): RunHandle<Output> {
    return { id, isNew, result: () => this.resultOf(id) as Promise<RunResult<Output>> }
  }

  /** Waits for a run's end. @throws `unknown-run` */
  resultOf(id: string): Promise<RunResult> {
    return this.#results.of(id)
  }

  #ended(run: { no: number; id: string; workflow: string }, ending: Ending): void {
    for (const observer of this.#observers) observer(run, ending)
    this.#results.ended(run.id, ending)
  }

  #arrived(no: number): void {
    this.worker.arrived(no).catch((error) => {
      this.services.log.error(
        'a run could not be told what arrived; it will see it when it is next claimed',
        {
          error: String(error),
        },
      )
    })
  }

  #listen(): void {
    this.#stopListening = this.database.onOutsideChange((change) => {
      if (change === 'unannounced') this.#results.lookAtSome()
      else if (change !== 'work') this.#results.look()
    })
  }
}

function startRefused({ run }: Birth, cause: unknown): ReeveError {
  return new ReeveError(
    'start-refused',
    `The run of workflow "${run.workflow}" was not started: the database refused it (${messageOf(cause)}). Nothing of it was written.`,
    { cause },
  )
}
