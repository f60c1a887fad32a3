import type { Json } from '../../base/json/json.ts'
import type { Clock } from '../../base/time/time.ts'
import type { AnswerCache, CacheOrigin } from '../asking/answer-cache.ts'
import type { TextStream } from '../asking/text-stream.ts'
import type { Solver, Usage } from '../solver.ts'
import type { CircuitBreakers } from './breaker.ts'
import type { HealingRecord } from './heal.ts'

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
