/// <reference types="node" preserve="true" />

/**
 * What the cases of a project are judged with: evaluations, and the scorers that judge them.
 * @module
 */

export type { CaseResult } from '../inspect/evals/eval-view.ts'
export { type CorrectedCases, type CorrectedOptions, corrected } from './corrected-cases.ts'
export {
  type EvalTask,
  type Evaluation,
  type EvaluationDefinition,
  evaluation,
  type Mocks,
  type RouteTask,
} from './evaluation.ts'
export { exact, fits, type OutputScorerOptions, similarity } from './scorers/output-scorers.ts'
export {
  cost,
  latency,
  type RubricOptions,
  rubric,
  type ToolCallsOptions,
  toolCalls,
} from './scorers/run-scorers.ts'
export type {
  CaseOutcome,
  EvalCase,
  Score,
  Scorer,
  ScoringTools,
  SeenCall,
} from './scorers/scorer.ts'
