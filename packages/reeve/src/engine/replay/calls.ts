import { fromErrorRecord, ReeveError } from '../../base/errors.ts'
import type { Secrets } from '../../base/secrets/secrets.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { checkText, isShortText } from '../../base/text/text.ts'
import { type CallKind, errorOf } from '../../store/journal/events.ts'
import type { RunMarks } from '../../store/marks/run-marks.ts'
import { reviewWorkflowName } from '../../store/runs/reviews.ts'
import type { Claim } from '../execution/claim.ts'
import { defaultSteps, type Workflow } from '../workflow.ts'
import type { Call, Settlement } from './call.ts'
import type { History, RecordedCall, RecordedSettlement } from './history.ts'
import { describeMismatch } from './mismatch.ts'

/**
 * The calls of one run: numbers them in the order in which its code makes them, compares each with what the journal has
 * under that number, and settles their promises.
 *
 *   numbered → open → settled
 *          ↘ rejected           its name is none, or it is one more than the workflow allows
 *          ↘ (never settled)    the code diverged, parked or ends
 */
export class Calls {
  readonly #workflow: Workflow
  readonly #secrets: Secrets
  readonly #marks: RunMarks
  readonly #history: History | undefined
  readonly #open = new Map<number, Call>()
  /** The highest number that a call may have. */
  readonly #last: number
  /** Which call an error came from, so that a retry of the run can make that call again. */
  #failed: WeakMap<Error, number> | undefined
  /** Branches that nobody waits for any more and that go on. */
  #left = 0
  #next: number
  #now: number

  constructor(
    claim: Claim,
    workflow: Workflow,
    history: History | undefined,
    { secrets, marks }: { secrets: Secrets; marks: RunMarks },
  ) {
    this.#workflow = workflow
    this.#secrets = secrets
    this.#marks = marks
    this.#history = history
    // Each chapter has the workflow's limits anew.
    const before = history?.callsBefore ?? 0
    this.#next = before + 1
    this.#last = before + (workflow.limits.steps ?? defaultSteps)
    this.#now = history?.input.at ?? claim.createdAt
  }

  /** The number of the call that is made next. */
  get next(): number {
    return this.#next
  }

  /** When the journal last moved the run (ms). */
  get now(): number {
    return this.#now
  }

  /** Whether the journal holds calls that the code has not made again yet. */
  get behindHistory(): boolean {
    return this.#history !== undefined && this.#history.lastStep >= this.#next
  }

  /** Some have no result yet. */
  get areOpen(): boolean {
    return this.#open.size > 0
  }

  /** A race was decided without that branch, or a failure beside it ended a `ctx.all`: nobody waits for it on purpose. */
  leave(branch: Promise<unknown>): void {
    for (const call of this.#open.values()) {
      if (call.promise !== branch) continue
      call.isLeft = true
      return
    }
    this.#left++
    const over = () => {
      this.#left--
    }
    branch.then(over, over)
  }

  /** Those that are open and were not left on purpose; none while a branch goes on whose calls cannot be told from them. */
  unawaited(): Call[] {
    return this.#left > 0 ? [] : [...this.#open.values()].filter(({ isLeft }) => !isLeft)
  }

  isOpen(call: Call): boolean {
    return this.#open.has(call.step)
  }

  openCall(step: number): Call | undefined {
    return this.#open.get(step)
  }

  number<Kind extends CallKind>(kind: Kind, given: string, args: string | null): Call<Kind> {
    const step = this.#next++
    const name = this.#secrets.redact(isShortText(given) ? given : checkName(kind, given, step).name)
    const recorded = this.#history && recordedIn(this.#history, { step, kind, name, args })
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const [override, overridden, isSettled] = [undefined, false, false]
    return { step, kind, name, args, recorded, promise, resolve, reject, override, overridden, isSettled }
  }

  /** `given`: the name that the code gave it. `differs`: it is not the call that the journal has under its number. */
  open(call: Call, given: string): 'open' | 'rejected' | 'differs' {
    const { step, kind, name, args, recorded } = call
    let checked = given
    // Another name than was given: it had a secret, or it is none.
    if (name !== given) {
      const named = checkName(kind, given, step)
      if (named.fault) {
        this.reject(call, named.fault)
        return 'rejected'
      }
      checked = named.name
    }
    if (
      recorded &&
      (recorded.kind !== kind ||
        !isNamed(recorded, name, checked) ||
        !this.#marks.isSame(recorded.args, args))
    )
      return 'differs'
    // A run that has done all that it may is put before a person like any other.
    if (step > this.#last && name !== reviewWorkflowName) {
      this.reject(call, this.#oneTooMany(step))
      return 'rejected'
    }
    this.#open.set(step, call)
    return 'open'
  }

  #oneTooMany(step: number): ReeveError {
    const before = this.#history?.callsBefore ?? 0
    return new ReeveError(
      'limit-steps',
      `The run made ${step - before} calls; its workflow allows ${this.#last - before} (limits.steps). Raise the limit, end the loop that makes them, or let it go on with ctx.continueAs.`,
    )
  }

  /** Settles a call as the journal has it. Answers false when the code did not make that call. */
  settleRecorded({ step, event, rejects }: RecordedSettlement): boolean {
    const call = this.#open.get(step)
    if (!call) return false
    this.#now = event.at
    this.#open.delete(step)
    // Nothing looks at it again, and its result may be large.
    this.#history!.calls.delete(step)
    if (rejects) this.reject(call, fromErrorRecord(errorOf(event)))
    else call.resolve(event.payload === null ? undefined : JSON.parse(event.payload))
    return true
  }

  settle({ call, value, error, at }: Settlement): void {
    this.#now = at
    this.#open.delete(call.step)
    if (error) this.reject(call, error)
    else call.resolve(value)
  }

  /** Rejects a call's promise; the workflow need not have looked at it yet. */
  reject(call: Call, error: Error): void {
    this.blame(call, error)
    call.promise.catch(() => {})
    call.reject(error)
  }

  /** Remembers which call an error came from that was made of its settlement. */
  blame(call: Call, error: unknown): void {
    if (!(error instanceof Error)) return
    this.#failed ??= new WeakMap()
    this.#failed.set(error, call.step)
  }

  /** The call that an error came from, or that an error it was made of came from. */
  stepBehind(error: unknown): number | undefined {
    try {
      for (let cause = error, depth = 0; cause instanceof Error && depth < 10; depth++, cause = cause.cause) {
        const step = this.#failed?.get(cause)
        if (step !== undefined) return step
      }
    } catch {
      // An error that cannot be read, as by a getter that throws, is none of Reeve's.
    }
    return undefined
  }

  /** Those that are open, for people; first one that waits for what many lack, such as a budget. */
  describeOpen(): string {
    const first = [...this.#open.values()].find(({ lacks }) => lacks) ?? this.#open.values().next().value
    const others = this.#open.size - 1
    const lacks = first?.lacks === undefined ? '' : `${first.lacks}: `
    const what = first ? `${lacks}${first.kind} "${first.name}"` : 'nothing'
    return others > 0 ? `${what} and ${others} more` : what
  }

  /** How the code parts from the journal, at a call that it made otherwise. */
  describeDifference(made: Call): string {
    return describeMismatch(this.#workflow, made.recorded!, made)
  }

  /** The same, at a call that it does not make. */
  describeUnmade(step: number): string {
    return describeMismatch(this.#workflow, this.#history!.calls.get(step)!, undefined)
  }

  /** The same, where the code came to its end before it made all the calls that the journal has. */
  describeLeft(why: string): string {
    const steps = [...this.#history!.calls.keys()].filter((step) => step >= this.#next)
    return `${this.describeUnmade(Math.min(...steps))}\nBefore that call ${why}.`
  }

  /** Nobody settles them any more. */
  clear(): void {
    this.#open.clear()
  }
}

function recordedIn(
  { calls, answers }: History,
  { step, kind, name, args }: Pick<Call, 'step' | 'kind' | 'name' | 'args'>,
): RecordedCall | undefined {
  return answers ? answers.answer(step, kind, name, args) : calls.get(step)
}

function checkName(kind: CallKind, name: unknown, step: number): { name: string; fault?: ReeveError } {
  try {
    return { name: checkText(name, `The name of call ${step} (${kind})`) }
  } catch (error) {
    return { name: describeValue(name), fault: error as ReeveError }
  }
}

/** A name of before a secret in it was registered stands in the journal as it was. */
function isNamed({ name }: { name: string | null }, clean: string, given: string): boolean {
  return name === clean || name === given
}
