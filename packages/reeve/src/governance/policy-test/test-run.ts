import { messageOf } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import type { RunRecords } from '../../engine/run-records.ts'
import type { RecordedRuling } from '../../store/journal/events.ts'
import type { EffectClass } from '../../store/journal/vocabulary/effect-class.ts'
import type { RunRow } from '../../store/runs/runs.ts'
import type { AuthoritySnapshot } from '../authority-snapshot.ts'
import type { BudgetReservation } from '../grants/effect-budgets.ts'
import type { PreparedGrant } from '../grants/grant.ts'
import type { PolicyBench } from '../policies/policy-bench.ts'
import type { Reason, Verdict } from '../reasons.ts'
import type { CallToJudge } from '../runs/call-to-judge.ts'
import { chainOf, isLimited, type WorkflowCode } from '../runs/chain.ts'
import { exposedToNothing } from '../runs/exposure.ts'
import { lineageOf } from '../runs/lineage.ts'
import { RunCase } from '../runs/run-case.ts'
import { RunReadings } from '../runs/run-readings.ts'
import type { GovernedTool } from '../tools/governed-tool.ts'
import { type RecordedCall, recordedCalls, withRulings } from './recorded-calls.ts'

/** A tool as its code is now. */
export interface TestedTool {
  governed: GovernedTool
  effectOf(args: unknown): EffectClass
  /** Whether it wants a person to approve such a call. */
  asksItself(args: unknown): boolean
}

/** The policy that is tried: the code of the project, its policies, and what the database says now. */
export interface TestedPolicy extends WorkflowCode {
  records: RunRecords
  /** `agents`: those that act; a tool may be an agent's own. */
  tool(name: string, agents?: readonly string[]): TestedTool | undefined
  agent(name: string): CallToJudge['agents'][number] | undefined
  hasWorkflow(name: string): boolean
  snapshot: AuthoritySnapshot
  policies: PolicyBench
  now: number
}

/** A call under both policies. */
export interface TestedCall {
  run: string
  workflow: string
  step: number
  seq: number
  at: number
  tool: string
  agent: string | null
  before: Verdict
  reasonsBefore: readonly { code: string; text: string }[]
  after: Verdict
  reasonsAfter: readonly { code: string; text: string }[]
  args: Json
  /** What it takes of effect budgets now. */
  reservations: readonly BudgetReservation[]
  /** What it took then, where a budget refused it. */
  tookBefore: RecordedRuling['reservations']
  /** It was made, and so took what it takes. */
  isMade: boolean
  /** It was made upon a person's yes: counted where it was asked. */
  isApproved: boolean
}

/** A call, or a whole run, that cannot be judged. */
export interface Unjudged {
  run: string
  step: number | null
  tool: string | null
  why: string
}

/** So many events of a run are read; longer ones are not judged. */
const mostEvents = 5000

/** Judges the calls of one run by the policy that is tried, each by what the run had read when it was made. */
export async function testRun(
  run: RunRow,
  policy: TestedPolicy,
): Promise<{ calls: TestedCall[]; unjudged: Unjudged[] }> {
  const wholly = (why: string) => ({ calls: [], unjudged: [{ run: run.id, step: null, tool: null, why }] })
  if (!policy.hasWorkflow(run.workflow))
    return wholly(`the project has no workflow "${run.workflow}" any more`)
  if ((run.head_seq ?? 0) > mostEvents) return wholly(`it has more than ${mostEvents} events`)
  const events = await policy.records.eventsAfter(run.no, 0)
  if (events.length > mostEvents) return wholly(`it has more than ${mostEvents} events`)
  if (events[0]?.seq !== 1) return wholly('its first events are not kept any more')
  const find = (name: string) => policy.tool(name)?.governed
  const lineage =
    run.parent === null
      ? { workflows: [], exposure: exposedToNothing, words: [] }
      : await lineageOf(policy.records, run.no, find)
  const its = new RunCase(new RunReadings(find, 0, lineage.exposure), lineage)
  const rulings = new Map<number, RecordedRuling>()
  const tasks = new Map<number, string[]>()
  const calls: TestedCall[] = []
  const unjudged: Unjudged[] = []
  for (const recorded of recordedCalls(events)) {
    const { step, tool, seen } = recorded
    its.readings.add(events.filter(({ seq }) => seq <= seen).map((event) => withRulings(event, rulings)))
    try {
      const call = callFrom(recorded, policy, tasks)
      const tested = await judge(run, recorded, call, its, policy)
      if (tested.record) rulings.set(step, tested.record)
      calls.push(tested.call)
    } catch (error) {
      unjudged.push({ run: run.id, step, tool, why: messageOf(error) })
    }
  }
  return { calls, unjudged }
}

/** @throws where something of it is not known */
function callFrom(
  { tool: name, args, agents, ruling, isApproved }: RecordedCall,
  policy: TestedPolicy,
  tasks: Map<number, string[]>,
): CallToJudge {
  if (!isRecord(args)) throw new Error('its arguments were too long to be kept')
  const actors = agents.map((agent) => {
    const known = policy.agent(agent)
    if (!known) throw new Error(`no file of agents/ or workflows/ exports the agent "${agent}"`)
    return known
  })
  const tool = policy.tool(name, agents)
  if (!tool) throw new Error(`no tool "${name}" is known by the files of the project`)
  const { task, plan } = ruling ?? {}
  if (agents.length > 0 && ruling && !task)
    throw new Error('the journal does not say what its agent was given to do')
  if (task?.words) tasks.set(task.step, task.words)
  return {
    tool: { ...tool.governed, effect: tool.effectOf(args) },
    given: args,
    definition: ruling?.definition ?? '',
    agents: actors,
    task: task && { step: task.step, input: tasks.get(task.step) ?? [] },
    plan,
    asksItself: !isApproved && tool.asksItself(args),
    approved: isApproved
      ? (ruling ?? { decision: 'ask', policy: '', definition: '', seq: 0, chain: [] })
      : undefined,
  }
}

async function judge(
  run: RunRow,
  recorded: RecordedCall,
  call: CallToJudge,
  its: RunCase,
  policy: TestedPolicy,
): Promise<{ call: TestedCall; record?: RecordedRuling }> {
  const args = recorded.args as Record<string, Json>
  const { before, ruling } = recorded
  const common = {
    run: run.id,
    workflow: run.workflow,
    step: recorded.step,
    seq: recorded.seq,
    at: recorded.at,
    tool: recorded.tool,
    agent: recorded.agents.at(-1) ?? null,
    before,
    reasonsBefore: against(ruling?.reasons),
    args,
    tookBefore: ruling?.reservations,
    isMade: before === 'allow',
    isApproved: recorded.isApproved,
  }
  const { snapshot, policies, now } = policy
  if (!isJudgedNow(run, recorded, its, policy)) {
    const after: Verdict = call.asksItself ? 'ask' : 'allow'
    return { call: { ...common, after, reasonsAfter: [], reservations: [] } }
  }
  const chain = chainOf(snapshot, run.principal, its.actorsOf(call, run.workflow, policy), now)
  const by = {
    run: run.id,
    workflow: run.workflow,
    // What has ended by now does not come back; hours and rates are those of the call.
    chain: chain.map((link) => ({ ...link, grants: link.grants.map((each) => endedBy(each, now)) })) as never,
    snapshot,
    spent: () => 0,
    now: recorded.at,
    policies,
    policy: '',
  }
  const { ruling: found, record } = await its.rule(call, args, by)
  const reasonsAfter = against(record.reasons)
  return {
    call: { ...common, after: record.decision, reasonsAfter, reservations: found.reservations },
    record,
  }
}

/** Whether the call is judged at all: see `isJudged`. */
export function isJudgedNow(
  { principal, workflow }: Pick<RunRow, 'principal' | 'workflow'>,
  { agents, tool }: Pick<RecordedCall, 'agents' | 'tool'>,
  { lineage }: Pick<RunCase, 'lineage'>,
  {
    grantsOf,
    isLevelled,
    policies,
    snapshot,
  }: Pick<TestedPolicy, 'grantsOf' | 'isLevelled' | 'policies' | 'snapshot'>,
): boolean {
  if (agents.length > 0 || !policies.isEmpty) return true
  const names = [workflow, ...(lineage.workflows ?? [])]
  if (
    lineage.workflows === undefined ||
    names.some((name) => grantsOf(name) !== undefined || isLevelled(name))
  )
    return true
  return isLimited(snapshot, { principal, workflow, tool })
}

function endedBy(grant: PreparedGrant, now: number): PreparedGrant {
  return { ...grant, expiresAt: now >= grant.expiresAt ? 0 : Infinity }
}

function against(reasons: readonly Reason[] = []): { code: string; text: string }[] {
  return reasons.filter(({ verdict }) => verdict !== 'allow').map(({ code, text }) => ({ code, text }))
}
