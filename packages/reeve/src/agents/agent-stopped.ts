import { ReeveError } from '../base/errors.ts'

/** Why an agent was stopped before its final answer. */
export type StopReason =
  | 'iterations'
  | 'tokens'
  | 'context'
  | 'time'
  | 'repeated-call'
  | 'no-progress'
  | 'guard'

const advice: Record<StopReason, string> = {
  iterations: 'Raise limits.iterations, or give it a narrower task.',
  tokens: 'Raise limits.tokens, or give it a narrower task.',
  context: 'Raise limits.context, or give it less at once.',
  time: 'Raise limits.time, or give it a narrower task.',
  'repeated-call': 'Look at its tools’ descriptions and results: they do not lead it on.',
  'no-progress': 'Look at its tools’ descriptions and results: they do not lead it on.',
  guard: 'Look at the guard and at the instructions: they do not go together.',
}

/** @returns `agent-stopped` (details: `agent`, `why`, `turns`, `tokens`, `costUsd`) */
export function agentStopped(
  agent: string,
  why: StopReason,
  reason: string,
  figures: { turns: number; tokens: number; costUsd: number },
): ReeveError {
  return new ReeveError('agent-stopped', `Agent "${agent}" was stopped: ${reason}. ${advice[why]}`, {
    details: { agent, why, ...figures },
  })
}
