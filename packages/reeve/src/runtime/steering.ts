import type { Json } from '../base/json/json.ts'
import type { ApprovalDecision } from '../engine/deciding/decision.ts'
import type { Delegation } from '../engine/deciding/delegate.ts'
import type { Engine } from '../engine/engine.ts'
import type { RetryOptions } from '../engine/outside/retry-run.ts'
import type { GivenOverride } from '../engine/overriding/request-override.ts'
import type { RunHandle, RunResult } from '../engine/results.ts'
import type { StartOptions } from '../engine/starting/prepared-start.ts'
import type { Workflow } from '../engine/workflow.ts'
import { requireDaemon } from '../inspect/ledger/daemon-view.ts'
import { lockDaemon, wakeDaemonBy } from '../store/autonomy/daemons.ts'
import type { UndoPlan } from '../tools/undo/undo-plan.ts'
import type { UndoReport } from '../tools/undo/undo-workflow.ts'
import type { RuntimeInternals } from './internals.ts'
import { planRunUndo, startUndo, type UndoOptions, type UndoScope } from './undoing.ts'

/** Who acts from outside, as journals and screens name them. */
export interface ActedBy {
  /** A person's name or the name of a service: up to 1,024 bytes, without control characters. */
  by: string
}

/** For `runtime.answer`. */
export interface AnswerOptions extends ActedBy {
  /** Why; it reaches workflow and agent. Up to 16,000 characters. */
  note?: string
  /** The hash of what was shown, or its first 12 characters or more: an answer to something else is refused. */
  hash?: string
}

/** For `runtime.fork`. */
export interface ForkOptions extends ActedBy {
  /** The number of the first call that is made anew; what came before it is shared. */
  from: number
  /** Sends effects again that were sent already, `idempotent` ones too. Default false: the fork is refused. */
  repeatEffects?: boolean
}

/** What became of an approval. */
export interface DecidedApproval {
  id: string
  runId: string
  /** `pending`: others must approve it, too. */
  status: 'approved' | 'rejected' | 'answered' | 'pending'
}

/** The verbs that start and steer runs. Each is durable when it resolves, in whichever process the run is driven. */
export class RunSteering {
  readonly #engine: Engine
  readonly #internals: RuntimeInternals

  /** @internal */
  constructor(internals: RuntimeInternals) {
    this.#engine = internals.engine
    this.#internals = internals
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
    return this.#engine.startRun(workflow, input, options)
  }

  /**
   * Waits until a run has ended or is stuck, in whichever process it is driven.
   * @throws `unknown-run`
   * @example
   * const ended = await runtime.result('06f2kq8d1m3x7v9zs')
   * if (ended.status === 'failed') console.error(ended.error.code)
   */
  result(runId: string): Promise<RunResult> {
    return this.#engine.resultOf(runId)
  }

  /**
   * Records a person's decision on an approval: the run goes on where it is driven. What is decided must be what its run
   * asked for. With an edit (`answer`), its top-level keys are laid over what the tool was given.
   * @throws `unknown-approval` `already-decided` `approval-expired` `approval-changed` `wrong-answer` `bad-option` `problem-stands`
   *   `invalid-edit`, `may-not-decide` also for code that runs within a step or a tool: no run decides what runs ask for
   * @example
   * import type { Runtime } from 'reeve'
   *
   * async function lower(runtime: Runtime, approval: string) {
   *   await runtime.decide(approval, { verdict: 'approve', by: 'ada', answer: { amountUsd: 20 }, note: 'half of it' })
   * }
   */
  async decide(approvalId: string, decision: ApprovalDecision): Promise<DecidedApproval> {
    const { id, run_id, status } = await this.#engine.control.decide(approvalId, decision)
    return { id, runId: run_id, status: status as DecidedApproval['status'] }
  }

  /**
   * Asks somebody else to decide an approval in the place of `by`, who may still decide it.
   * @throws `unknown-approval` `already-decided` `approval-expired` `approval-changed` `may-not-decide` `bad-text`
   * @example await runtime.delegate('06f2kq8d1m3x7v9zt', { by: 'ada', to: 'eve', note: 'your customer' })
   */
  async delegate(approvalId: string, delegation: Delegation): Promise<void> {
    await this.#engine.control.delegate(approvalId, delegation)
  }

  /**
   * Answers what no solver could (`question`), or says what became of an effect (`outcome`): `{ happened: true, result }`,
   * `{ happened: false, retry: true }`, `{ happened: false, retry: false }`.
   * @throws as `decide`; `wrong-answer` when the answer does not fit what was asked
   * @example await runtime.answer('06f2kq8d1m3x7v9zt', { category: 'billing' }, { by: 'ada' })
   */
  answer(approvalId: string, answer: Json, options: AnswerOptions): Promise<DecidedApproval> {
    return this.decide(approvalId, { ...options, verdict: 'answer', answer })
  }

  /**
   * Lets a daemon decide now, or as soon as its floor allows, and opens again what failures had closed to it.
   * @param why in words, for its next decision and the log of authority
   * @throws `unknown-daemon`
   * @example await runtime.wakeDaemon('steward', { by: 'ada', why: 'the script is mended' })
   */
  async wakeDaemon(name: string, { by, why }: ActedBy & { why?: string }): Promise<void> {
    const { database, clock } = this.#internals
    await requireDaemon(database, name)
    const acting = { by, proof: 'local-user', at: clock.now(), why } as const
    await database.transaction(async (session) =>
      wakeDaemonBy(session, (await lockDaemon(session, name))!, acting),
    )
    this.#engine.services.notices.tell('run-queued')
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
    return this.#engine.control.signal(runId, name, payload, options)
  }

  /**
   * Says what a call of a run comes to in the place of what it waits for, or of a step that hangs: a result, an error, or the end
   * of its wait. Who says so, and why, stands in the journal and in the log of authority. An effect of which nobody knows whether
   * it happened is answered (`answer`).
   * @throws `unknown-run` `run-ended` `cannot-override` `may-not-override` `bad-text` `not-serialisable`
   * @example
   * await runtime.override('06f2kq8d1m3x7v9zs', 4, { how: 'skip-wait', by: 'ada', reason: 'the customer is here' })
   */
  async override(runId: string, call: number, { by, ...given }: GivenOverride & ActedBy): Promise<void> {
    const acting = { by, proof: 'local-user', at: this.#internals.clock.now() } as const
    await this.#engine.control.override(runId, call, given, acting)
  }

  /**
   * Ends a run and its children, but for those started with `whenParentEnds: 'detach'`. What acts at this moment finishes
   * first.
   * @throws `unknown-run` `run-ended` `bad-text`
   * @example await runtime.cancel('06f2kq8d1m3x7v9zs', { by: 'ada' })
   */
  cancel(runId: string, { by }: ActedBy): Promise<void> {
    return this.#engine.control.cancel(runId, by)
  }

  /**
   * Tries a failed or stuck run again: what is recorded stays, the call that failed is made anew.
   * @throws `unknown-run` `cannot-retry` `child-not-mended` `bad-text`
   * @example await runtime.retry('06f2kq8d1m3x7v9zs', { by: 'ada', children: true })
   */
  retry(runId: string, { by, ...options }: ActedBy & RetryOptions): Promise<void> {
    return this.#engine.control.retry(runId, by, options)
  }

  /**
   * Holds a run where it is: what acts finishes, nothing new begins until `resume`.
   * @throws `unknown-run` `run-ended`
   * @example await runtime.pause('06f2kq8d1m3x7v9zs')
   */
  pause(runId: string): Promise<void> {
    return this.#engine.control.pause(runId)
  }

  /**
   * Lets a run go on that `pause` holds.
   * @throws `unknown-run` `run-ended`
   * @example await runtime.resume('06f2kq8d1m3x7v9zs')
   */
  resume(runId: string): Promise<void> {
    return this.#engine.control.resume(runId)
  }

  /**
   * Starts a new run that shares the journal of another up to (not including) its call `from`, and goes its own way from
   * there. Resolves to the new run's id. What was approved in the other run and not acted upon before `from` is asked again.
   * @throws `unknown-run` `bad-fork` `fork-repeats` `bad-text`
   * @example const forked = await runtime.fork('06f2kq8d1m3x7v9zs', { from: 7, by: 'ada' })
   */
  fork(runId: string, { from, by, ...options }: ForkOptions): Promise<string> {
    return this.#engine.control.fork(runId, from, by, options)
  }

  /**
   * What would be undone of a run that has ended, and of the runs that it started, the last effect first; and what cannot be,
   * with why.
   * @throws `unknown-run` `cannot-undo`
   * @example
   * const { steps } = await runtime.planUndo('06f2kq8d1m3x7v9zs', { from: 4 })
   * for (const { tool, state, why } of steps) console.log(tool, state, why)
   */
  planUndo(runId: string, scope?: UndoScope): Promise<UndoPlan> {
    return planRunUndo(this.#internals, runId, scope)
  }

  /**
   * Undoes what `planUndo` calls open, as a run of its own: each effect once, the last first. An undo that fails is asked: an
   * approval tries it again, a rejection leaves it and goes on.
   * @throws `unknown-run`, `cannot-undo` when there is nothing to undo, or the plan is another one by now
   * @example
   * const { hash } = await runtime.planUndo('06f2kq8d1m3x7v9zs')
   * const undo = await runtime.undo('06f2kq8d1m3x7v9zs', { by: 'ada', plan: hash })
   * console.log(await undo.result())
   */
  undo(runId: string, options: UndoOptions): Promise<RunHandle<UndoReport>> {
    return startUndo(this.#internals, runId, options)
  }
}
