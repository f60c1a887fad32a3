import type { Session } from '../../store/database.ts'
import { payloadIfSound } from '../../store/journal/events.ts'
import {
  agentEnds,
  askedIn,
  callsIn,
  newestEnded,
  runsBelow,
  spentIn,
  type WorkRow,
  worksOfWorkflow,
} from '../../store/runs/figures/work-figures.ts'
import { dayMs, type MetricsByDay, metricsByDay, type Sums } from './metrics.ts'

/**
 * Whose work is measured. An agent's are the runs in which it ended, with what it did itself; a directive's are the runs that follow
 * it, with all that the runs below them did.
 */
export type Worker = { kind: 'agent'; agent: string } | { kind: 'directive'; workflow: string }

const atOnce = 500

interface Work extends Sums {
  day: number
}

/** The six metrics of one agent or directive by day, of its newest ended runs. `since`: ms. */
export async function workMetrics(session: Session, worker: Worker, since: number): Promise<MetricsByDay> {
  const works = new Map<number, Work>()
  const agent = worker.kind === 'agent' ? worker.agent : undefined
  if (worker.kind === 'agent') await addAgentWorks(session, worker.agent, since, works)
  else
    for (const row of await worksOfWorkflow(session, worker.workflow, since)) works.set(row.no, workOf(row))
  for (const tops of parted([...works.keys()])) {
    const runs =
      worker.kind === 'agent' ? tops.map((no) => ({ top: no, no })) : await runsBelow(session, tops)
    const workBy = new Map(runs.map(({ top, no }) => [no, works.get(top)!]))
    for (const part of parted([...workBy.keys()])) await addFigures(session, part, workBy, agent)
  }
  return metricsByDay(
    [...works.values()].map((each) => ({ ...each, escalated: Math.min(1, each.escalated) })),
  )
}

function workOf({ status, ended_at }: WorkRow): Work {
  const succeeded = status === 'succeeded' ? 1 : 0
  return {
    day: Math.floor(ended_at / dayMs),
    ended: 1,
    succeeded,
    failed: status === 'failed' ? 1 : 0,
    completed: succeeded,
    escalated: 0,
    decided: 0,
    corrected: 0,
    asked: 0,
    called: 0,
    blocked: 0,
    nanousd: 0,
  }
}

/** An agent that ended several times in a run did one work there, of all its turns. */
async function addAgentWorks(session: Session, agent: string, since: number, works: Map<number, Work>) {
  const ended = new Map((await newestEnded(session, since)).map((row) => [row.no, row]))
  for (const part of parted([...ended.keys()]))
    for (const row of await agentEnds(session, part)) {
      const end = payloadIfSound(row, 'agent-finished', 'agent-stopped')
      if (end?.agent !== agent) continue
      const work = works.get(row.run) ?? workOf(ended.get(row.run)!)
      works.set(row.run, work)
      work.asked += work.completed * end.turns
    }
}

async function addFigures(
  session: Session,
  runs: readonly number[],
  workBy: ReadonlyMap<number, Work>,
  agent: string | undefined,
): Promise<void> {
  for (const { run, kind, status, answer } of await askedIn(session, runs, agent)) {
    const work = workBy.get(run)!
    work.escalated = 1
    if (kind !== 'approval' || (status !== 'approved' && status !== 'rejected')) continue
    work.decided++
    if (status === 'rejected' || answer !== null) work.corrected++
  }
  for (const { run, nanousd } of await spentIn(session, runs, agent)) workBy.get(run)!.nanousd += nanousd
  const counted = new Set<string>()
  for (const row of await callsIn(session, runs, agent)) {
    const work = workBy.get(row.run)!
    if (row.type === 'question-completed') {
      work.asked += work.completed
      continue
    }
    if (agent !== undefined && row.type === 'effect-intended') {
      // The name may also stand in the arguments.
      if (payloadIfSound(row, 'effect-intended')?.agent !== agent) continue
    } else if (agent !== undefined && row.denied === 0) continue
    work.blocked += row.denied
    // Each attempt of an agent's call is intended anew, and one that was denied may never have been.
    const call = `${row.run} ${row.step}`
    if (counted.has(call)) continue
    counted.add(call)
    work.called++
  }
}

function parted(all: readonly number[]): number[][] {
  return Array.from({ length: Math.ceil(all.length / atOnce) }, (_, part) =>
    all.slice(part * atOnce, (part + 1) * atOnce),
  )
}
