import type { Session } from '../../database.ts'
import { quoted } from '../../journal/events.ts'

/** A run that ended, as a piece of work of somebody or something. */
export interface WorkRow {
  no: number
  status: string
  /** ms. */
  ended_at: number
}

/** Of so many ended runs, the newest, those of one workflow are sought; of fewer the journals are read. */
const mostRuns = 20_000
const mostWorks = 1000
/** Of each journal so many events, from its first on. */
const mostEvents = 500
const mostBelow = 20_000

const ended = `select no, workflow, status, ended_at from runs
  where ended_at is not null and ended_at >= ? order by ended_at desc limit ?`
const marks = (runs: readonly number[]) => runs.map(() => '?').join(', ')

/** The newest ended runs of a workflow. */
export function worksOfWorkflow(session: Session, workflow: string, since: number): Promise<WorkRow[]> {
  return session.all<WorkRow>(`select no, status, ended_at from (${ended}) as e where workflow = ? limit ?`, [
    since,
    mostRuns,
    workflow,
    mostWorks,
  ])
}

/** The newest ended runs, whose journals are read. */
export function newestEnded(session: Session, since: number): Promise<WorkRow[]> {
  return session.all<WorkRow>(
    'select no, status, ended_at from runs where ended_at is not null and ended_at >= ? order by ended_at desc limit ?',
    [since, mostWorks],
  )
}

/** How agents ended in these runs, by their journals: local solvers write no bill. */
export function agentEnds(
  session: Session,
  runs: readonly number[],
): Promise<{ run: number; type: string; payload: string | null }[]> {
  return session.all(
    `select run, type, payload from events where run in (${marks(runs)}) and seq <= ${mostEvents}
       and type in (${quoted('agent-finished', 'agent-stopped')})`,
    [...runs],
  )
}

/** These runs and those below them, each with the one of these that it belongs to. */
export function runsBelow(session: Session, runs: readonly number[]): Promise<{ top: number; no: number }[]> {
  return session.all(
    `with recursive below(top, no) as (
       select r.no, r.no from runs r where r.no in (${marks(runs)})
       union all select b.top, r.no from below b join runs r on r.parent = b.no)
     select top, no from below limit ${mostBelow}`,
    [...runs],
  )
}

/** What people were asked in these runs. `agent`: only by its calls; its name has no sign of patterns but "_". */
export function askedIn(
  session: Session,
  runs: readonly number[],
  agent?: string,
): Promise<{ run: number; kind: string; status: string; answer: string | null }[]> {
  const by = agent === undefined ? '' : `and binds = 'effect' and shown like ? escape '\\'`
  const values = agent === undefined ? [] : [`%,"agent":"${agent.replaceAll('_', '\\_')}","under":%`]
  return session.all(`select run, kind, status, answer from approvals where run in (${marks(runs)}) ${by}`, [
    ...runs,
    ...values,
  ])
}

/** What paid models cost in these runs. `agent`: only what it asked. */
export function spentIn(
  session: Session,
  runs: readonly number[],
  agent?: string,
): Promise<{ run: number; nanousd: number }[]> {
  return session.all(
    `select run, cast(sum(nanousd) as bigint) as nanousd from model_calls
     where run in (${marks(runs)}) ${agent === undefined ? '' : 'and agent = ?'} group by run`,
    [...runs, ...(agent === undefined ? [] : [agent])],
  )
}

/** What these runs asked solvers and tools for, one row for each call. `agent`: only calls that name it, in any place. */
export function callsIn(
  session: Session,
  runs: readonly number[],
  agent?: string,
): Promise<{ run: number; step: number; type: string; denied: number; payload: string | null }[]> {
  const named = agent?.replaceAll('_', '\\_')
  const types =
    named === undefined
      ? quoted('question-completed', 'effect-completed', 'effect-failed')
      : quoted('effect-intended', 'effect-failed')
  const by = named === undefined ? '' : `and (payload like ? escape '\\' or payload like ? escape '\\')`
  return session.all(
    `select run, step, type, ${named === undefined ? 'null as payload' : 'payload'},
       case when type = ${quoted('effect-failed')} and payload like '%"code":"call-denied"%' then 1 else 0 end as denied
     from events where run in (${marks(runs)}) and seq <= ${mostEvents} and type in (${types}) ${by}`,
    [...runs, ...(named === undefined ? [] : [`%"agent":"${named}"%`, `%"agent:${named}"%`])],
  )
}
