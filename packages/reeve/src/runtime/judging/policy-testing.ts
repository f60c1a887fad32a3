import { actorOf } from '../../agents/loop/caller.ts'
import { wholeNumber } from '../../base/numbers.ts'
import { checkOptions } from '../../base/options.ts'
import { type Duration, toMs } from '../../base/time/time.ts'
import { RunRecords } from '../../engine/run-records.ts'
import { isReserved } from '../../engine/workflow.ts'
import type { Authority } from '../../governance/authority-snapshot.ts'
import type { PreparedGrant } from '../../governance/grants/grant.ts'
import { type PolicyReport, policyReport } from '../../governance/policy-test/policy-report.ts'
import {
  type TestedCall,
  type TestedPolicy,
  testRun,
  type Unjudged,
} from '../../governance/policy-test/test-run.ts'
import type { Project } from '../../project/load.ts'
import { listRuns, requireRun } from '../../store/runs/runs.ts'
import type { Tool } from '../../tools/tool.ts'
import type { RuntimeParts } from '../internals.ts'

/** For `runtime.testPolicy`. */
export interface PolicyTestOptions {
  /** The id of one run: only that. */
  run?: string
  /** Only runs of this workflow. */
  workflow?: string
  /** Only runs that began within so long. Default: since ever. */
  since?: Duration
  /** The most runs, the newest first: 1 to 100,000. Default 500. */
  limit?: number
}

export type Parts = Pick<RuntimeParts, 'database' | 'engine' | 'clock' | 'log' | 'findTool' | 'policies'> & {
  authority: Authority
}

/** @throws `unknown-run` `bad-option` `bad-number` `bad-duration` */
export async function testPolicy(
  parts: Parts,
  project: Project,
  options: PolicyTestOptions = {},
): Promise<PolicyReport> {
  const what = 'the options of a policy test'
  checkOptions(options, what, { run: 'text', workflow: 'text' })
  const { database, clock, authority } = parts
  const { run, workflow, since, limit = 500 } = options
  wholeNumber(limit, `\`limit\` of ${what}`, { most: 100_000 })
  await authority.renew?.()
  const policy = testedPolicy(parts, project)
  const from = since === undefined ? 0 : clock.now() - toMs(since, `\`since\` of ${what}`)
  const listed =
    run === undefined
      ? await listRuns(database, { limit, ...(workflow !== undefined && { workflow }) })
      : [await requireRun(database, run)]
  const runs = listed.filter(({ created_at: at, workflow: of }) => at >= from && !isReserved(of))
  const calls: TestedCall[] = []
  const unjudged: Unjudged[] = []
  for (const each of runs.toReversed()) {
    const tested = await testRun(each, policy)
    calls.push(...tested.calls)
    unjudged.push(...tested.unjudged)
  }
  return policyReport(runs.length, calls, unjudged)
}

/** A tool of the project by its name, or one of its agents' own. */
export type ToolOf = (name: string, acting?: readonly string[]) => Tool | undefined

export function toolOfProject({ findTool }: Pick<Parts, 'findTool'>, { agents }: Project): ToolOf {
  return (name, acting = []) =>
    findTool(name) ??
    agents
      .filter((agent) => acting.includes(agent.name))
      .flatMap(({ tools }) => tools)
      .find((tool) => tool.name === name) ??
    agents.flatMap(({ tools }) => tools).find((tool) => tool.name === name)
}

export function testedPolicy(
  { database, engine, clock, log, authority, findTool, policies }: Parts,
  project: Project,
): TestedPolicy {
  const { workflows } = engine
  const known = new Map(project.agents.map((agent) => [agent.name, agent]))
  const toolOf = toolOfProject({ findTool }, project)
  const names = new Set(workflows.names())
  const hasWorkflow = (name: string) => names.has(name)
  return {
    records: new RunRecords(database, clock, log),
    tool(name, acting) {
      const tool = toolOf(name, acting)
      return (
        tool && {
          governed: tool.governed(),
          effectOf: (args) => tool.effectOf(args),
          asksItself: (args) => tool.needsApproval(args),
        }
      )
    },
    agent(name) {
      const agent = known.get(name)
      return agent && actorOf(agent)
    },
    hasWorkflow,
    grantsOf: (name) =>
      hasWorkflow(name) ? (workflows.current(name).grants as readonly PreparedGrant[] | undefined) : [],
    isLevelled: (name) => hasWorkflow(name) && workflows.current(name).readiness !== undefined,
    snapshot: authority.current(),
    policies,
    now: clock.now(),
  }
}
