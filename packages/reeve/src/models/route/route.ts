import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { OutputOf } from '../../base/schema/schema.ts'
import { shownSchema } from '../reading/shown-schema.ts'
import type { Question, Solver } from '../solver.ts'
import { Cascade } from './cascade.ts'
import type { AskOptions, RouteAnswer } from './route-answer.ts'

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
