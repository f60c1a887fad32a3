import type { Toolbox } from '../agents/toolbox.ts'
import type { CallSite } from '../engine/call-site.ts'
import type { WorkflowRegistry } from '../engine/workflow.ts'
import { type Authority, emptySnapshot } from '../governance/authority-snapshot.ts'
import type { PreparedGrant } from '../governance/grants/grant.ts'
import { PolicyBench } from '../governance/policies/policy-bench.ts'
import { isLimited } from '../governance/runs/chain.ts'
import { JudgedRun } from '../governance/runs/judged-run.ts'
import type { Tool } from '../tools/tool.ts'

/** By what the calls of runs are judged. */
export interface JudgedBy {
  authority?: Authority
  policies?: PolicyBench
}

const codeAlone: Authority = { current: () => emptySnapshot }
const noPolicies = new PolicyBench()

/** What the code of a workflow grants it; undefined: it says nothing. */
function grantsOf(workflow: { grants?: unknown }): readonly PreparedGrant[] | undefined {
  return workflow.grants as readonly PreparedGrant[] | undefined
}

export function judgedRun(
  site: CallSite,
  workflows: WorkflowRegistry,
  { authority = codeAlone, policies = noPolicies }: JudgedBy,
  toolbox: Toolbox,
): JudgedRun {
  return new JudgedRun(site, {
    authority,
    policies,
    findTool: (name) => toolbox.find(name)?.governed(),
    grantsOf: (name) => {
      // One that the project does not have any more had rights that nobody knows, and so none.
      if (name === site.workflow.name) return grantsOf(site.workflow)
      return workflows.names().includes(name) ? grantsOf(workflows.current(name)) : []
    },
    isLevelled: (name) => {
      if (name === site.workflow.name) return site.workflow.readiness !== undefined
      return workflows.names().includes(name) && workflows.current(name).readiness !== undefined
    },
  })
}

/**
 * Whether a call of a workflow's own code is judged: it was reviewed, and acts as itself. Only where its code, or that of a
 * workflow above it, says what it may do; where the project has policies; where somebody was revoked or something switched.
 */
export function isJudged(
  site: CallSite,
  workflows: WorkflowRegistry,
  { authority, policies }: JudgedBy,
  tool: Tool,
): boolean {
  const { grants, readiness } = site.workflow
  if (grants !== undefined || readiness !== undefined || (policies && !policies.isEmpty)) return true
  if (site.run.parent !== null && workflows.hasGrants) return true
  const snapshot = authority?.current()
  if (snapshot === undefined || snapshot.version === 0) return false
  const { principal } = site.run
  return isLimited(snapshot, { principal, workflow: site.workflow.name, tool: tool.name })
}
