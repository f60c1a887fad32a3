import type { Environment } from '../base/config.ts'
import type { Workflow } from '../engine/workflow.ts'
import type { PolicyReport } from '../governance/policy-test/policy-report.ts'
import { type ApprovalView, approvalView } from '../inspect/approvals/approval-view.ts'
import { type EventPage, type EventPageOptions, pageOfEvents } from '../inspect/events/event-view.ts'
import { listRunPage, type RunListOptions, type RunPage } from '../inspect/lists/run-list.ts'
import { type RunView, viewRun } from '../inspect/run/run-view.ts'
import type { IngestReport } from '../memory/ingest/one-ingest.ts'
import type { Project } from '../project/load.ts'
import { keptBy, type ProjectPruned, prunableChaptersOf, prunableOf, pruneProject } from '../project/prune.ts'
import type { UnusableSolver } from '../project/routes.ts'
import { listPending } from '../store/approvals/approvals.ts'
import type { PrunableChapters } from '../store/keeping/chapters.ts'
import type { Prunable } from '../store/keeping/retention.ts'
import { forgetAnswers } from '../store/spending/answers.ts'
import { composeRuntime } from './compose.ts'
import type { RuntimeInternals, RuntimeParts } from './internals.ts'
import { type PolicyTestOptions, testPolicy } from './judging/policy-testing.ts'
import type { RuntimeOptions } from './options.ts'
import { beginParts, endParts } from './parts.ts'
import { RunSteering } from './steering.ts'

export type { RuntimeInternals, RuntimeOptions }

/** An approval that is open, with the run that asks. */
export interface PendingApproval extends ApprovalView {
  runId: string
  workflow: string
}

/** How a run that this process drove came to rest. */
export interface RunRest {
  runId: string
  workflow: string
  status: 'queued' | 'waiting' | 'succeeded' | 'failed' | 'cancelled' | 'stuck'
}

let internals: (runtime: Runtime) => RuntimeInternals

/**
 * A project, running, in this process.
 *
 *   open → (verbs that change or look at runs) → start → (runs are driven) → stop
 *
 * Whoever only starts, decides or looks opens a runtime and does not start it: the runs go on in another process.
 *
 * @example
 * import { loadProject, Runtime, readEnvironment } from 'reeve'
 *
 * const project = await loadProject('my-desk')
 * const runtime = await Runtime.open({ project, environment: readEnvironment('my-desk') })
 * await runtime.start()
 * const run = await runtime.startRun('refund', { orderId: 'A-1', amountUsd: 149 })
 * console.log(await run.result())
 * await runtime.stop()
 */
export class Runtime extends RunSteering {
  /** The project as it was loaded. */
  readonly project: Project
  /** What it was opened with: its database, its keys, who acts. */
  readonly environment: Environment
  readonly #parts: RuntimeParts

  static {
    internals = (runtime) => runtime.#parts
  }

  private constructor({ project, environment }: RuntimeOptions, parts: RuntimeParts) {
    super(parts)
    this.project = project
    this.environment = environment
    this.#parts = parts
  }

  /**
   * Opens the project's database, brings its schema up to date, and writes queues, schedules and budgets of the project
   * into it. Drives nothing yet.
   * @throws `bad-config` `bad-database-url` `database-busy` `database-moved` `database-taken` `duplicate-workflow`
   *   `duplicate-tool` `unknown-workflow` (of a schedule)
   * @example
   * import { projectOf, Runtime, readEnvironment, workflow } from 'reeve'
   * import { z } from 'zod'
   *
   * const greet = workflow({ name: 'greet', input: z.string(), run: async (_, name) => `Hello ${name}` })
   * const runtime = await Runtime.open({ project: projectOf({}, [greet]), environment: readEnvironment('.') })
   */
  static async open(options: RuntimeOptions): Promise<Runtime> {
    return new Runtime(options, await composeRuntime(options))
  }

  /**
   * Starts the project's services, begins to claim and drive runs and to start scheduled ones, and reads the knowledge
   * beside that.
   * @throws `no-knowledge` when a place of it is not there, `service-failed`
   * @example await runtime.start()
   */
  async start(): Promise<void> {
    await beginParts(this.#parts, this.project)
  }

  /**
   * Gives the runs back, closes services and database. What acts may finish for at most `graceMs` (milliseconds, default
   * 10,000); what takes longer is left to itself, and its run goes on elsewhere or at the next start. No verb may be used
   * after it.
   * @throws `stop-unfinished` when the database did not take that in time
   * @example await runtime.stop(30_000)
   */
  async stop(graceMs?: number): Promise<void> {
    await endParts(this.#parts, graceMs)
  }

  /**
   * Of a runtime that stops: what acts now is not waited for any longer.
   * @example process.once('SIGINT', () => runtime.hurry())
   */
  hurry(): void {
    this.#parts.engine.hurry()
  }

  /**
   * How a run stands: its status, its cost, its output or error, what it waits for and what it asks.
   * @throws `unknown-run`
   * @example
   * const { status, costUsd, asks } = await runtime.getRun('06f2kq8d1m3x7v9zs')
   */
  getRun(runId: string): Promise<RunView> {
    return viewRun(this.#parts.database, runId)
  }

  /**
   * A page of runs, the newest first; `next` of a page, given as `cursor`, leads to the one after it.
   * @throws `bad-cursor`
   * @example
   * const { runs, next } = await runtime.listRuns({ workflow: 'refund', status: 'waiting', limit: 20 })
   */
  listRuns(options?: RunListOptions): Promise<RunPage> {
    return listRunPage(this.#parts.database, options)
  }

  /**
   * A page of a run's journal, as screens show it: long payloads are cut.
   * @throws `unknown-run`
   * @example
   * const { events, more } = await runtime.listEvents('06f2kq8d1m3x7v9zs', { after: 200 })
   */
  listEvents(runId: string, options?: EventPageOptions): Promise<EventPage> {
    return pageOfEvents(this.#parts.database, runId, options)
  }

  /**
   * The approvals and questions that are open, at most `limit` (default 100), what was asked first first.
   * @example
   * for (const { id, subject, shown } of await runtime.listApprovals()) console.log(id, subject, shown)
   */
  async listApprovals({ limit = 100 }: { limit?: number } = {}): Promise<PendingApproval[]> {
    const rows = await listPending(this.#parts.database, limit)
    return rows.map((row) => ({ ...approvalView(row), runId: row.run_id, workflow: row.workflow }))
  }

  /** The names of the project's workflows, sorted. */
  get workflowNames(): string[] {
    return this.#parts.engine.workflows.names()
  }

  /**
   * The current version of a workflow of the project.
   * @throws `unknown-workflow`
   * @example const { version, limits } = runtime.workflow('refund')
   */
  workflow(name: string): Workflow {
    return this.#parts.engine.workflows.current(name)
  }

  /** The names of the solvers of each route, in the order in which they are asked. */
  get solverNames(): Record<string, string[]> {
    const named = [...this.#parts.routes].map(([route, { solvers }]) => [
      route,
      solvers.map(({ name }) => name),
    ])
    return Object.fromEntries(named)
  }

  /** The hosted models that routes name and that cannot be asked, as without a key; their routes go on without them. */
  get unusableSolvers(): readonly UnusableSolver[] {
    return this.#parts.unusable
  }

  /** How many runs this process drives now; those that only wait are parked and do not count. */
  get activeRuns(): number {
    return this.#parts.engine.worker.active
  }

  /**
   * Calls `observer` with each run that this process drove to an end, to waiting, or gave back. Returns a function that
   * ends the calls.
   * @example
   * import type { Runtime } from 'reeve'
   *
   * function countFailures(runtime: Runtime) {
   *   let failed = 0
   *   const stop = runtime.onRest(({ status }) => {
   *     if (status === 'failed') failed++
   *   })
   *   return { stop, failed: () => failed }
   * }
   */
  onRest(observer: (rest: RunRest) => void): () => void {
    return this.#parts.engine.onEnded(({ id, workflow }, { status }) => {
      if (status !== 'lost' && status !== 'exists') observer({ runId: id, workflow, status })
    })
  }

  /**
   * Whether nothing runs or could run now, in any process: every run has ended, waits, is stuck, or lacks a worker.
   * @example while (!(await runtime.isQuiet())) await new Promise((resolve) => setTimeout(resolve, 100))
   */
  isQuiet(): Promise<boolean> {
    return this.#parts.engine.isQuiet()
  }

  /**
   * Reads the project's knowledge into memory, if that was not begun yet; resolves, when all is read, to a report for each
   * place.
   * @throws `no-knowledge`
   * @example for (const { problems } of await runtime.readKnowledge()) console.warn(problems)
   */
  async readKnowledge(): Promise<readonly IngestReport[]> {
    await this.#parts.projectKnowledge.read()
    return this.#parts.projectKnowledge.ingested
  }

  /**
   * Deletes ended runs that the project's `retention` no longer wants, and what of other tables nothing needs any more,
   * until `signal` is aborted. A started runtime does so by itself every hour.
   * @example const { runs, events } = await runtime.prune(AbortSignal.timeout(60_000))
   */
  prune(signal?: AbortSignal): Promise<ProjectPruned> {
    return pruneProject(this.#kept, signal)
  }

  /**
   * What `prune` would delete of the runs now, by status.
   * @example for (const { status, runs } of await runtime.prunable()) console.log(status, runs)
   */
  prunable(): Promise<Prunable[]> {
    return prunableOf(this.#kept)
  }

  /**
   * What `prune` would delete now of the earlier chapters of runs that stay.
   * @example console.log(await runtime.prunableChapters())
   */
  prunableChapters(): Promise<PrunableChapters> {
    return prunableChaptersOf(this.#kept)
  }

  get #kept() {
    const { database, clock } = this.#parts
    return { database, clock, ...keptBy(this.project) }
  }

  /**
   * What the policy of now (grants in code, the files of `policies/`, what the database changes of them) would make of the calls
   * of past runs, each judged by what its run had read when it was made. Runs nothing again, and writes nothing.
   * @throws `unknown-run` `bad-option` `bad-number` `bad-duration`
   * @example
   * const { counts, differences } = await runtime.testPolicy({ workflow: 'refund', since: '7d' })
   * for (const { tool, before, after, count } of differences) console.log(tool, before, after, count)
   */
  testPolicy(options?: PolicyTestOptions): Promise<PolicyReport> {
    return testPolicy(this.#parts, this.project, options)
  }

  /**
   * Drops the answers kept for questions with `cache`, or those that one run paid for. Resolves to how many went.
   * @example const forgotten = await runtime.forgetAnswers('06f2kq8d1m3x7v9zs')
   */
  forgetAnswers(runId?: string): Promise<number> {
    return this.#parts.database.transaction((session) => forgetAnswers(session, runId))
  }
}

/**
 * What a runtime is composed of: for our own packages, which may read its database. It may change with any version;
 * everything else uses the verbs.
 */
export function internalsOf(runtime: Runtime): RuntimeInternals {
  return internals(runtime)
}
