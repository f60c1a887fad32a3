import { isRetryable, messageOf, ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { canonical, type Json } from '../../base/json/json.ts'
import type { SecretRegistry } from '../../base/secrets/secrets.ts'
import {
  type ApprovedBy,
  checkedEvent,
  type NewEvent,
  newEvent,
  payloadOf,
} from '../../store/journal/events.ts'
import type { CallRate } from '../../store/ledger/call-rates.ts'
import { decisionIn, isOutcomeAnswer } from '../../store/runs/decision-item.ts'
import type { Call } from '../execution/call.ts'
import type { Execution } from '../execution/execution.ts'
import type { RecordedCall } from '../execution/history.ts'
import { runBody } from '../execution/inside-body.ts'
import { requestAnswer } from './approval.ts'
import { type ResolvedRetry, type RetryPolicy, resolveRetry } from './retry.ts'
import { again, keyOf, retryLater, within } from './step.ts'

/**
 * What may be done about an intent whose outcome is unknown (a crash, a timeout, a lost reply):
 * `read` repeat · `idempotent` repeat with the same key · `verifiable` ask the outside system by key, then decide ·
 * `once` never repeat: a person says what happened.
 */
export type EffectClass = 'read' | 'idempotent' | 'verifiable' | 'once'

export interface EffectAttempt {
  /** The same on every attempt of this effect, and unlike every other effect's anywhere: the idempotency key. */
  key: string
  /** 1 for the first. */
  attempt: number
  /** Aborted when the attempt times out or the run ends. */
  signal: AbortSignal
  /**
   * For what the attempt holds and nobody may see, such as a token that it was given: from then on it is left out of the
   * journal, logs, errors and prompts of this process. Absent outside of a run.
   */
  secrets?: SecretRegistry
}

export type EffectVerdict =
  | { outcome: 'applied'; result: Json }
  | { outcome: 'not-applied' }
  | { outcome: 'unknown'; reason: string }

/** An agent that acts in a run. */
export interface Actor {
  agent: string
  /** The agents in whose service it acts, the outermost first. */
  under: readonly string[]
}

/** An outside action as the engine drives it; a tool gives it schemas, risk and approval on top. */
export interface Effect {
  readonly name: string
  readonly effect: EffectClass
  /** For one attempt, in ms. */
  readonly timeoutMs?: number
  readonly retry?: RetryPolicy
  /** How often such calls may begin. */
  readonly rate?: CallRate
  /** The agent that acts; absent: the workflow's own code. Goes to the journal. */
  readonly actor?: Actor
  /** The decision that this effect is made upon, and no other. Goes to the journal. */
  readonly approved?: ApprovedBy
  /** What it gives, for the person who must say what an attempt gave whose outcome is unknown. */
  readonly result?: {
    /** JSON Schema; null where it cannot be told. */
    schema(): Json | null
    /** What is wrong with a result; undefined: nothing. */
    problem(result: unknown): string | undefined
  }
  run(args: Json, attempt: EffectAttempt): unknown
  /** Asks the outside system whether `key` was applied. Needed by `verifiable`. */
  verify?(args: Json, attempt: EffectAttempt): Promise<EffectVerdict> | EffectVerdict
}

/**
 * The error of an attempt that certainly changed nothing outside (refused, never sent). Without it, an error of a
 * `once` or `verifiable` effect leaves its outcome unknown.
 */
export class NotApplied extends ReeveError {
  constructor(message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super('not-applied', message, options)
  }
}

/** From what may be repeated at will to what may not. */
const classes: readonly EffectClass[] = ['read', 'idempotent', 'verifiable', 'once']

function stricter(left: EffectClass, right: EffectClass): EffectClass {
  return classes.indexOf(left) > classes.indexOf(right) ? left : right
}

/** For how long a rate's token allows a call to begin, at first: a twentieth of the rate's stretch, within these (ms). */
const leastSlackMs = 10
const mostSlackMs = 1000

/** `compared`: what replay compares, where it is not the arguments themselves. Once intended, the arguments stay. */
export function effect(
  execution: Execution,
  definition: Effect,
  args: Json,
  compared: Json = args,
): Promise<unknown> {
  const call = execution.issue('effect', definition.name, argumentsHash(compared))
  execution.perform(call, () => new EffectCall(execution, call, definition, args).resume())
  return call.promise
}

/** What the first intent has; a later life may come to others (a default that is made anew each time). */
export function intendedArguments(recorded: RecordedCall | undefined): Json | undefined {
  const intent = recorded?.opened.find(({ type }) => type === 'effect-intended')
  return intent && payloadOf(intent, 'effect-intended').args
}

export function argumentsHash(args: unknown): string {
  return sha256(canonical(args, 'What a call was given'))
}

/**
 * One effect of one run:
 *
 *   paced → intended → (executing) → completed | failed      with a rate: paced until it allows the call
 *                  ↘ retrying → intended …            the attempt certainly failed, or may be repeated
 *                  ↘ unknown → completed | failed | intended …      a person, or the outside system, says
 */
class EffectCall {
  readonly #execution: Execution
  readonly #call: Call
  readonly #effect: Effect
  readonly #args: Json
  readonly #retry: ResolvedRetry
  readonly #key: string
  /** Attempts that failed. One that its process did not survive is made again without counting. */
  #failures: number
  /** Until when the call may begin that its rate allowed (ms). */
  #mayBeginUntil = Number.POSITIVE_INFINITY
  #slackMs: number
  /** Whether it waited for its rate. */
  #paced = false

  constructor(execution: Execution, call: Call, definition: Effect, args: Json) {
    this.#execution = execution
    this.#call = call
    this.#effect = definition
    this.#args = intendedArguments(call.recorded) ?? args
    this.#retry = resolveRetry(definition.retry)
    this.#key = keyOf(execution, call)
    const before = call.recorded?.opened.filter(({ type }) => type === 'effect-retrying')
    this.#failures = before?.length ?? 0
    this.#slackMs = Math.min(Math.max((definition.rate?.perMs ?? 0) / 20, leastSlackMs), mostSlackMs)
  }

  /** Goes on from what the journal has. */
  async resume(): Promise<void> {
    const last = this.#call.recorded?.opened.at(-1)
    if (!last) return this.#attempt(1)
    switch (last.type) {
      case 'effect-intended': {
        const { attempt, class: made } = payloadOf(last, 'effect-intended')
        return this.#afterUnknown(attempt, 'the process ended before the outcome was recorded', made)
      }
      case 'effect-retrying': {
        const { attempt, dueAt } = payloadOf(last, 'effect-retrying')
        return this.#retryAt(dueAt, attempt + 1)
      }
      case 'effect-paced': {
        const { attempt, dueAt } = payloadOf(last, 'effect-paced')
        this.#paced = true
        return this.#retryAt(dueAt, attempt)
      }
      default: {
        const { attempt, approval } = payloadOf(last, 'effect-unknown')
        return this.#awaitAnswer(approval, attempt)
      }
    }
  }

  #retryAt(dueAt: number, attempt: number): Promise<void> | void {
    if (dueAt <= this.#execution.services.clock.now()) return this.#attempt(attempt)
    again(this.#execution, this.#call, dueAt, () => this.#attempt(attempt))
  }

  /** Whether its rate allows the call now; if not, it waits until it may, and is attempted then. */
  async #mayBegin(attempt: number, rate: CallRate): Promise<boolean> {
    const { callRates, clock } = this.#execution.services
    const slackMs = Math.ceil(this.#slackMs)
    const answer = await callRates.take({ rate, slackMs, waited: this.#paced })
    if ('until' in answer) {
      this.#mayBeginUntil = answer.until
      return true
    }
    this.#paced = true
    const dueAt = Math.max(answer.retryAt, Math.ceil(clock.now() + 1))
    this.#execution.openLater(this.#call, newEvent('effect-paced', { attempt, dueAt }))
    again(this.#execution, this.#call, dueAt, () => this.#attempt(attempt))
    return false
  }

  /**
   * This process took so long since its rate allowed the call that it could begin beside later ones: it asks anew, and
   * for longer, so that a slow process comes through too.
   */
  #paceAnew(attempt: number): Promise<void> {
    this.#slackMs *= 2
    const dueAt = this.#execution.services.clock.now()
    this.#execution.open(this.#call, newEvent('effect-paced', { attempt, dueAt }))
    return this.#attempt(attempt)
  }

  async #attempt(attempt: number): Promise<void> {
    const { rate } = this.#effect
    if (rate && !this.#execution.aborted && !(await this.#mayBegin(attempt, rate))) return
    if (this.#execution.aborted) {
      this.#execution.fail(this.#call, 'effect-failed', this.#execution.signal.reason)
      return
    }
    const { effect, actor, approved } = this.#effect
    const { epoch } = this.#execution.claim
    const by = {
      ...(actor && { agent: actor.agent, under: [...actor.under] }),
      ...(approved && { approved }),
    }
    const intent = { key: this.#key, class: effect, attempt, epoch, ...by, args: this.#args }
    const intended = newEvent('effect-intended', intent)
    if (effect === 'read') {
      // A workflow's own reads are in its code; what an agent chose to read, or a person approved, nobody else could tell.
      if (actor || approved) this.#execution.openLater(this.#call, intended)
    } else {
      await this.#execution.note(this.#call, intended)
      // This process may have been stopped since, and others may have been told that nothing will happen.
      const held = this.#execution.surelyHeld()
      if (held !== true && !(await held)) return
    }
    if (this.#execution.services.clock.now() > this.#mayBeginUntil) return this.#paceAnew(attempt)
    let result: unknown
    try {
      result = await within(
        this.#execution,
        this.#effect.timeoutMs,
        `tool "${this.#effect.name}"`,
        (signal) => this.#inside(() => this.#effect.run(this.#args, this.#attemptOf(attempt, signal))),
      )
    } catch (error) {
      return this.#afterError(attempt, error)
    }
    this.#complete(result)
  }

  #attemptOf(attempt: number, signal: AbortSignal): EffectAttempt {
    return { key: this.#key, attempt, signal, secrets: this.#execution.services.secrets }
  }

  #inside<T>(body: () => T): T {
    return runBody(this.#execution, `tool "${this.#effect.name}"`, body)
  }

  /** The effect has happened, so it is recorded even when its result cannot be kept: the reason stands in its place. */
  #complete(result: unknown): void {
    let kept = result
    let event: NewEvent
    try {
      event = checkedEvent('effect-completed', result, `the result of tool "${this.#effect.name}"`)
    } catch (error) {
      kept = { notKept: messageOf(error) }
      event = newEvent('effect-completed', kept)
    }
    this.#execution.settle(this.#call, event, kept)
  }

  /** As a person says it. What does not fit would fail the run for good, so it is asked again, with why. */
  #completeAsTold(attempt: number, result: Json, approval: string): void {
    const problemOf = (told: unknown) => this.#effect.result?.problem(told)
    const problem = problemOf(result)
    if (problem === undefined) this.#complete(result)
    // For a tool that gives nothing, nothing is what was told.
    else if (result === null && problemOf(undefined) === undefined) this.#complete(undefined)
    else {
      const reason = `a person said that it happened, with a result that does not fit: ${problem}`
      this.#ask(attempt, reason, approval)
    }
  }

  #afterError(attempt: number, error: unknown): Promise<void> | void {
    const repeatable = this.#effect.effect === 'read' || this.#effect.effect === 'idempotent'
    if (!repeatable && !(error instanceof NotApplied)) return this.#afterUnknown(attempt, messageOf(error))
    if (!isRetryable(error) || !this.#mayRetry || this.#execution.aborted) {
      this.#execution.fail(this.#call, 'effect-failed', error)
      return
    }
    this.#retryLater(attempt, error)
  }

  get #mayRetry(): boolean {
    return this.#failures + 1 < this.#retry.attempts
  }

  #retryLater(attempt: number, error: unknown): void {
    this.#failures++
    retryLater(this.#execution, this.#call, 'effect-retrying', this.#retry, attempt, error, () =>
      this.#attempt(attempt + 1),
    )
  }

  /**
   * Nobody here knows whether the attempt took effect. `made`: the class under which it was made, which the code may have
   * changed since; what either of the two forbids is not done.
   */
  async #afterUnknown(attempt: number, reason: string, made = this.#effect.effect): Promise<void> {
    switch (stricter(made, this.#effect.effect)) {
      case 'read':
      case 'idempotent':
        return this.#attempt(attempt + 1)
      case 'verifiable':
        return this.#verify(attempt, reason)
      case 'once':
        return this.#ask(attempt, reason)
    }
  }

  async #verify(attempt: number, reason: string): Promise<void> {
    if (!this.#effect.verify) return this.#ask(attempt, reason)
    let verdict: EffectVerdict
    try {
      verdict = await within(
        this.#execution,
        this.#effect.timeoutMs,
        `asking about "${this.#effect.name}"`,
        (signal) => this.#inside(() => this.#effect.verify!(this.#args, this.#attemptOf(attempt, signal))),
      )
    } catch (error) {
      verdict = { outcome: 'unknown', reason: `${reason}; asking failed: ${messageOf(error)}` }
    }
    if (verdict.outcome === 'applied') return this.#complete(verdict.result)
    if (verdict.outcome === 'unknown') return this.#ask(attempt, verdict.reason)
    if (!this.#mayRetry) {
      const what = `Tool "${this.#effect.name}" did not take effect in ${attempt} attempts: ${reason}`
      this.#execution.fail(this.#call, 'effect-failed', new NotApplied(what))
      return
    }
    this.#retryLater(attempt, new NotApplied(reason))
  }

  /** A person must say what happened; until then the run waits. `again`: the request that got an unfit answer. */
  #ask(attempt: number, reason: string, again?: string): void {
    const shown = { tool: this.#effect.name, args: this.#args, key: this.#key, attempt, reason }
    const asked = { kind: 'outcome', subject: this.#effect.name, shown } as const
    const schema = this.#effect.result?.schema() ?? null
    const approval = requestAnswer(this.#execution, this.#call, asked, {
      id: again,
      expires_at: null,
      input_schema: schema === null ? null : JSON.stringify(schema),
    })
    this.#execution.open(this.#call, newEvent('effect-unknown', { attempt, reason, approval }))
    this.#awaitAnswer(approval, attempt)
  }

  /** The answer is used up with what the run writes next, and the rate may let the attempt wait: so it is noted with it. */
  #attemptAsTold(attempt: number): Promise<void> {
    if (this.#effect.rate) {
      const dueAt = this.#execution.services.clock.now()
      this.#execution.openLater(this.#call, newEvent('effect-paced', { attempt, dueAt }))
    }
    return this.#attempt(attempt)
  }

  #awaitAnswer(approval: string, attempt: number): void {
    this.#execution.inbox.wait(`outcome:${approval}`, this.#call.step, (item) => {
      const answer = decisionIn(item)?.answer
      this.#execution.perform(this.#call, () => {
        if (!isOutcomeAnswer(answer)) return this.#ask(attempt, 'what was answered cannot be read', approval)
        if (answer.happened) return this.#completeAsTold(attempt, answer.result ?? null, approval)
        if (answer.retry) return this.#attemptAsTold(attempt + 1)
        const what = `Tool "${this.#effect.name}" did not take effect, a person says.`
        this.#execution.fail(this.#call, 'effect-failed', new NotApplied(what))
      })
    })
  }
}
