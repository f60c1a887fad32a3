import type { JudgedRun } from '../../governance/runs/judged-run.ts'
import type { Caller } from '../../tools/judged-call.ts'
import type { AnyAgent } from '../agent.ts'

/** An agent as it calls tools: with those on whose behalf it acts. */
export type AgentCaller = Caller & Required<Pick<Caller, 'actor' | 'agents'>>

/** Each hand-over appends to those above, and nothing removes one. */
export function callerFor(
  { judged }: { judged: JudgedRun },
  agent: AnyAgent,
  { plan, under = [] }: { plan?: readonly string[]; under?: readonly AnyAgent[] },
  above: AgentCaller | undefined,
): AgentCaller {
  const agents = [...(above?.agents ?? under.map(actorOf)), actorOf(agent)]
  const names = agents.map(({ name }) => name)
  const keeps = plan ?? above?.plan
  return {
    judged,
    actor: { agent: agent.name, under: names.slice(0, -1) },
    agents,
    ...(above?.task && { task: above.task }),
    ...(keeps && { plan: keeps }),
  }
}

/** An agent before permission. */
export function actorOf({
  name,
  grants,
  hasGrants,
  instructions,
  readiness,
}: AnyAgent): AgentCaller['agents'][number] {
  const levelled = readiness === undefined ? {} : { isLevelled: true }
  return { kind: 'agent', name, grants, isGranted: hasGrants, instructions, ...levelled }
}
