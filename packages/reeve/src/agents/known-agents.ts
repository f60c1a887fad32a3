import { ReeveError } from '../base/errors.ts'
import { type Bounded, ceilingOfAgent } from '../governance/history/ceilings.ts'
import { type AnyAgent, isAgent } from './agent.ts'

/**
 * The agents that a project knows by name: those of its configuration, those that its files export, and their teams. An agent
 * that a file keeps to itself runs all the same; of its grants nobody can say anything before it does.
 * @throws `bad-agent` when two have one name
 */
export function agentsOf(configured: readonly AnyAgent[], exported: readonly unknown[]): AnyAgent[] {
  const agents = new Map<string, AnyAgent>()
  const add = (agent: AnyAgent): void => {
    const known = agents.get(agent.name)
    if (known === agent) return
    if (known && known.fingerprint !== agent.fingerprint) {
      throw new ReeveError(
        'bad-agent',
        `Two agents are named "${agent.name}", and neither the journal nor a budget could tell them apart. Rename one.`,
      )
    }
    agents.set(agent.name, known ?? agent)
    for (const member of agent.team) add(member)
  }
  for (const agent of [...configured, ...exported.filter(isAgent)]) add(agent)
  return [...agents.values()]
}

/** What the code of these agents, and of their teams, grants them. */
export function ceilingsOfAgents(agents: readonly AnyAgent[]): Bounded[] {
  return agentsOf(agents, []).map(ceilingOfAgent)
}
