import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Json } from '../../base/json/json.ts'
import type { OutputOf } from '../../base/schema/schema.ts'
import type { Clock } from '../../base/time/time.ts'
import type { AnswerCache, CacheOrigin } from '../asking/answer-cache.ts'
import type { TextStream } from '../asking/text-stream.ts'
import { shownSchema } from '../reading/shown-schema.ts'
import type { Question, Solver, Usage } from '../solver.ts'
import type { CircuitBreakers } from './breaker.ts'
import { Cascade } from './cascade.ts'
import type { HealingRecord } from './heal.ts'

/** Solvers for one kind of question, the cheapest first. */
export interface RouteDefinition {
  /** Who is asked, in this order. */
  solvers: Solver[]
  /** Below it an answer is unsure and the next solver is asked. Default 0: every answer will do. */
  minConfidence?: number
  /** Times that a solver may mend an invalid answer. Default 2. */
  maxHeals?: number
  /** For one answer of one solver. Default 60,000. */
  timeoutMs?: number
  /** Times that a retryable failure is tried again with the same solver. Default 2. */
  maxRetries?: number
  /** The longest wait between such tries, `Retry-After` included. Default 5,000. */
  maxRetryWaitMs?: number
  /**
   * Whether the stable part of prompts (instructions, tools, schema) is marked for the provider's prompt cache. Default:
   * in conversations of agents, where each turn reads what the turn before has written. Writing costs more than
   * reading saves when the same prompt does not come again within minutes.
   */
  promptCache?: boolean
}

/** What happened at one solver of a route; goes to the journal as it stands. */
export interface SolverAttempt extends HealingRecord {
  solver: string
  kind: Solver['kind']
  outcome: 'answered' | 'abstained' | 'unsure' | 'invalid' | 'failed' | 'skipped'
  reason: string
  confidence?: number
  /** The solver was not asked: an earlier run had been given this answer. */
  cached?: CacheOrigin
  ms: number
}

export interface RouteAnswer<T = unknown> {
  value: T
  /** The JSON that the value was made from, when the value itself is none. */
  given?: Json
  /** The solver that gave it, and what that solver is. */
  solver: string
  kind: Solver['kind']
  confidence?: number
  /** Given in an earlier run, at no cost to this one. */
  cached?: CacheOrigin
  /** What was left out or mended in its text to read it. */
  repairs: string[]
  /** Its text as the solver wrote it; only when it had to be repaired or healed. */
  raw?: string
  /** All solvers that were asked, in order; journals have them under this name. */
  hops: SolverAttempt[]
  /** Of all attempts together. */
  usage: Usage
  unsettledUsd: number
}

export interface AskOptions {
  signal: AbortSignal
  clock: Clock
  breakers?: CircuitBreakers
  /** Looked up before each solver is asked; what a solver answers is kept there. */
  cache?: AnswerCache
  /** Hears what solvers write, while they write it. */
  texts?: TextStream
  /** 0..1, spreads retries. */
  random?: () => number
  /** Called as each attempt ends, before the next one begins. */
  onAttempt?: (attempt: SolverAttempt) => void
}

/** An answer that was there but not sure enough; rides in the details of `route-exhausted` for a person to judge. */
export interface UnsureAnswer {
  value: unknown
  solver: string
  kind: Solver['kind']
  confidence: number
}

/**
 * Asks the solvers of a route in order until one gives a valid answer that is sure enough. The next solver is asked
 * when one abstains, is unsure, stays invalid after healing, fails, times out, or has an open breaker.
 * Without a schema the answer is text. `question.schema` is filled in from `schema` when it is absent; set it once
 * where the question is defined to spare the conversion on every call.
 *
 * @throws `route-exhausted` (details: `hops`, `best` unsure answer, `retryAfterMs`, `usage`, `unsettledUsd`;
 * retryable when an outage was among the reasons); the configuration error itself, such as `missing-key`, when no
 * solver could be asked at all; the signal's reason when the caller aborts.
 */
export async function askRoute<S extends StandardSchemaV1 | undefined>(
  route: RouteDefinition,
  question: Question,
  schema: S,
  options: AskOptions,
): Promise<RouteAnswer<S extends StandardSchemaV1 ? OutputOf<S> : string>> {
  options.signal.throwIfAborted()
  const asked = schema && !question.schema ? { ...question, schema: shownSchema(schema) } : question
  const limits = {
    clock: options.clock,
    signal: options.signal,
    random: options.random,
    minConfidence: route.minConfidence ?? 0,
    maxHeals: route.maxHeals ?? 2,
    timeoutMs: route.timeoutMs ?? 60_000,
    maxRetries: route.maxRetries ?? 2,
    maxRetryWaitMs: route.maxRetryWaitMs ?? 5000,
    promptCache: route.promptCache,
    texts: options.texts,
  }
  const state = new Cascade(options)
  for (const solver of route.solvers) {
    const answer = await state.ask(solver, asked, schema, limits)
    if (answer) return answer as RouteAnswer<S extends StandardSchemaV1 ? OutputOf<S> : string>
  }
  throw state.exhausted(question)
}
