import { ReeveError } from '../base/errors.ts'
import { describeValue } from '../base/text/shorten.ts'
import type { WorkflowRegistry } from '../engine/workflow.ts'
import { checkChecklist } from '../governance/readiness/checklist.ts'
import type { Judged } from '../governance/readiness/held-level.ts'
import type { AnyAgent } from './agent.ts'

/** The code of a project, as far as it can have levels. */
export interface LevelledCode {
  workflows: Pick<WorkflowRegistry, 'names' | 'current'>
  agents: readonly AnyAgent[]
}

/** `agent:NAME` or `workflow:NAME`; a name alone is a workflow's, else an agent's. Undefined: the code knows none. @throws `bad-option` */
export function judgedOf(id: string, { workflows, agents }: LevelledCode): Judged | undefined {
  const [, kind, name] = /^(?:(agent|workflow):)?(.+)$/s.exec(id) ?? []
  if (name === undefined) return undefined
  if (kind !== 'agent' && workflows.names().includes(name)) {
    const { version, readiness } = workflows.current(name)
    const checklist = checkChecklist(readiness, `workflow "${name}"`)
    return { kind: 'workflow', name, version, checklist, hasChecklist: readiness !== undefined }
  }
  const agent = kind === 'workflow' ? undefined : agents.find((each) => each.name === name)
  if (!agent) return undefined
  const checklist = checkChecklist(agent.readiness, `agent "${name}"`)
  const hasChecklist = agent.readiness !== undefined
  return { kind: 'agent', name, version: agent.fingerprint, checklist, hasChecklist }
}

/** @throws `unknown-principal` `bad-option` */
export function requireJudged(id: string, code: LevelledCode): Judged {
  const judged = judgedOf(id, code)
  if (judged) return judged
  throw new ReeveError(
    'unknown-principal',
    `There is no agent or workflow ${describeValue(id)}. An agent is known when a file of agents/ or workflows/ exports it.`,
  )
}
