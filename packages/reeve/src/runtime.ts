import type { AgentListener } from './agents/agent-events.ts'
import type { Environment } from './base/config.ts'
import { messageOf, ReeveError } from './base/errors.ts'
import { createIds } from './base/ids.ts'
import { type Log, lineLog, redactingLog } from './base/log.ts'
import { wholeNumber } from './base/numbers.ts'
import { checkOptions } from './base/options.ts'
import { secretsOf } from './base/secrets/known-secrets.ts'
import { type Clock, formatMs, systemClock, toMs } from './base/time/time.ts'
import { Context, type ContextServices } from './context.ts'
import { Engine } from './engine/engine.ts'
import { checkScheduled, installSchedules } from './engine/starting/schedule.ts'
import { within } from './engine/worker/give-back.ts'
import { WorkflowRegistry } from './engine/workflow.ts'
import { createMemory } from './memory/memory.ts'
import { createKnowledge, type IngestReport, type Knowledge } from './memory/recall.ts'
import { tidyAnswers } from './models/asking/answer-cache.ts'
import { installCeilings } from './models/asking/budget.ts'
import { Questions } from './models/asking/questions.ts'
import type { TextListener } from './models/asking/text-stream.ts'
import { AbandonedBatches } from './models/batches/abandoned-batches.ts'
import { embed, embedderName } from './models/local/text/embed.ts'
import { CircuitBreakers } from './models/route/breaker.ts'
import { BreakerRecord } from './models/route/breaker-record.ts'
import type { RouteDefinition } from './models/route/route.ts'
import { checkConfig } from './project/config.ts'
import { embedderRoutes } from './project/embedders.ts'
import { ProjectKnowledge } from './project/knowledge.ts'
import { claimantOf } from './project/name.ts'
import type { Project, ProjectConfig, Service } from './project/project.ts'
import { addKeysTo, batchServices, resolveRoutes, type UnusableSolver } from './project/routes.ts'
import { mcpServersOf, toolboxOf } from './project/tools.ts'
import { Pruning } from './pruning.ts'
import type { Database } from './store/database.ts'
import { LeaseKeeper } from './store/dispatch/lease-keeper.ts'
import { saveQueue } from './store/dispatch/queues.ts'
import { refuseMoved } from './store/identity/moved.ts'
import { claimDatabase } from './store/identity/ownership.ts'
import { type Prunable, type Pruned, prunable, prune, type Retention } from './store/keeping/retention.ts'
import { giveBackSpace } from './store/keeping/space.ts'
import { inSlices, tidy } from './store/keeping/tidy.ts'
import { forgetAnswers } from './store/ledger/answers.ts'
import { tidyCallRates } from './store/ledger/call-rates.ts'
import { foldModelCalls } from './store/ledger/folded-calls.ts'
import { identityOf, migrate } from './store/migrations.ts'
import { openDatabase } from './store/open.ts'
import { describeTightened } from './store/sqlite/private-files.ts'
import { jsonSchemaIssues } from './tools/json-schema/json-schema.ts'
import type { McpServer } from './tools/mcp/mcp-server.ts'

export interface RuntimeOptions {
  project: Project
  environment: Environment
  clock?: Clock
  log?: Log
  /** The most runs held in memory at once. Default 1,000. */
  capacity?: number
  /**
   * So long a worker whose event loop is blocked keeps its runs (ms). After that it counts as dead, and its runs go on
   * elsewhere. Default 120,000.
   */
  maxBlockedMs?: number
  /** How many parked runs are kept in memory for a while: see the engine's `keptRuns`. Default 1,000. */
  keptRuns?: number
  /** Hears what agents do while they do it. */
  agentListener?: AgentListener
  /** Hears what models write while they write it; hosted models then stream. Agents with output guards are not heard. */
  textListener?: TextListener
}

/** Services and MCP servers that do not close hold nothing up longer than this. */
const closeWithinMs = 5_000

/**
 * A project, running: the composition root. `open` wires the layers and touches the database; `start` begins to drive
 * runs; `stop` gives everything back.
 */
export class Runtime {
  readonly project: Project
  readonly environment: Environment
  readonly database: Database
  readonly engine: Engine
  readonly knowledge: Knowledge
  readonly routes: ReadonlyMap<string, RouteDefinition>
  readonly unusable: UnusableSolver[]
  readonly #clock: Clock
  readonly #mcpServers: readonly McpServer[]
  readonly #breakerRecord: BreakerRecord
  readonly #abandonedBatches: AbandonedBatches
  readonly #projectKnowledge: ProjectKnowledge
  readonly #pruning: Pruning
  #services: Service[] = []

  private constructor(parts: {
    options: RuntimeOptions
    database: Database
    engine: Engine
    routes: ReadonlyMap<string, RouteDefinition>
    knowledge: Knowledge
    unusable: UnusableSolver[]
    mcpServers: readonly McpServer[]
    breakerRecord: BreakerRecord
    abandonedBatches: AbandonedBatches
    clock: Clock
  }) {
    this.project = parts.options.project
    this.environment = parts.options.environment
    this.database = parts.database
    this.engine = parts.engine
    this.knowledge = parts.knowledge
    this.routes = parts.routes
    this.unusable = parts.unusable
    this.#mcpServers = parts.mcpServers
    this.#breakerRecord = parts.breakerRecord
    this.#abandonedBatches = parts.abandonedBatches
    this.#clock = parts.clock
    const { log } = parts.engine.services
    this.#projectKnowledge = new ProjectKnowledge(this.project, this.knowledge, log)
    this.#pruning = new Pruning(parts.clock, log, (signal) => this.prune(signal))
  }

  static async open(options: RuntimeOptions): Promise<Runtime> {
    checkConfig(options.project.config)
    const ownClock = options.clock ?? systemClock
    const secrets = secretsOf(options.environment)
    const log = redactingLog(options.log ?? lineLog((line) => process.stderr.write(line), false), secrets)
    const unusable: UnusableSolver[] = []
    const routes = resolveRoutes(options, unusable)
    const onFatal = (error: unknown) => endProcess(log, error)
    const database = openDatabase(options.environment.database, ownClock, {
      onBroken: onFatal,
      onSkew: (skewMs) => log.warn(skewOf(skewMs)),
      onTightened: (paths) => log.warn(describeTightened(paths)),
      secrets,
    })
    const clock = database.clock ?? ownClock
    const newId = createIds(() => clock.now())
    try {
      await migrate(database, newId)
      await refuseMoved(database, database.place)
      await claimDatabase(database, claimantOf(options.project, options.environment.database))
      const knowledge = createKnowledge({ embed })
      const workflows = registryOf(options.project)
      const breakerRecord = new BreakerRecord(database, log)
      const embedders = embedderRoutes(options.project.config, options.environment.keys)
      const allRoutes = new Map([...routes, ...embedders])
      addKeysTo(secrets, allRoutes.values())
      const questions = new Questions({
        routes: allRoutes,
        breakers: new CircuitBreakers({ clock, onChange: (...change) => breakerRecord.note(...change) }),
        budgets: options.project.config.budgets ?? {},
        database,
        workflows,
        textListener: options.textListener,
      })
      const memory = createMemory({ database, embedder: { name: embedderName, embed } })
      const mcpServers = await mcpServersOf(options.project, { ...options, clock })
      for (const server of mcpServers) server.addCredentialsTo(secrets)
      const toolbox = toolboxOf(options.project, mcpServers)
      const services: ContextServices = { toolbox, questions, knowledge, memory }
      if (options.agentListener) services.agentListener = options.agentListener
      const engine = new Engine({
        workflows,
        database,
        clock,
        log,
        newId,
        random: Math.random,
        identity: await identityOf(database),
        contextFor: (execution) => new Context(execution, workflows, services),
        checkJsonSchema: jsonSchemaIssues,
        onFatal,
        lease: leaseOf(options, log),
        ...(options.keptRuns === undefined ? {} : { keptRuns: options.keptRuns }),
        ...(options.capacity === undefined ? {} : { capacity: options.capacity }),
      })
      const runtime = new Runtime({
        options,
        database,
        engine,
        routes,
        knowledge,
        unusable,
        mcpServers,
        breakerRecord,
        abandonedBatches: new AbandonedBatches({ database, clock, log, services: batchServices(routes) }),
        clock,
      })
      await runtime.#configure()
      return runtime
    } catch (error) {
      await database.close()
      throw error
    }
  }

  /** Starts the project's services, begins to drive runs, and reads the knowledge beside them. @throws `no-knowledge` */
  async start(): Promise<void> {
    await this.#projectKnowledge.begin()
    this.#services = await startServices(this.project.config)
    this.#breakerRecord.begin(this.engine.worker.id)
    this.#abandonedBatches.begin()
    await this.engine.start()
    this.#pruning.begin()
  }

  /**
   * Gives the runs back, closes services and database. What acts may finish for at most `graceMs` (default 10,000).
   * @throws `stop-unfinished` when the database did not take that in time
   */
  async stop(graceMs?: number): Promise<void> {
    try {
      await this.#projectKnowledge.end()
      await this.#pruning.end()
      await this.engine.stop(graceMs)
    } finally {
      await this.#abandonedBatches.end()
      await this.#breakerRecord.end()
      const closing = [...this.#mcpServers, ...this.#services].map(async (one) => one.close())
      await within(this.#clock, closeWithinMs, Promise.allSettled(closing))
      await this.database.close()
    }
  }

  /** Of a runtime that stops: what acts now is not waited for any longer. */
  hurry(): void {
    this.engine.hurry()
  }

  /**
   * Deletes ended runs that the project's retention no longer wants, and of every other table what nothing needs any more,
   * until `signal` is aborted.
   */
  async prune(signal?: AbortSignal): Promise<Pruned> {
    const { database } = this
    const now = this.#clock.now()
    const { ledger = '90d', occurrences = '30d' } = this.project.config.retention ?? {}
    await inSlices(database, signal, (session, slice) => tidyAnswers(session, now, slice))
    await inSlices(database, signal, tidyCallRates)
    const pruned = await prune(database, this.#retention, now, signal)
    await foldModelCalls(database, now - toMs(ledger), signal)
    await tidy(database, { now, occurrencesBefore: now - toMs(occurrences) }, signal)
    await giveBackSpace(database, { signal })
    return pruned
  }

  /** What `prune` would delete now. */
  prunable(): Promise<Prunable[]> {
    return prunable(this.database, this.#retention, this.#clock.now())
  }

  get #retention(): Retention {
    const { succeeded, failed, cancelled } = this.project.config.retention ?? {}
    return {
      ...(succeeded === undefined ? {} : { succeededMs: toMs(succeeded) }),
      ...(failed === undefined ? {} : { failedMs: toMs(failed) }),
      ...(cancelled === undefined ? {} : { cancelledMs: toMs(cancelled) }),
    }
  }

  /** Drops the answers kept for questions with `cache`, or those that one run paid for. Answers how many went. */
  forgetAnswers(runId?: string): Promise<number> {
    return this.database.transaction((session) => forgetAnswers(session, runId))
  }

  /** Reads the project's knowledge into memory, if that was not begun yet; what was found stands in `ingested`. */
  readKnowledge(): Promise<void> {
    return this.#projectKnowledge.read()
  }

  /** What `readKnowledge` found, by place; empty until it has ended. */
  get ingested(): readonly IngestReport[] {
    return this.#projectKnowledge.ingested
  }

  async #configure(): Promise<void> {
    const { queues = {}, schedules = {} } = this.project.config
    await this.database.transaction(async (session) => {
      for (const [name, queue] of Object.entries(queues)) {
        await saveQueue(session, name, {
          concurrency: queue.concurrency ?? null,
          key_concurrency: queue.perKey ?? null,
          rate_count: queue.rate?.count ?? null,
          rate_ms: queue.rate ? Math.ceil(toMs(queue.rate.per)) : null,
        })
      }
    })
    checkScheduled(this.engine.workflows, schedules)
    await installSchedules(this.database, { clock: this.#clock, log: this.engine.services.log }, schedules)
    await installCeilings(this.database, this.project.config.budgets ?? {}, this.#clock.now())
  }
}

/** Nobody else can take over what a database in memory has, and other clocks are those of tests. */
function leaseOf(options: RuntimeOptions, log: Log): LeaseKeeper | undefined {
  const { database } = options.environment
  const { clock = systemClock, maxBlockedMs } = options
  if (maxBlockedMs !== undefined) wholeNumber(maxBlockedMs, '`maxBlockedMs` of a runtime')
  if (clock !== systemClock || (database.kind === 'sqlite' && database.file === ':memory:')) return undefined
  return new LeaseKeeper({ database, log, maxBlockedMs })
}

/** @throws `duplicate-workflow` */
function registryOf(project: Project): WorkflowRegistry {
  const registry = new WorkflowRegistry()
  for (const workflow of project.workflows) registry.add(workflow)
  return registry
}

async function startServices({ services }: ProjectConfig): Promise<Service[]> {
  try {
    return (await services?.()) ?? []
  } catch (cause) {
    if (cause instanceof ReeveError) throw cause
    const why = `The services of reeve.config.ts did not start: ${messageOf(cause)}`
    throw new ReeveError('service-failed', why, { cause })
  }
}

function skewOf(skewMs: number): string {
  const off = `${formatMs(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead of' : 'behind'}`
  return `the clock of this machine is ${off} the database's. Runs go by the database's and are right; dates that steps and tools read here are not. Set it right (NTP)`
}

/** After a failed write nobody knows what is on disk: the process ends, and the next one recovers. */
function endProcess(log: Log, error: unknown): never {
  if (error instanceof ReeveError) log.error(error.message, { code: error.code })
  else
    log.error('the database failed; this process ends so that the next one recovers from what is on disk', {
      error: String(error),
    })
  process.exit(70)
}

/** A project from its configuration alone, without files: for embedding and tests. */
export function projectOf(
  config: ProjectConfig,
  workflows: Project['workflows'],
  folder = process.cwd(),
): Project {
  checkOptions(config, 'a project', { tools: 'objects' })
  return { folder, config, workflows, tools: [...(config.tools ?? [])], mcpServers: [] }
}
