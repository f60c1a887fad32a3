import type { Effect } from './calls/effect/definition.ts'

/** What stands in for the outside, where runs must not touch it: in evals and tests. It is asked right before something acts. */
export interface Substitutes {
  /** What is done in place of this effect. */
  effect(definition: Effect): Effect
  /** What is run in place of the body of this step. */
  step<Body extends (attempt: never) => unknown>(name: string, body: Body): Body
}
