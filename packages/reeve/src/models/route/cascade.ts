import type { StandardSchemaV1 } from '@standard-schema/spec'
import { isRetryable, ReeveError } from '../../base/errors.ts'
import type { AnswerCache, CacheOrigin } from '../asking/answer-cache.ts'
import type { Question, Solver, Usage } from '../solver.ts'
import { type AttemptFailure, type AttemptLimits, describeFailure, retryAfterMsOf } from './attempt.ts'
import {
  addUsage,
  askUntilValid,
  confidenceOf,
  givenFor,
  type HealingRecord,
  type HealingResult,
  readAccepted,
} from './heal.ts'
import type { AskOptions, RouteAnswer, SolverAttempt, UnsureAnswer } from './route-answer.ts'

/** The solver was never asked, and asking again will not help before someone changes the project. */
const unconfigured = new Set(['missing-key', 'unknown-price', 'missing-package'])

/** Asks solvers one after the other and keeps what became of each. */
export class Cascade {
  readonly #options: AskOptions
  readonly #attempts: SolverAttempt[] = []
  readonly #usage: Usage = { inputTokens: 0, outputTokens: 0, costUsd: 0 }
  #unsettledUsd = 0
  #best: UnsureAnswer | undefined
  #outage = false
  #retryAfterMs: number | undefined
  /** The first reason why a solver could not be asked; void once any solver was. */
  #unconfigured: ReeveError | undefined

  constructor(options: AskOptions) {
    this.#options = options
  }

  async ask(
    solver: Solver,
    question: Question,
    schema: StandardSchemaV1 | undefined,
    limits: AttemptLimits & { maxHeals: number; minConfidence: number },
  ): Promise<RouteAnswer | undefined> {
    const { breakers, cache } = this.#options
    const startedAt = performance.now()
    const kept = cache && (await this.#kept(cache, solver, question, schema))
    if (kept) {
      const answer = this.#answered(solver, kept.result, nothingAsked(), limits, startedAt, kept.origin)
      return withGiven(answer, kept.result, question)
    }
    if (breakers && !breakers.enter(solver.name)) {
      const waitMs = breakers.probeInMs(solver.name)
      this.#outage = true
      this.#noteRetryAfter(waitMs)
      this.#record(solver, 'skipped', `its breaker is open; the next try is in ${waitMs} ms`, startedAt)
      return undefined
    }
    let asked: { result: HealingResult; record: HealingRecord }
    try {
      asked = await askUntilValid(solver, question, schema, limits)
    } catch (error) {
      breakers?.withdrawn(solver.name)
      throw error
    }
    const { result, record } = asked
    addUsage(this.#usage, record.usage)
    this.#unsettledUsd += record.unsettledUsd
    if (result.outcome === 'failed') {
      this.#failed(solver, result.failure, record, limits, startedAt)
      return undefined
    }
    breakers?.succeeded(solver.name)
    if (result.outcome === 'answered') {
      const { answer } = result
      if (cache && answer.kind !== 'calls') await cache.keep(solver, question, answer, record.usage.costUsd)
      return withGiven(this.#answered(solver, result, record, limits, startedAt), result, question)
    }
    const reason = result.outcome === 'abstained' ? result.reason : result.problem
    this.#record(solver, result.outcome, reason, startedAt, record)
    return undefined
  }

  /** An answer that was kept for this very question, unless it does not fit the schema any more. */
  async #kept(
    cache: AnswerCache,
    solver: Solver,
    question: Question,
    schema: StandardSchemaV1 | undefined,
  ): Promise<{ result: NonNullable<ReturnType<typeof readAccepted>>; origin: CacheOrigin } | undefined> {
    const found = await cache.find(solver, question)
    const result = found && readAccepted(found.answer, question, schema)
    return result && { result, origin: found.origin }
  }

  #answered(
    solver: Solver,
    result: Extract<HealingResult, { outcome: 'answered' }>,
    record: HealingRecord,
    limits: { minConfidence: number },
    startedAt: number,
    cached?: CacheOrigin,
  ): RouteAnswer | undefined {
    const confidence = confidenceOf(result)
    const attempt = {
      ...record,
      ...(result.confidence === undefined ? {} : { confidence }),
      ...(cached && { cached }),
    }
    if (confidence < limits.minConfidence) {
      if (!this.#best || confidence > this.#best.confidence)
        this.#best = { value: result.value, solver: solver.name, kind: solver.kind, confidence }
      const reason = `its confidence ${confidence} is below ${limits.minConfidence}`
      this.#options.texts?.discard(reason)
      this.#record(solver, 'unsure', reason, startedAt, attempt)
      return undefined
    }
    this.#options.texts?.finish()
    const reason = record.heals > 0 ? `answered after ${record.heals} corrections` : 'answered'
    const from = cached && `given again from run ${cached.run} of ${new Date(cached.at).toISOString()}`
    this.#record(solver, 'answered', from ?? reason, startedAt, attempt)
    return {
      value: result.value,
      solver: solver.name,
      kind: solver.kind,
      ...(result.confidence === undefined ? {} : { confidence }),
      ...(cached && { cached }),
      repairs: result.repairs,
      ...(result.raw === undefined ? {} : { raw: result.raw }),
      hops: this.#attempts,
      usage: this.#usage,
      unsettledUsd: this.#unsettledUsd,
    }
  }

  #failed(
    solver: Solver,
    failure: AttemptFailure,
    record: HealingRecord,
    limits: AttemptLimits,
    startedAt: number,
  ): void {
    const { error } = failure
    const { breakers } = this.#options
    if (error instanceof ReeveError && unconfigured.has(error.code)) {
      breakers?.withdrawn(solver.name)
      this.#unconfigured ??= error
      this.#record(solver, 'skipped', error.message, startedAt, record)
      return
    }
    const retryable = isRetryable(error)
    if (retryable) {
      this.#outage = true
      this.#noteRetryAfter(retryAfterMsOf(error))
    }
    // A refusal of this one question says nothing about the next; being denied altogether does.
    const denied = error instanceof ReeveError && error.code === 'provider-denied'
    if (retryable || denied) breakers?.failed(solver.name)
    else breakers?.withdrawn(solver.name)
    this.#record(solver, 'failed', describeFailure(failure, limits.maxRetryWaitMs), startedAt, record)
  }

  #noteRetryAfter(ms: number | undefined): void {
    if (ms !== undefined) this.#retryAfterMs = Math.min(ms, this.#retryAfterMs ?? ms)
  }

  #record(
    solver: Solver,
    outcome: SolverAttempt['outcome'],
    reason: string,
    startedAt: number,
    record: HealingRecord & { confidence?: number; cached?: CacheOrigin } = nothingAsked(),
  ): void {
    const ms = performance.now() - startedAt
    const attempt: SolverAttempt = { solver: solver.name, kind: solver.kind, outcome, reason, ...record, ms }
    this.#attempts.push(attempt)
    this.#options.onAttempt?.(attempt)
  }

  exhausted(question: Question): ReeveError {
    const details: Record<string, unknown> = {
      hops: this.#attempts,
      usage: this.#usage,
      unsettledUsd: this.#unsettledUsd,
    }
    if (
      this.#unconfigured &&
      this.#attempts.every((attempt) => attempt.outcome === 'skipped') &&
      !this.#outage
    ) {
      const { code, message, details: own } = this.#unconfigured
      return new ReeveError(code, message, { cause: this.#unconfigured, details: { ...own, ...details } })
    }
    if (this.#best) details.best = this.#best
    if (this.#retryAfterMs !== undefined) details.retryAfterMs = this.#retryAfterMs
    const hops = this.#attempts
      .map((attempt) => `${attempt.solver} ${attempt.outcome}: ${attempt.reason}`)
      .join('; ')
    const message = hops
      ? `No solver of the route answered "${question.name}": ${hops}. Ask a person, or add a solver to the route.`
      : `The route for "${question.name}" has no solver. Add at least one.`
    return new ReeveError('route-exhausted', message, { retryable: this.#outage, details })
  }
}

function withGiven(
  answer: RouteAnswer | undefined,
  result: Extract<HealingResult, { outcome: 'answered' }>,
  question: Question,
): RouteAnswer | undefined {
  const given = answer && givenFor(result, question)
  return given === undefined ? answer : { ...answer!, given }
}

function nothingAsked(): HealingRecord {
  const usage = { inputTokens: 0, outputTokens: 0, costUsd: 0 }
  return { heals: 0, retries: 0, rejected: [], usage, unsettledUsd: 0 }
}
