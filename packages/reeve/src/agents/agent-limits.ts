import { toUsd, type Usd } from '../base/money.ts'
import { type Duration, toMs } from '../base/time/time.ts'

/** What bounds one piece of work of an agent. */
export interface AgentLimits {
  /** Turns of the model. Default 10. */
  iterations?: number
  /** Tokens of all turns together, in and out, as the solvers report them. Default: no limit of its own. */
  tokens?: number
  /** Tokens that one turn's prompt may hold; older parts are summarised to fit. Default 32,000. */
  context?: number
  /** What all turns together may cost. Default: what its run has left. */
  cost?: Usd
  /** From its start, waiting for people included. Default: no limit of its own. */
  time?: Duration
}

export const limitNames = [
  'iterations',
  'tokens',
  'context',
  'cost',
  'time',
] as const satisfies (keyof AgentLimits)[]

/** The same, resolved. */
export interface ResolvedLimits {
  /** Turns. */
  iterations: number
  /** Of all turns together. */
  tokens: number
  /** Of one prompt. */
  context: number
  /** Undefined: no limit of its own. */
  costUsd: number | undefined
  /** Undefined: no limit of its own. */
  timeMs: number | undefined
}

export function resolveLimits({ iterations, tokens, context, cost, time }: AgentLimits): ResolvedLimits {
  return {
    iterations: iterations ?? 10,
    tokens: tokens ?? Number.POSITIVE_INFINITY,
    context: context ?? 32_000,
    costUsd: cost === undefined ? undefined : toUsd(cost, '`limits.cost` of an agent'),
    timeMs: time === undefined ? undefined : toMs(time, '`limits.time` of an agent'),
  }
}
