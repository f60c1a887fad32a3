import { getHeapStatistics } from 'node:v8'
import type { Log } from '../base/log.ts'
import { wholeNumber } from '../base/numbers.ts'
import { Secrets } from '../base/secrets/secrets.ts'
import { LoopStretch } from '../base/time/loop-stretch.ts'
import { type Clock, toMs } from '../base/time/time.ts'
import type { Database } from '../store/database.ts'
import { readLanes } from '../store/dispatch/lanes.ts'
import type { LeaseKeeper } from '../store/dispatch/lease/lease-keeper.ts'
import { setQueuePaused } from '../store/dispatch/queues/queues.ts'
import { drivenVersions, versionName } from '../store/dispatch/workers.ts'
import type { Channel } from '../store/journal/events.ts'
import { GroupCommit } from '../store/journal/group-commit.ts'
import { RunNumbers } from '../store/numbers.ts'
import { isAnyUnderWay, requireRun } from '../store/runs/runs.ts'
import type { CallSite } from './call-site.ts'
import { BusinessKeys } from './calls/effect/keys/business-keys.ts'
import { CallRates } from './calls/effect/rate/call-rates.ts'
import { CoreContext } from './context.ts'
import type { EditJudge, JsonSchemaCheck } from './deciding/edit.ts'
import type { Ending } from './execution/claim.ts'
import { Notices } from './notices.ts'
import { Control } from './outside/control.ts'
import { LeftChildren } from './outside/left-children.ts'
import { type RunHandle, type RunResult, RunResults } from './results.ts'
import { RunRecords } from './run-records.ts'
import type { Bodies, ClaimCheck, EngineServices } from './services.ts'
import { type ForkedInput, forkedInput } from './starting/forked-input.ts'
import type { OwnStart, StartOptions } from './starting/prepared-start.ts'
import { RunStarter } from './starting/run-starter.ts'
import { Liveness } from './worker/liveness.ts'
import { LocalRuns } from './worker/local-runs.ts'
import { Worker } from './worker/worker.ts'
import { type Workflow, WorkflowRegistry } from './workflow.ts'

/** Of the heap, what the journals of kept runs may come to: in memory they take several times that. */
const keptPart = 1 / 16
/** And the histories of the runs that are driven. */
const drivenPart = 1 / 8

/** So long replays may go on before others get their turn (ms): well below what a timer or a request would notice. */
const replayStretchMs = 10

export interface EngineOptions extends Pick<EngineServices, 'vault' | 'substitutes' | 'host' | 'reviews'> {
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
  contextFor?: (site: CallSite, workflows: WorkflowRegistry) => CoreContext
  /** The most runs driven at once. Default 1,000. */
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
  /** Says of edits as they are decided whether they would be denied. Default: only when the run goes on. */
  judgeEdit?: EditJudge
  /** Whether spans are made of what runs do. Default false. */
  isTraced?: boolean
  /** Told from outside of it, too. Default: its own. */
  notices?: Notices
  bodies?: Bodies | undefined
  /** The process can no longer tell what is on disk and must end. */
  onFatal: (error: unknown) => void
}

/** The engine on one database: starts, drives and controls runs. */
export class Engine {
  readonly workflows: WorkflowRegistry
  readonly database: Database
  readonly services: EngineServices
  readonly control: Control
  readonly worker: Worker
  readonly runs = new LocalRuns()
  readonly #leftChildren: LeftChildren
  readonly #results: RunResults
  readonly #starter: RunStarter
  readonly #editing: Pick<EngineOptions, 'checkJsonSchema' | 'judgeEdit'>
  #stopListening = () => {}

  constructor(options: EngineOptions) {
    checkLimits(options)
    const { database, clock, log, newId, random } = options
    const workflows = options.workflows ?? new WorkflowRegistry()
    const id = newId()
    const { lease } = options
    const liveness = new Liveness({ worker: id, database, clock, log, random, workflows, lease })
    this.workflows = workflows
    this.database = database
    this.services = servicesFrom(options, liveness)
    const { services } = this
    const makeContext = options.contextFor ?? ((site, known) => new CoreContext(site, known))
    this.worker = new Worker({
      id,
      database,
      services,
      workflows,
      liveness,
      runs: this.runs,
      contextFor: (site) => makeContext(site, workflows),
      capacity: options.capacity ?? 1000,
      historyBytes: options.historyBytes ?? getHeapStatistics().heap_size_limit * drivenPart,
      keeps: {
        mostRuns: options.keptRuns ?? 1000,
        leastEvents: options.keptEvents ?? 50,
        mostBytes: getHeapStatistics().heap_size_limit * keptPart,
      },
      maxCrashes: options.maxCrashes ?? 5,
    })
    const { notices } = services
    this.#results = new RunResults({ database, clock, log, runs: this.runs, notices })
    this.#leftChildren = new LeftChildren(database, services)
    this.#starter = new RunStarter(database, services, this.worker)
    this.#editing = options
    this.control = this.controlOn(database)
  }

  /**
   * The control of runs through another view of the engine's database, such as one that commits something beside each
   * change. `newId` names what it makes. Default: as the engine does.
   */
  controlOn(database: Database, newId = this.services.newId): Control {
    const { checkJsonSchema, judgeEdit } = this.#editing
    return new Control(database, { ...this.services, newId }, checkJsonSchema, judgeEdit)
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
    if (this.runs.size > 0) return false
    if (await isAnyUnderWay(this.database)) return false
    const driven = await drivenVersions(this.database)
    const lanes = await readLanes(this.database)
    return !lanes.some(
      ({ workflow, version }) =>
        this.workflows.find(workflow, version) || driven?.has(versionName(workflow, version)),
    )
  }

  /** Called with every run that this process drove to an end, to waiting, or lost. Returns the way to stop. */
  onEnded(observer: (run: { id: string; workflow: string }, ending: Ending) => void): () => void {
    return this.services.notices.on('run-left', ({ id }, workflow, ending) =>
      observer({ id, workflow }, ending),
    )
  }

  /** Lets no run of a queue begin or go on; what acts is finished. Answers false for an unknown queue. */
  async setQueuePaused(name: string, isPaused: boolean): Promise<boolean> {
    const isKnown = await setQueuePaused(this.database, name, isPaused)
    if (isKnown) this.worker.queuePaused(name, isPaused)
    return isKnown
  }

  /**
   * Starts a run; resolves when its start is durable. `own`: what the runtime knows of a start that somebody asked for.
   * @throws `unknown-workflow` `invalid-input` `payload-too-large` `not-serialisable` `idempotency-conflict`
   *   `reserved-key` `bad-start` `bad-text` `bad-number` `bad-duration`, `start-refused` when the database would not take
   *   it: nothing of it is there
   */
  async startRun<Input, Output>(
    workflow: Workflow<Input, Output> | string,
    input: Input,
    options: StartOptions = {},
    own?: Pick<OwnStart, 'isCallers'>,
  ): Promise<RunHandle<Output>> {
    const known = this.workflows.current(typeof workflow === 'string' ? workflow : workflow.name)
    const { id, isNew } = await this.#starter.start(known, input, options, own)
    return { id, isNew, result: () => this.resultOf(id) as Promise<RunResult<Output>> }
  }

  /** Starts a run under a key of the runtime's own; one that is there stands for it, whatever its input. @throws as `startRun` */
  startOwn(
    workflow: string,
    input: unknown,
    options: Omit<StartOptions, 'idempotencyKey' | 'debounce' | 'ifKeyExists'>,
    own: OwnStart,
  ): Promise<{ id: string; isNew: boolean }> {
    return this.#starter.start(
      this.workflows.current(workflow),
      input,
      { ...options, ifKeyExists: 'return' },
      own,
    )
  }

  /** The input of a fork, checked as a start's is: for `control.fork`. @throws `unknown-run`, what `forkedInput` throws */
  async forkInput(
    run: string,
    given: unknown,
    by: { principal: string; channel: Channel | undefined },
  ): Promise<ForkedInput> {
    const { workflows, services } = this
    return forkedInput(
      { workflows, secrets: services.secrets },
      await requireRun(this.database, run),
      given,
      by,
    )
  }

  /** Waits for a run's end. @throws `unknown-run` */
  resultOf(id: string): Promise<RunResult> {
    return this.#results.of(id)
  }

  #listen(): void {
    this.#stopListening = this.database.onOutsideChange((change) => {
      if (change === 'unannounced') this.#results.lookAtSome()
      else if (change !== 'work' && change !== 'authority') this.#results.look()
    })
  }
}

/** @throws `bad-number` `bad-duration` */
function checkLimits({ capacity, maxCrashes, keptRuns, keptEvents, lingerMs }: EngineOptions): void {
  if (capacity !== undefined) wholeNumber(capacity, '`capacity` of the engine')
  if (maxCrashes !== undefined) wholeNumber(maxCrashes, '`maxCrashes` of the engine')
  if (keptRuns !== undefined) wholeNumber(keptRuns, '`keptRuns` of the engine', { least: 0 })
  if (keptEvents !== undefined) wholeNumber(keptEvents, '`keptEvents` of the engine', { least: 0 })
  if (lingerMs !== undefined) toMs(lingerMs, '`lingerMs` of the engine')
}

function servicesFrom(options: EngineOptions, claims: ClaimCheck): EngineServices {
  const { database, clock, log, newId, random, identity, onFatal } = options
  const onTrouble = (error: unknown) =>
    log.error('the database cannot write now; nothing is acknowledged until it can', { error: String(error) })
  return {
    clock,
    log,
    newId,
    random,
    identity,
    commits: new GroupCommit({ database, clock, onFatal, onTrouble }),
    numbers: new RunNumbers(database, onTrouble),
    callRates: new CallRates(database, clock, log),
    businessKeys: new BusinessKeys(database, clock, log, newId),
    records: new RunRecords(database, clock, log),
    secrets: options.secrets ?? database.secrets ?? new Secrets(),
    vault: options.vault,
    auditKeys: database.auditKeys,
    stretch: new LoopStretch(replayStretchMs),
    lingerMs: options.lingerMs ?? 1000,
    claims,
    notices: options.notices ?? new Notices(),
    substitutes: options.substitutes,
    host: options.host,
    isTraced: options.isTraced ?? false,
    bodies: options.bodies,
    reviews: options.reviews,
  }
}
