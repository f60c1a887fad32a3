import { canonical, type Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { findMask } from '../../base/secrets/secrets.ts'
import type { EditJudge } from '../../engine/deciding/edit.ts'
import type { Workflow } from '../../engine/workflow.ts'
import type { PreparedGrant } from '../../governance/grants/grant.ts'
import { isJudgedNow, type TestedPolicy } from '../../governance/policy-test/test-run.ts'
import type { CallToJudge } from '../../governance/runs/call-to-judge.ts'
import { chainOf } from '../../governance/runs/chain.ts'
import { exposedToNothing } from '../../governance/runs/exposure.ts'
import { lineageOf } from '../../governance/runs/lineage.ts'
import { RunCase } from '../../governance/runs/run-case.ts'
import { RunReadings } from '../../governance/runs/run-readings.ts'
import { spentBy } from '../../governance/runs/spent-by.ts'
import type { Project } from '../../project/load.ts'
import type { ApprovalOfRun } from '../../store/approvals/approvals.ts'
import { payloadIfSound, type RecordedRuling } from '../../store/journal/events.ts'
import type { JournalEvent } from '../../store/journal/journal.ts'
import { type RunRow, requireRun } from '../../store/runs/runs.ts'
import { argumentsFor } from '../../tools/arguments/arguments.ts'
import { definitionOf } from '../../tools/judged-call.ts'
import type { Tool } from '../../tools/tool.ts'
import { type Parts, testedPolicy, toolOfProject } from './policy-testing.ts'

/** So many events of a run are read; an edit in a longer one is judged as its run goes on. */
const mostEvents = 5000

/**
 * Judges an edited call before its approval is used up, by the journal of its run: as it will be judged when the run goes on, as
 * far as this process has the code that the run has. Whatever changes until then counts there.
 */
export function editJudge(partsOf: () => Parts, project: Project): EditJudge {
  return async (approval, whole) => {
    const parts = partsOf()
    const { authority, database, engine } = parts
    const run = await requireRun(database, approval.run_id)
    const workflow = engine.workflows.find(run.workflow, run.version)
    if (!workflow || (run.head_seq ?? 0) > mostEvents || findMask(whole) !== undefined) return undefined
    await authority.renew?.()
    const policy = ofVersion(workflow, testedPolicy(parts, project))
    const events = await policy.records.eventsAfter(run.no, 0)
    const call = callOf(approval, whole, { run, events, policy, toolOf: toolOfProject(parts, project) })
    if (!call || events[0]?.seq !== 1) return undefined
    const its = await caseOf(run, events, policy)
    if (
      !isJudgedNow(
        run,
        { agents: call.trial.agents.map(({ name }) => name), tool: approval.subject },
        its,
        policy,
      )
    )
      return null
    // As the decision will stand in the journal: what a person gives of their own is theirs.
    its.readings.values.add({
      value: whole,
      label: 'operator',
      isPrivate: false,
      isVouched: true,
      place: 'the edit',
    })
    return whyDenied(call, its, { run, policy })
  }
}

/** The run has the rights of its own version. */
function ofVersion({ name: own, grants, readiness }: Workflow, policy: TestedPolicy): TestedPolicy {
  return {
    ...policy,
    grantsOf: (name) =>
      name === own ? (grants as readonly PreparedGrant[] | undefined) : policy.grantsOf(name),
    isLevelled: (name) => (name === own ? readiness !== undefined : policy.isLevelled(name)),
  }
}

interface EditedCall {
  trial: CallToJudge
  args: Record<string, Json>
}

/** The call as it is edited. Undefined: something of it is not known here. */
function callOf(
  { subject, shown, step }: ApprovalOfRun,
  whole: Json,
  of: {
    run: RunRow
    events: readonly JournalEvent[]
    policy: TestedPolicy
    toolOf: (name: string, acting: readonly string[]) => Tool | undefined
  },
): EditedCall | undefined {
  const asked = JSON.parse(shown) as { args: Json; agent?: string; under?: string[] }
  const names = asked.agent === undefined ? [] : [...(asked.under ?? []), asked.agent]
  const agents = names.flatMap((name) => of.policy.agent(name) ?? [])
  const tool = of.toolOf(subject, names)
  const read = tool && argumentsFor(tool, whole)
  if (agents.length < names.length || !read?.ok || !isRecord(read.json)) return undefined
  const ruling = rulingOf(of.events, { tool: subject, args: asked.args, before: step })
  if (agents.length > 0 && ruling === undefined) return undefined
  const { task, plan } = ruling ?? {}
  const account = tool?.service?.account(read.parsed, of.run.principal)
  return {
    args: read.json as Record<string, Json>,
    trial: {
      tool: { ...tool!.governed(), effect: tool!.effectOf(read.parsed) },
      given: whole,
      ...(account !== undefined && { account }),
      definition: definitionOf(tool!),
      agents,
      task: task && { step: task.step, input: wordsOf(of.events, task.step) },
      plan,
      asksItself: false,
      isEdited: true,
      approved: ruling,
    },
  }
}

/** Why a person is asked for these arguments: the last ruling of such a call. */
function rulingOf(
  events: readonly JournalEvent[],
  { tool, args, before }: { tool: string; args: Json; before: number },
): RecordedRuling | undefined {
  const wanted = canonical(args)
  return events
    .filter(({ name, step }) => name === tool && (step ?? before) < before)
    .map(
      (event) => payloadIfSound(event, 'effect-asked')?.details as { ruling?: RecordedRuling; args?: Json },
    )
    .findLast((details) => details?.args !== undefined && canonical(details.args) === wanted)?.ruling
}

/** The words of a task stand with the first ruling that names it. */
function wordsOf(events: readonly JournalEvent[], step: number): string[] {
  for (const event of events) {
    const error = payloadIfSound(event, 'effect-asked', 'effect-failed')
    const refused = (error?.details as { ruling?: RecordedRuling } | undefined)?.ruling
    const task = (payloadIfSound(event, 'effect-intended')?.ruling ?? refused)?.task
    if (task?.step === step && task.words) return task.words
  }
  return []
}

async function caseOf(run: RunRow, events: readonly JournalEvent[], policy: TestedPolicy): Promise<RunCase> {
  const find = (name: string) => policy.tool(name)?.governed
  const lineage =
    run.parent === null
      ? { workflows: [], exposure: exposedToNothing, words: [] }
      : await lineageOf(policy.records, run.no, find)
  const readings = new RunReadings(find, 0, lineage.exposure)
  readings.add(events)
  return new RunCase(readings, lineage)
}

async function whyDenied(
  { trial, args }: EditedCall,
  its: RunCase,
  { run, policy: { records, snapshot, policies, now, ...code } }: { run: RunRow; policy: TestedPolicy },
): Promise<string | null> {
  const chain = chainOf(snapshot, run.principal, its.actorsOf(trial, run.workflow, code), now)
  const spent = await spentBy(records, chain, { tool: trial.tool.name, args, now, id: '' })
  const by = { run: run.id, workflow: run.workflow, chain, snapshot, spent, now, policies, policy: '' }
  const { decision, reasons = [] } = (await its.rule(trial, args, by)).record
  if (decision !== 'deny') return null
  const denying = reasons.filter(({ verdict }) => verdict === 'deny')
  return denying.map(({ text }) => text).join(' ')
}
