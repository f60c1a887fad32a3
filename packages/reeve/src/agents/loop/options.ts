import type { Json } from '../../base/json/json.ts'
import type { AnyAgent } from '../agent.ts'

/** One turn as it went, for whoever keeps a trace. The same on replay. */
export interface TurnTrace {
  turn: number
  /** What the model said beside its calls. */
  thought: string | undefined
  actions: { tool: string; args: Json; result: string; failed: boolean }[]
}

/** For `ctx.agent`. */
export interface AgentOptions {
  /** Told after each turn that called tools. Must be deterministic, as the workflow itself. */
  onTurn?: ((trace: TurnTrace) => void) | undefined
  /**
   * The tools of a plan that was made before anything untrusted was read, in its order: a call of any other tool asks a person,
   * who is shown the plan. Default: no plan.
   */
  plan?: readonly string[] | undefined
  /** Agents on whose behalf it acts, as after a hand-over: it may do only what each of them may, too. Default: none. */
  under?: readonly AnyAgent[] | undefined
}
