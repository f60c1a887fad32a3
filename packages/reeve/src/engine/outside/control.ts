import type { Json } from '../../base/json/json.ts'
import { checkText } from '../../base/text/text.ts'
import { type ApprovalOfRun, noteExpired, requireApproval } from '../../store/approvals/approvals.ts'
import { type Acting, record } from '../../store/authority/acting.ts'
import type { Database, Session } from '../../store/database.ts'
import { itemName } from '../../store/journal/vocabulary/define.ts'
import { deliver, isDelivered } from '../../store/runs/inbox.ts'
import { lockRun, requireRun } from '../../store/runs/runs.ts'
import { answerProblem, refuseUnfitAnswer } from '../deciding/answer.ts'
import { type ReadyDecision, recordWhatWasDecided, refuseFromWithin } from '../deciding/decide.ts'
import {
  type ApprovalDecision,
  isEdited,
  plainAnswer,
  readDecision,
  refuseDecided,
  refuseOther,
  refuseSecret,
  refuseUnfit,
} from '../deciding/decision.ts'
import { type Delegation, delegateDecision, readDelegation } from '../deciding/delegate.ts'
import {
  type CheckedEdit,
  checkEdit,
  type DecidedNow,
  type EditJudge,
  editToKeep,
  type JsonSchemaCheck,
  judgeEdit,
  readEdit,
} from '../deciding/edit.ts'
import type { Notices } from '../notices.ts'
import { checkOverride, type GivenOverride, requestOverride } from '../overriding/request-override.ts'
import { encodePayload } from '../replay/payload.ts'
import type { EngineServices } from '../services.ts'
import type { ForkedInput } from '../starting/forked-input.ts'
import { type AwaitedSignal, awaitedSignals, unfitSignal } from './awaited-signals.ts'
import { forkRun } from './fork.ts'
import { type ForkPlan, planFork } from './fork-plan.ts'
import { endLeftChildren, tellToEnd } from './left-children.ts'
import { type RetryOptions, retryRun } from './retry-run.ts'
import { RunLines } from './run-lines.ts'
import { setPaused } from './set-paused.ts'
import { cancelOutside, refuseEnded } from './unheld-runs.ts'

/**
 * What people and other systems do to runs from outside. Each is one transaction: the change of state, its journal
 * event or inbox item, and the wake commit together. Afterwards `notices` says which run to look at.
 */
export class Control {
  readonly #database: Database
  readonly #lines: RunLines
  readonly #services: Pick<EngineServices, 'clock' | 'numbers' | 'newId'> &
    Partial<Pick<EngineServices, 'secrets'>>
  readonly #notices: Notices | undefined
  readonly #check: JsonSchemaCheck | undefined
  readonly #judge: EditJudge | undefined

  /**
   * Without `notices` nobody here drives runs: workers see in the database what changed.
   * Without `check` an edit or an answer is only checked when the run goes on; one that does not fit is asked again.
   * Without `judge` the same holds for an edit that grants, policies or effect budgets deny.
   */
  constructor(
    database: Database,
    services: Pick<EngineServices, 'clock' | 'numbers' | 'newId'> &
      Partial<Pick<EngineServices, 'secrets' | 'notices'>>,
    check?: JsonSchemaCheck,
    judge?: EditJudge,
  ) {
    this.#database = database
    this.#lines = new RunLines(database)
    this.#services = services
    this.#notices = services.notices
    this.#check = check
    this.#judge = judge
  }

  /**
   * Sends a signal. A signal with an `id` that the run has had already is dropped; answers whether it was new. One that
   * does not fit the wait of a parked run is refused; one that cannot be told here is set aside when it meets its wait.
   * `acting`: whoever sends it, whom the log of authority names in the same commit.
   * @throws `unknown-run` `run-ended` `unfit-signal` `bad-text` `not-serialisable`
   */
  async signal(
    runId: string,
    given: string,
    payload: Json,
    options: { id?: string; acting?: Acting } = {},
  ): Promise<boolean> {
    const name = checkText(given, 'The name of a signal')
    const id = options.id === undefined ? undefined : checkText(options.id, 'The id of a signal')
    const text = encodePayload(payload, `the payload of signal "${name}"`) ?? 'null'
    const run = await requireRun(this.#database, runId)
    const isParked = run.status === 'waiting'
    const unfit =
      this.#check && isParked
        ? await unfitSignal(this.#database, run, { name, payload }, this.#check)
        : undefined
    const fresh = await this.#lines.transaction(run.no, async (session, found) => {
      const current = found ?? (await requireRun(session, runId))
      const dedup = id === undefined ? null : `signal:${id}`
      // Who sends again for want of an answer must hear that it came, whatever the run has done since.
      if (dedup !== null && (await isDelivered(session, run.no, dedup))) return false
      refuseEnded(current, 'take a signal')
      if (unfit && current.status === 'waiting') throw unfit
      const isNew = await deliver(session, {
        run: run.no,
        name: itemName('signal', name),
        dedup,
        payload: text,
        at: this.#services.clock.now(),
      })
      if (isNew && options.acting) {
        const details = { signal: name, ...(id !== undefined && { id }) }
        await record(session, options.acting, 'run-signalled', run.id, details, run.id)
      }
      return isNew
    })
    this.#notices?.tell('run-changed', run.no)
    return fresh
  }

  /**
   * Says what a call comes to that waits, or a step that acts, in the place of what it would have come to: it is in the run's
   * inbox, and who gave it in the log of authority, in one commit.
   * @throws `unknown-run` `run-ended` `cannot-override` `may-not-override` `bad-text` `not-serialisable` `payload-too-large`
   */
  async override(runId: string, call: number, given: GivenOverride, acting: Acting): Promise<void> {
    checkOverride(runId, call, given)
    const run = await requireRun(this.#database, runId)
    await this.#database.transaction(async (session) => {
      const current = (await lockRun(session, run.no))!
      refuseEnded(current, 'be overridden')
      await requestOverride(session, { run: current, call, given, acting, check: this.#check })
    })
    this.#notices?.tell('run-changed', run.no)
  }

  /** The signals that a run waits for now. @throws `unknown-run` */
  async awaitedSignals(runId: string): Promise<AwaitedSignal[]> {
    return awaitedSignals(this.#database, await requireRun(this.#database, runId))
  }

  /**
   * Records a person's decision, and nothing else: the run goes on where a worker is. What is decided must be what its
   * run asked for, as the journal has it, and whoever decides must be one who may at this moment. What several must approve
   * stays open until they have.
   * @throws `unknown-approval` `already-decided` `approval-expired` `wrong-answer` `approval-changed` `problem-stands`
   *   `invalid-edit` `may-not-decide`
   */
  async decide(
    approvalId: string,
    given: ApprovalDecision,
    /** What commits with it. */
    beside?: (session: Session) => Promise<void>,
  ): Promise<DecidedNow> {
    const decision = readDecision(given)
    refuseFromWithin(approvalId)
    const approval = await this.#asked(approvalId)
    refuseUnfit(approval, decision)
    refuseOther(approval, decision.hash)
    refuseSecret(approval, decision.answer, this.#services.secrets ?? this.#database.secrets)
    if (decision.verdict === 'answer') await refuseUnfitAnswer(approval, decision.answer, this.#check)
    const { answer: said } = decision
    const edit =
      said !== undefined && isEdited(approval, decision)
        ? await this.previewEdit(approval.id, said, decision)
        : undefined
    const answer = encodePayload(edit ? editToKeep(approval, edit) : said, 'the answer')
    const ready: ReadyDecision = { decision, approval, answer }
    await this.#database.transaction(async (session) => {
      await recordWhatWasDecided(session, this.#services.clock, ready)
      await beside?.(session)
    })
    this.#notices?.tell('run-changed', approval.run)
    return { ...(await requireApproval(this.#database, approvalId)), isJudged: edit?.isJudged ?? true }
  }

  /**
   * Asks somebody else to decide an approval.
   * @throws `unknown-approval` `already-decided` `approval-expired` `approval-changed` `may-not-decide` `bad-text`
   */
  async delegate(approvalId: string, given: Delegation): Promise<ApprovalOfRun> {
    const delegation = readDelegation(given)
    refuseFromWithin(approvalId)
    const { clock } = this.#services
    await this.#asked(approvalId)
    await this.#database.transaction((session) => delegateDecision(session, clock, approvalId, delegation))
    return requireApproval(this.#database, approvalId)
  }

  /**
   * What an edit would make of an approval, as `decide` with it would take it. Decides nothing.
   * @throws `unknown-approval` `already-decided` `approval-expired` `invalid-edit`
   */
  async previewEdit(
    approvalId: string,
    given: Json,
    options: { replaces?: boolean } = {},
  ): Promise<CheckedEdit> {
    const approval = await requireApproval(this.#database, approvalId)
    refuseDecided(approval, this.#services.clock.now())
    const read = readEdit(approval, plainAnswer(given), options.replaces)
    if (this.#check) await checkEdit(approval, read.whole, this.#check)
    return judgeEdit(approval, read, this.#judge)
  }

  /** What is wrong with an answer to a question, or with one about an outcome; undefined: nothing. Decides nothing. */
  async answerProblem(approvalId: string, answer: Json): Promise<string | undefined> {
    return answerProblem(await requireApproval(this.#database, approvalId), answer, this.#check)
  }

  /** One that somebody is about to decide: that its time is over is noted. */
  async #asked(id: string): Promise<ApprovalOfRun> {
    const approval = await requireApproval(this.#database, id)
    const now = this.#services.clock.now()
    const isOver = approval.expires_at !== null && approval.expires_at <= now
    if (isOver && approval.status === 'pending') await noteExpired(this.#database, approval, now)
    return approval
  }

  /**
   * Ends a run and its children, but for those started with `whenParentEnds: 'detach'`. A run that acts at this moment
   * ends when what acts has settled; from now on it starts no more children.
   * @throws `unknown-run` `run-ended`
   */
  async cancel(runId: string, who: string): Promise<void> {
    const by = checkText(who, 'Who cancels')
    const run = await requireRun(this.#database, runId)
    await this.#database.transaction(async (session) => {
      const current = (await lockRun(session, run.no))!
      refuseEnded(current, 'be cancelled')
      if (current.status === 'running') await tellToEnd(session, run.no, by)
      else await cancelOutside(session, this.#services, current, by)
    })
    this.#notices?.tell('run-changed', run.no)
    if (run.parent !== null) this.#notices?.tell('run-changed', run.parent)
    for (const no of await endLeftChildren(this.#database, this.#services))
      this.#notices?.tell('run-changed', no)
  }

  /**
   * Holds a run where it is: what acts finishes, nothing new begins until it is resumed. `acting`: whoever holds it, whom the log
   * of authority names; holding what is held already is no act.
   */
  async pause(runId: string, acting?: Acting): Promise<void> {
    await this.#setPaused(runId, true, acting)
  }

  async resume(runId: string, acting?: Acting): Promise<void> {
    await this.#setPaused(runId, false, acting)
  }

  async #setPaused(runId: string, paused: boolean, acting: Acting | undefined): Promise<void> {
    const no = await setPaused(this.#database, runId, paused, acting)
    this.#notices?.tell('run-changed', no)
  }

  /**
   * Queues a failed or stuck run again: see `retryRun`.
   * @throws `unknown-run` `cannot-retry` `child-not-mended`
   */
  async retry(runId: string, who: string, options: RetryOptions = {}): Promise<void> {
    const by = checkText(who, 'Who retries')
    for (const no of await retryRun(this.#database, this.#services, runId, by, options))
      this.#notices?.tell('run-changed', no)
  }

  /**
   * Starts a new run that shares the journal of another up to (not including) its call `from`, and goes its own way
   * from there. Effects before `from` are not repeated. What was approved in the other run and not acted upon before
   * `from` is asked again. With `repeatEffects` what was sent already is sent again without asking. With `input` its function is given that, while the calls before `from` keep their results: one that is
   * made with other arguments now makes the fork `stuck`.
   * @throws `unknown-run` `bad-fork` `fork-repeats`
   */
  async fork(
    runId: string,
    from: number,
    who: string,
    options: { repeatEffects?: boolean; input?: ForkedInput } = {},
  ): Promise<string> {
    const by = checkText(who, 'Who forks')
    const no = await this.#services.numbers.take()
    const id = this.#services.newId()
    const { repeatEffects = false, input } = options
    const fork = { origin: runId, from, by, no, id, repeatEffects, input }
    await forkRun(this.#database, this.#services, fork)
    this.#notices?.tell('run-changed', no)
    return id
  }

  /** What `fork` would share, ask again and send again. Starts nothing. @throws `unknown-run` `bad-fork` */
  async previewFork(runId: string, from: number): Promise<ForkPlan> {
    return planFork(this.#database, await requireRun(this.#database, runId), from)
  }
}
