import type { Session } from '../../database.ts'
import { quoted } from '../../journal/events.ts'
import { reviewWorkflowName } from '../reviews.ts'

/** Of which agent or workflow. */
export interface ActorOfRuns {
  kind: 'agent' | 'workflow'
  name: string
  /** Of a workflow: only what this version did. */
  version: string
}

/** When the newest of its models was asked first (ms); 0: none was. */
export async function modelSince(session: Session, { kind, name }: ActorOfRuns): Promise<number> {
  const changed = await session.get<{ at: number | null }>(
    `select max(first_at) as at from (
       select min(at) as first_at from model_calls where ${kind} = ? group by model) as models`,
    [name],
  )
  return changed?.at ?? 0
}

/** What people decided of its requests since a time, and said of its runs that they reviewed afterwards; the newest first. */
export function decisionsAbout(
  session: Session,
  of: ActorOfRuns,
  { since, limit }: { since: number; limit: number },
): Promise<{ status: 'approved' | 'rejected'; answer: string | null; decided_at: number }[]> {
  const { approvals, runs } = partsOf(of)
  const decided = `a.kind = 'approval' and a.status in ('approved', 'rejected') and a.decided_at >= ?`
  return session.all(
    `select status, answer, decided_at from (
       select a.status, a.answer, a.decided_at, a.id from approvals a join runs r on r.no = a.run
       where ${approvals.sql} and r.workflow <> '${reviewWorkflowName}' and ${decided}
       union all select a.status, a.answer, a.decided_at, a.id from runs r
       join runs v on v.parent = r.no and v.workflow = '${reviewWorkflowName}' join approvals a on a.run = v.no
       where ${runs.sql} and ${decided}) as said
     order by decided_at desc, id desc limit ?`,
    [...approvals.values, since, ...runs.values, since, limit],
  )
}

/** How many of its runs ended since a time, well and not. */
export async function endedSince(
  session: Session,
  of: ActorOfRuns,
  since: number,
): Promise<{ succeeded: number; failed: number }> {
  const { runs } = partsOf(of)
  const ended = await session.all<{ status: string; count: number }>(
    `select r.status, count(*) as count from runs r where ${runs.sql} and r.ended_at >= ?
       and r.status in ('succeeded', 'failed') group by r.status`,
    [...runs.values, since],
  )
  const count = (status: string) => Number(ended.find((row) => row.status === status)?.count ?? 0)
  return { succeeded: count('succeeded'), failed: count('failed') }
}

/** How many of its calls were denied in runs since a time, but for its level. */
export async function deniedSince(session: Session, of: ActorOfRuns, since: number): Promise<number> {
  const { runs, denied } = partsOf(of)
  const row = await session.get<{ count: number }>(
    `select count(*) as count from events e join runs r on r.no = e.run
     where ${runs.sql} and r.created_at >= ? and e.type = ${quoted('effect-failed')}
       and e.payload like '%"code":"call-denied"%' and e.payload not like '%"code":"level-observe"%' ${denied.sql}`,
    [...runs.values, since, ...denied.values],
  )
  return Number(row?.count ?? 0)
}

/** How many of its effects hold a key of this name; `undoing`: were undone. */
export async function keysOfRuns(session: Session, of: ActorOfRuns, name: string): Promise<number> {
  const { runs } = partsOf(of)
  const row = await session.get<{ count: number }>(
    `select count(*) as count from business_keys k join runs r on k.value like r.id || ':%'
     where k.name = ? and k.status = 'completed' and ${runs.sql}`,
    [name, ...runs.values],
  )
  return Number(row?.count ?? 0)
}

interface Condition {
  sql: string
  values: string[]
}

interface Parts {
  /** Of the approvals `a` of runs `r`. */
  approvals: Condition
  runs: Condition
  /** Of the events `e`, with `and`. */
  denied: Condition
}

function partsOf(of: ActorOfRuns): Parts {
  return of.kind === 'workflow' ? workflowParts(of) : agentParts(of)
}

function workflowParts({ name, version }: ActorOfRuns): Parts {
  const runs = { sql: 'r.workflow = ? and r.version = ?', values: [name, version] }
  return { approvals: runs, runs, denied: { sql: '', values: [] } }
}

/** An agent's runs are those in which its model was asked. Its name has no sign that means something within a pattern but "_". */
function agentParts({ name }: ActorOfRuns): Parts {
  const quotedName = name.replaceAll('_', '\\_')
  return {
    approvals: {
      sql: `a.binds = 'effect' and a.shown like ? escape '\\'`,
      values: [`%,"agent":"${quotedName}","under":%`],
    },
    runs: { sql: 'r.no in (select m.run from model_calls m where m.agent = ?)', values: [name] },
    denied: { sql: `and e.payload like ? escape '\\'`, values: [`%"agent:${quotedName}"%`] },
  }
}
