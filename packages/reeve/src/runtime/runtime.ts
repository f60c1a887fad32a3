import type { Environment } from '../base/config.ts'
import type { Json } from '../base/json/json.ts'
import type { RunHandle } from '../engine/engine.ts'
import type { ApprovalDecision } from '../engine/outside/decision.ts'
import type { RetryOptions } from '../engine/outside/retry-run.ts'
import type { RunResult } from '../engine/results.ts'
import type { StartOptions } from '../engine/starting/prepared-start.ts'
import type { Workflow } from '../engine/workflow.ts'
import { type ApprovalView, approvalView } from '../inspect/approvals/approval-view.ts'
import { type EventPage, type EventPageOptions, pageOfEvents } from '../inspect/events/event-view.ts'
import { listRunPage, type RunListOptions, type RunPage } from '../inspect/lists/run-list.ts'
import { type RunView, viewRun } from '../inspect/run/run-view.ts'
import type { IngestReport } from '../memory/recall.ts'
import type { Project } from '../project/load.ts'
import { type ProjectPruned, prunableChaptersOf, prunableOf, pruneProject } from '../project/prune.ts'
import type { UnusableSolver } from '../project/routes.ts'
import type { PrunableChapters } from '../store/keeping/chapters.ts'
import type { Prunable } from '../store/keeping/retention.ts'
import { forgetAnswers } from '../store/ledger/answers.ts'
import { listPending } from '../store/runs/approvals.ts'
import { composeRuntime, type RuntimeInternals, type RuntimeOptions, type RuntimeParts } from './compose.ts'

export type { RuntimeInternals, RuntimeOptions }

/** Who acts from outside, as journals and screens name them. */
export interface ActedBy {
  /** A person's name or the name of a service: up to 1,024 bytes, without control characters. */
  by: string
}

export interface AnswerOptions extends ActedBy {
  /** Why; it reaches workflow and agent. Up to 16,000 characters. */
  note?: string
  /** The hash of what was shown, or its first 12 characters or more: an answer to something else is refused. */
  hash?: string
}

export interface ForkOptions extends ActedBy {
  /** The number of the first call that is made anew; what came before it is shared. */
  from: number
  /** Sends `once` and `verifiable` effects again that were sent already. Default false: the fork is refused. */
  repeatEffects?: boolean
}

/** An approval that is open, with the run that asks. */
export interface PendingApproval extends ApprovalView {
  runId: string
  workflow: string
}

/** What became of an approval. */
export interface DecidedApproval {
  id: string
  runId: string
  status: 'approved' | 'rejected' | 'answered'
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
export class Runtime {
  /** The project as it was loaded. */
  readonly project: Project
  /** What it was opened with: its database, its keys, who acts. */
  readonly environment: Environment
  readonly #parts: RuntimeParts

  static {
    internals = (runtime) => runtime.#parts
  }

  private constructor({ project, environment }: RuntimeOptions, parts: RuntimeParts) {
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
   */
  async start(): Promise<void> {
    const { projectKnowledge, services, breakerRecord, abandonedBatches, engine, pruning } = this.#parts
    await projectKnowledge.begin()
    await services.begin()
    breakerRecord.begin(engine.worker.id)
    abandonedBatches.begin()
    await engine.start()
    pruning.begin()
  }

  /**
   * Gives the runs back, closes services and database. What acts may finish for at most `graceMs` (milliseconds, default
   * 10,000); what takes longer is left to itself, and its run goes on elsewhere or at the next start. No verb may be used
   * after it.
   * @throws `stop-unfinished` when the database did not take that in time
   */
  async stop(graceMs?: number): Promise<void> {
    const { projectKnowledge, services, breakerRecord, abandonedBatches, engine, pruning, database } =
      this.#parts
    try {
      await projectKnowledge.end()
      await pruning.end()
      await engine.stop(graceMs)
    } finally {
      await abandonedBatches.end()
      await breakerRecord.end()
      await services.end()
      await database.close()
    }
  }

  /** Of a runtime that stops: what acts now is not waited for any longer. */
  hurry(): void {
    this.#parts.engine.hurry()
  }

  /**
   * Starts a run of a workflow, or of the workflow with that name; resolves when its start is durable.
   * @throws `unknown-workflow` `invalid-input` `payload-too-large` `not-serialisable` `idempotency-conflict`
   *   `reserved-key` `bad-start` `bad-text` `bad-number` `bad-duration`, `start-refused` when the database would not take
   *   it: nothing of it is there
   * @example
   * import type { Runtime } from 'reeve'
   *
   * async function onOrder(runtime: Runtime, order: { id: string }) {
   *   const run = await runtime.startRun('ship', order, { idempotencyKey: order.id, principal: 'shop' })
   *   return run.isNew ? run.id : `run ${run.id} was started for this order before`
   * }
   */
  startRun<Input, Output>(
    workflow: Workflow<Input, Output> | string,
    input: Input,
    options?: StartOptions,
  ): Promise<RunHandle<Output>> {
    return this.#parts.engine.startRun(workflow, input, options)
  }

  /**
   * Waits until a run has ended or is stuck, in whichever process it is driven.
   * @throws `unknown-run`
   */
  result(runId: string): Promise<RunResult> {
    return this.#parts.engine.resultOf(runId)
  }

  /**
   * Records a person's decision on an approval: the run goes on where it is driven. What is decided must be what its run
   * asked for. With an edit (`answer`), its top-level keys are laid over what the tool was given.
   * @throws `unknown-approval` `already-decided` `approval-expired` `approval-changed` `wrong-answer` `problem-stands`
   *   `invalid-edit`
   * @example
   * import type { Runtime } from 'reeve'
   *
   * async function lower(runtime: Runtime, approval: string) {
   *   await runtime.decide(approval, { verdict: 'approve', by: 'ada', answer: { amountUsd: 20 }, note: 'half of it' })
   * }
   */
  async decide(approvalId: string, decision: ApprovalDecision): Promise<DecidedApproval> {
    const { id, run_id, status } = await this.#parts.engine.control.decide(approvalId, decision)
    return { id, runId: run_id, status: status as DecidedApproval['status'] }
  }

  /**
   * Answers what no solver could (`question`), or says what became of an effect (`outcome`): `{ happened: true, result }`,
   * `{ happened: false, retry: true }`, `{ happened: false, retry: false }`.
   * @throws as `decide`; `wrong-answer` when the answer does not fit what was asked
   */
  answer(approvalId: string, answer: Json, options: AnswerOptions): Promise<DecidedApproval> {
    return this.decide(approvalId, { ...options, verdict: 'answer', answer })
  }

  /**
   * Sends a signal to a run, which takes it with `ctx.waitFor(name)`, now or later. Resolves to whether it was new: a
   * signal with an `id` that the run has had already is dropped.
   * @throws `unknown-run` `run-ended` `unfit-signal` `bad-text` `not-serialisable`
   * @example
   * import type { Runtime } from 'reeve'
   *
   * async function onPayment(runtime: Runtime, payment: { id: string; run: string; amountUsd: number }) {
   *   await runtime.signal(payment.run, 'paid', { amountUsd: payment.amountUsd }, { id: payment.id })
   * }
   */
  signal(runId: string, name: string, payload: Json = null, options?: { id?: string }): Promise<boolean> {
    return this.#parts.engine.control.signal(runId, name, payload, options)
  }

  /**
   * Ends a run and its children, but for those started with `whenParentEnds: 'detach'`. What acts at this moment finishes
   * first.
   * @throws `unknown-run` `run-ended` `bad-text`
   */
  cancel(runId: string, { by }: ActedBy): Promise<void> {
    return this.#parts.engine.control.cancel(runId, by)
  }

  /**
   * Tries a failed or stuck run again: what is recorded stays, the call that failed is made anew.
   * @throws `unknown-run` `cannot-retry` `child-not-mended` `bad-text`
   */
  retry(runId: string, { by, ...options }: ActedBy & RetryOptions): Promise<void> {
    return this.#parts.engine.control.retry(runId, by, options)
  }

  /** Holds a run where it is: what acts finishes, nothing new begins until `resume`. @throws `unknown-run` `run-ended` */
  pause(runId: string): Promise<void> {
    return this.#parts.engine.control.pause(runId)
  }

  /** Lets a run go on that `pause` holds. @throws `unknown-run` `run-ended` */
  resume(runId: string): Promise<void> {
    return this.#parts.engine.control.resume(runId)
  }

  /**
   * Starts a new run that shares the journal of another up to (not including) its call `from`, and goes its own way from
   * there. Resolves to the new run's id. What was approved in the other run and not acted upon before `from` is asked again.
   * @throws `unknown-run` `bad-fork` `fork-repeats` `bad-text`
   */
  fork(runId: string, { from, by, ...options }: ForkOptions): Promise<string> {
    return this.#parts.engine.control.fork(runId, from, by, options)
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

  /** The current version of a workflow of the project. @throws `unknown-workflow` */
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

  /** Whether nothing runs or could run now, in any process: every run has ended, waits, is stuck, or lacks a worker. */
  isQuiet(): Promise<boolean> {
    return this.#parts.engine.isQuiet()
  }

  /**
   * Reads the project's knowledge into memory, if that was not begun yet; resolves, when all is read, to a report for each
   * place.
   * @throws `no-knowledge`
   */
  async readKnowledge(): Promise<readonly IngestReport[]> {
    await this.#parts.projectKnowledge.read()
    return this.#parts.projectKnowledge.ingested
  }

  /**
   * Deletes ended runs that the project's `retention` no longer wants, and what of other tables nothing needs any more,
   * until `signal` is aborted. A started runtime does so by itself every hour.
   */
  prune(signal?: AbortSignal): Promise<ProjectPruned> {
    return pruneProject(this.#kept, signal)
  }

  /** What `prune` would delete of the runs now, by status. */
  prunable(): Promise<Prunable[]> {
    return prunableOf(this.#kept)
  }

  /** What `prune` would delete now of the earlier chapters of runs that stay. */
  prunableChapters(): Promise<PrunableChapters> {
    return prunableChaptersOf(this.#kept)
  }

  get #kept() {
    const { database, clock } = this.#parts
    return { database, clock, retention: this.project.config.retention }
  }

  /** Drops the answers kept for questions with `cache`, or those that one run paid for. Resolves to how many went. */
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
