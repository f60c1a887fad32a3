/// <reference types="node" preserve="true" />

/**
 * Patterns of several agents at work. Each is a function that a workflow calls with its `ctx`, and each of its steps is a
 * call of `ctx`: durable, budgeted, and shown like any other.
 * @module
 */

export { type Critiqued, type CritiqueOptions, critique, type Review } from './critique.ts'
export { type Debated, type DebateOptions, type DebateVerdict, debate } from './debate.ts'
export { type FannedOut, type FanOutOptions, fanOut, type Subtask, type SubtaskResult } from './fan-out.ts'
export { type HandedOff, type HandOffOptions, handOff } from './hand-off.ts'
export type { Bounds } from './parts/bounds.ts'
export type { Asking, Doer, PatternContext } from './parts/doer.ts'
export { type PlanAction, type PlanDone, type PlanOptions, plan, planAction } from './plan/plan.ts'
export type { PlannedStep } from './plan/plan-graph.ts'
export { type Reacted, react } from './react.ts'
export { type Routed, type RouteOptions, route } from './route.ts'
export type {
  Conflict,
  ConflictRule,
  Contribution,
  Participant,
  StateShape,
  StateTurn,
  StateView,
} from './shared-state.ts'
export { type ThinkOptions, type Thought, think } from './think.ts'
export { type Searched, type TreeOptions, treeOfThoughts } from './tree-of-thoughts.ts'
