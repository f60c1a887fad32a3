import type { Agent } from '../agent.ts'
import type { TurnTrace } from '../loop/options.ts'
import type { PatternContext } from './parts/doer.ts'

/** What `react` came to. */
export interface Reacted<Output> {
  output: Output
  /** Each turn's thought, actions and what was observed. */
  trace: TurnTrace[]
}

/**
 * Reason and act: the agent's loop, with its trace in hand. The agent's limits bound it.
 * Yao and others, "ReAct: Synergizing Reasoning and Acting in Language Models", 2022.
 * @throws as `ctx.agent`
 * @example const { output, trace } = await react(ctx, writer, 'Answer: where is order A-1?')
 */
export async function react<Input, Output>(
  ctx: PatternContext,
  agent: Agent<Input, Output>,
  input: Input,
): Promise<Reacted<Output>> {
  const trace: TurnTrace[] = []
  const output = await ctx.agent(agent, input, { onTurn: (turn) => trace.push(turn) })
  return { output, trace }
}
