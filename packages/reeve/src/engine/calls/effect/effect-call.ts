import { isRetryable, messageOf, toErrorRecord } from '../../../base/errors.ts'
import type { Json } from '../../../base/json/json.ts'
import type { Row } from '../../../store/database.ts'
import { checkedEvent, type NewEvent, newEvent, payloadOf } from '../../../store/journal/events.ts'
import { changesNothing, repeatsUnanswered } from '../../../store/journal/vocabulary/effect-class.ts'
import { awaitedRow } from '../../../store/runs/awaited.ts'
import type { AppendOptions, CallSite } from '../../call-site.ts'
import { overriddenEffect } from '../../overriding/override.ts'
import type { Call } from '../../replay/call.ts'
import { runBody } from '../../replay/inside-body.ts'
import { fail } from '../fail.ts'
import { again, keyOf, retryLater, whenDue, within } from '../step.ts'
import { type AttemptOf, attemptOf } from './attempt-of.ts'
import { awaitUntil } from './await-until.ts'
import { type Effect, type EffectVerdict, NotApplied, PutOff } from './definition.ts'
import { forgedDecision } from './forged-decision.ts'
import { intendedArguments, intentOf } from './intent.ts'
import { KeyClaim } from './keys/key-claim.ts'
import { Pace } from './rate/pace.ts'
import { secretProblem } from './secrets-of-effect.ts'
import { Tries } from './tries.ts'
import { Asking } from './unknown/asking.ts'
import { Doubt } from './unknown/doubt.ts'
import { awaitAnswer, resolveUnknown, type Unresolved } from './unknown/unknown-outcome.ts'
import { Verdict } from './verdict.ts'

/**
 * One effect of one run:
 *
 *   judged → denied, or asked first                          where somebody's grants hold
 *   paced → intended → (executing) → completed | failed      with a rate: paced until it allows the call
 *                  ↘ retrying → intended …            the attempt certainly failed, or may be repeated
 *                  ↘ unknown → completed | failed | intended …      a person, or the outside system, says
 *                    ↘ unverified → unknown …         the outside system cannot be asked now
 *   shared → completed | failed | shared | intended      with a business key: while another call has it
 */
export class EffectCall implements Unresolved, AttemptOf {
  readonly site: CallSite
  readonly call: Call
  readonly effect: Effect
  readonly args: Json
  readonly key: string
  readonly asking: Asking
  readonly #tries: Tries
  readonly #pace: Pace | undefined
  readonly #claim: KeyClaim | undefined
  readonly #verdict: Verdict | undefined
  readonly #doubt: Doubt
  /** Of an attempt that waits for what may come before its time. */
  stopAwaiting: () => void = () => {}

  constructor(site: CallSite, call: Call, given: Effect, args: Json) {
    call.override = (given) => overriddenEffect(this, given)
    const definition = site.services.substitutes?.effect(given) ?? given
    this.site = site
    this.call = call
    this.effect = definition
    this.args = intendedArguments(call.recorded) ?? args
    this.key = definition.key ?? keyOf(site, call)
    const { opened } = call.recorded ?? { opened: [] }
    this.#tries = new Tries(definition, opened)
    this.asking = new Asking(this, opened)
    const { rate, oncePer, effect: its } = definition
    this.#claim = oncePer && !changesNothing(its) ? new KeyClaim(this, oncePer) : undefined
    this.#doubt = new Doubt([...(site.history?.forgotten.get(call.step) ?? []), ...opened])
    this.#verdict = definition.judge && new Verdict(this, definition.judge)
    this.#pace = rate && new Pace(site, rate, opened.at(-1)?.type === 'effect-paced')
  }

  /** Goes on from what the journal has. */
  async resume(): Promise<void> {
    const last = this.call.recorded?.opened.at(-1)
    if (!last) return this.attempt(1)
    switch (last.type) {
      case 'effect-intended': {
        const { attempt, class: made, ruling } = payloadOf(last, 'effect-intended')
        const reserved = ruling?.reservations?.length ?? 0
        // Others had taken what it was to take of an effect budget: nothing was sent.
        if (this.#verdict && !(await this.#verdict.mayHaveBeenSent(reserved))) return this.#unsent(attempt)
        // Another call had the key: nothing was sent.
        if (this.#claim && !(await this.#claim.isOurs())) return this.#unsent(attempt)
        if (await this.#claim?.isToldDone()) return
        return resolveUnknown(this, attempt, 'the process ended before the outcome was recorded', made)
      }
      case 'effect-retrying': {
        const { attempt, dueAt } = payloadOf(last, 'effect-retrying')
        return this.#attemptAt(dueAt, attempt + 1)
      }
      case 'effect-paced': {
        const { attempt, dueAt, until } = payloadOf(last, 'effect-paced')
        return until === undefined ? this.#attemptAt(dueAt, attempt) : this.#awaitUntil(until, dueAt, attempt)
      }
      case 'effect-shared': {
        const { attempt, dueAt } = payloadOf(last, 'effect-shared')
        return this.#attemptAt(dueAt, attempt)
      }
      case 'effect-unverified': {
        const { attempt, reason, dueAt, until } = payloadOf(last, 'effect-unverified')
        const intended = this.call.recorded!.opened.findLast(({ type }) => type === 'effect-intended')!
        const { class: made } = payloadOf(intended, 'effect-intended')
        return this.asking.wait({ reason, dueAt, until }, () => resolveUnknown(this, attempt, reason, made))
      }
      default: {
        const { attempt, approval } = payloadOf(last, 'effect-unknown')
        return awaitAnswer(this, approval, attempt)
      }
    }
  }

  #attemptAt(dueAt: number, attempt: number): Promise<void> | void {
    return whenDue(this.site, this.call, dueAt, () => this.attempt(attempt))
  }

  #notePaced(attempt: number, dueAt: number, options?: AppendOptions): void {
    this.site.append(this.call, newEvent('effect-paced', { attempt, dueAt }), options)
  }

  /** What it waits for is not there by its time: then it is tried all the same. */
  #putOff(attempt: number, { message: reason, at, until }: PutOff): void {
    const { site, call } = this
    const dueAt = Math.ceil(Math.max(at, site.services.clock.now() + 1))
    const awaited =
      until === undefined ? [] : [awaitedRow({ what: until, run: site.run.no, step: call.step })]
    const rows = [...awaited, ...this.givenBack]
    const paced = { attempt, dueAt, reason, ...(until !== undefined && { until }) }
    site.append(call, newEvent('effect-paced', paced), { rows })
    if (until === undefined) again(site, call, dueAt, () => this.attempt(attempt))
    else {
      this.#tries.waited()
      this.#awaitUntil(until, dueAt, attempt)
    }
  }

  #awaitUntil(until: string, dueAt: number, attempt: number): void {
    this.stopAwaiting = awaitUntil(this.site, this.call, { until, dueAt }, () => {
      // What came is used up with what the run writes next, and the attempt may be put off again.
      this.#notePaced(attempt, this.site.services.clock.now(), { join: true })
      return this.attempt(attempt)
    })
  }

  async attempt(attempt: number): Promise<void> {
    const { site, call } = this
    if (this.#verdict && !site.aborted && !(await this.#verdict.allows(attempt > 1))) return
    if (attempt === 1 && !call.recorded && site.history && !site.aborted) {
      const error = await forgedDecision(site, site.history)
      if (error) return this.fail(error)
    }
    if (this.#claim && !site.aborted && (await this.#claim.isAnothers(attempt))) return
    if (this.effect.gate && !site.aborted) {
      const closed = await this.effect.gate.ask(site.services.host, site.run)
      if (closed && !site.aborted) return this.#putOff(attempt, closed)
    }
    if (this.#pace && !site.aborted) {
      const dueAt = await this.#pace.ask()
      if (dueAt !== undefined) {
        this.#notePaced(attempt, dueAt, { join: true })
        again(site, call, dueAt, () => this.attempt(attempt))
        return
      }
    }
    if (site.aborted) return this.fail(site.signal.reason)
    if (this.effect.secrets) {
      const problem = await secretProblem(site, this.effect)
      // Nothing of this attempt was sent.
      if (problem !== undefined) return this.#failOrRetry(attempt, problem)
    }
    if (changesNothing(this.effect.effect) && !this.#verdict?.reserves) {
      // A workflow's own reads are in its code; what an agent chose to read, or a person approved, nobody else could tell.
      const { actor, approved, keepsReads } = this.effect
      if (actor || approved || keepsReads) site.append(call, this.#intent(attempt), { join: true })
    } else {
      const rows = [...(this.#claim?.rows ?? []), ...(this.#verdict?.rows ?? [])]
      this.#doubt.intended(attempt)
      await site.append(call, this.#intent(attempt), { wait: true, rows })
      if (this.#verdict && !(await this.#verdict.stands())) return this.#unsent(attempt)
      if (this.#claim && !(await this.#claim.isOurs())) return this.#unsent(attempt)
      // This process may have been stopped since, and others may have been told that nothing will happen.
      const isOurs = site.confirmClaim()
      if (isOurs !== true && !(await isOurs)) return
    }
    if (this.#pace?.isLate()) {
      this.#doubt.notSent(attempt)
      this.#notePaced(attempt, site.services.clock.now(), { rows: this.givenBack })
      return this.attempt(attempt)
    }
    let result: unknown
    try {
      const what = `tool "${this.effect.name}"`
      result = await within(site, this.effect.timeoutMs, what, (signal) =>
        this.#inside(() => this.effect.run(this.args, attemptOf(this, attempt, signal, this.#pace?.arrived))),
      )
    } catch (error) {
      return this.#afterError(attempt, error)
    } finally {
      // What was given up may still be under way.
      if (!site.aborted) this.#pace?.arrived()
    }
    this.complete(result)
  }

  #intent(attempt: number): NewEvent {
    return intentOf(this, attempt, this.#verdict?.ruling)
  }

  /** The answer is used up with what the run writes next, and the rate may put the attempt off: so it is noted with it. */
  attemptAsTold(attempt: number): Promise<void> {
    if (this.#pace) this.#notePaced(attempt, this.site.services.clock.now(), { join: true })
    return this.attempt(attempt)
  }

  async verify(attempt: number): Promise<EffectVerdict> {
    const what = `asking about "${this.effect.name}"`
    return within(this.site, this.effect.timeoutMs, what, (signal) =>
      this.#inside(() => this.effect.verify!(this.args, attemptOf(this, attempt, signal))),
    )
  }

  #inside<T>(body: () => T): T {
    return runBody(this.site, `tool "${this.effect.name}"`, body)
  }

  /** The effect has happened, so it is recorded even when its result cannot be kept: the reason stands in its place. */
  complete(result: unknown): void {
    let value = result
    let event: NewEvent
    try {
      event = checkedEvent('effect-completed', result, `the result of tool "${this.effect.name}"`)
    } catch (error) {
      value = { notKept: messageOf(error) }
      event = newEvent('effect-completed', value)
    }
    this.site.append(this.call, event, { value, rows: this.#claim?.settled('completed') })
  }

  fail(error: unknown): void {
    const rows = this.#doubt.mayHaveHappened ? this.#claim?.settled('failed') : this.givenBack
    fail(this.site, this.call, 'effect-failed', error, rows)
  }

  get mayHaveHappenedBefore(): boolean {
    return this.#doubt.mayHaveHappenedBefore
  }

  /** For whatever is written while the effect certainly has not happened: a later attempt takes it anew. */
  get givenBack(): readonly Row[] {
    if (this.#doubt.mayHaveHappened) return []
    return [...(this.#claim?.settled('released') ?? []), ...(this.#verdict?.released ?? [])]
  }

  didNotHappen(): void {
    this.#doubt.cleared()
  }

  /** Makes an attempt whose intent is durable and of which nothing was sent. */
  #unsent(attempt: number): Promise<void> {
    this.#doubt.notSent(attempt)
    return this.attempt(attempt)
  }

  #afterError(attempt: number, error: unknown): Promise<void> | void {
    if (error instanceof PutOff && !this.site.aborted) {
      this.#doubt.notSent(attempt)
      return this.#putOff(attempt, error)
    }
    const repeats = repeatsUnanswered(this.effect.effect)
    if (!repeats && !(error instanceof NotApplied)) return resolveUnknown(this, attempt, messageOf(error))
    this.#failOrRetry(attempt, error)
  }

  #failOrRetry(attempt: number, error: unknown): void {
    this.#doubt.failed(toErrorRecord(error).code)
    if (!isRetryable(error) || !this.#tries.isLeft(error) || this.site.aborted) this.fail(error)
    else this.retryLater(attempt, error)
  }

  get mayRetry(): boolean {
    return this.#tries.isLeft()
  }

  retryLater(attempt: number, error: unknown): void {
    const retried = {
      type: 'effect-retrying',
      ...this.#tries.failed(error),
      attempt,
      error,
      rows: this.givenBack,
    } as const
    retryLater(this.site, this.call, retried, () => this.attempt(attempt + 1))
  }
}
