import type { Json } from '../../base/json/json.ts'
import type { CaseResult } from '../../inspect/evals/eval-view.ts'

/** A call of a tool, seen or expected. */
export interface SeenCall {
  tool: string
  /** Absent where the journal has none: reads of a workflow's own code. */
  args?: Json
}

/** One case: what is given, and what ought to come of it. */
export interface EvalCase {
  /** By which it is known from run to run. Default: from its input. */
  id?: string
  input: Json
  /** What the output should be, for the scorers that look at it. */
  expected?: Json
  /** The calls of tools that should be made, in their order, for `toolCalls`. */
  calls?: SeenCall[]
  /** Calls that must not be made, for `toolCalls`: where they name arguments, not with these. */
  not?: SeenCall[]
}

/**
 * What became of a case. `status` is that of its run, or `waits`: it waits for what nobody in an eval gives it, or `timeout`.
 * `calls`: calls of tools, in their order. `solvers`: those that answered, by name, each once. `costUsd`: of its models. `ms`: from
 * its start to its end. `run`: its id in the eval's own database.
 */
export type CaseOutcome = CaseResult['outcome']

/** A judgement of one scorer on one case. */
export interface Score {
  /** From 0, wrong, to 1, right. */
  score: number
  /** In a few words, for people. */
  why?: string
  /** What was measured, where the scorer measures: dollars, milliseconds. */
  measured?: number
}

/** What a scorer may use. */
export interface ScoringTools {
  /**
   * Asks a route for a judgement of this case.
   * @throws `judge-is-producer` when the route has a solver that answered in the case
   */
  judge(asked: { route: string; criteria: string; case: EvalCase; outcome: CaseOutcome }): Promise<Score>
}

/** Judges the outcome of a case. Any object of this shape is one. */
export interface Scorer {
  /** Unique in an evaluation: results are kept and compared by it. */
  readonly name: string
  /** The route of models that it asks, if it asks any. */
  readonly route?: string
  score(outcome: CaseOutcome, of: EvalCase, tools: ScoringTools): Score | Promise<Score>
}
