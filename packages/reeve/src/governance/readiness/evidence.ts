import type { Session } from '../../store/database.ts'
import { quoted } from '../../store/journal/events.ts'
import { undoing } from '../../store/ledger/business-keys.ts'
import type { Evidence } from './readiness.ts'

/** So many decisions of people are looked at, the last ones. */
const mostDecisions = 200

/** Of which agent or workflow, and since when it is what it is. */
export interface EvidenceOf {
  kind: 'agent' | 'workflow'
  name: string
  /** Of a workflow: only what this version did. */
  version: string
  /** Of an agent: only what it did since its code was seen first as it is (ms). */
  since: number
}

/** What the journals say of an agent or of a workflow's current version. A new version begins with nothing, and so does a new model. */
export async function evidenceOf(session: Session, of: EvidenceOf): Promise<Omit<Evidence, 'evals'>> {
  const its = of.kind === 'workflow' ? workflowParts(of) : agentParts(of)
  const changed = await session.get<{ at: number | null }>(
    `select max(first_at) as at from (
       select min(at) as first_at from model_calls where ${of.kind} = ? group by model) as models`,
    [of.name],
  )
  const from = Math.max(changed?.at ?? 0, of.since)
  const decided = await session.all<{
    status: 'approved' | 'rejected'
    answer: string | null
    decided_at: number
  }>(
    `select a.status, a.answer, a.decided_at from approvals a join runs r on r.no = a.run
     where ${its.approvals.sql} and a.kind = 'approval' and a.status in ('approved', 'rejected') and a.decided_at >= ?
     order by a.decided_at desc, a.id desc limit ?`,
    [...its.approvals.values, from, mostDecisions],
  )
  const since = Math.max(from, decided.at(-1)?.decided_at ?? 0)
  const ended = await session.all<{ status: string; count: number }>(
    `select r.status, count(*) as count from runs r where ${its.runs.sql} and r.ended_at >= ?
       and r.status in ('succeeded', 'failed') group by r.status`,
    [...its.runs.values, since],
  )
  const count = (status: string) => Number(ended.find((row) => row.status === status)?.count ?? 0)
  const denied = await session.get<{ count: number }>(
    `select count(*) as count from events e join runs r on r.no = e.run
     where ${its.runs.sql} and r.created_at >= ? and e.type = ${quoted('effect-failed')}
       and e.payload like '%"code":"call-denied"%' and e.payload not like '%"code":"level-observe"%' ${its.denied.sql}`,
    [...its.runs.values, since, ...its.denied.values],
  )
  const undone = await session.get<{ count: number }>(
    `select count(*) as count from business_keys k join runs r on k.value like r.id || ':%'
     where k.name = ? and k.status = 'completed' and ${its.runs.sql}`,
    [undoing, ...its.runs.values],
  )
  return {
    decisions: decided.map(({ status, answer }) => ({ status, isEdited: answer !== null })),
    runs: { succeeded: count('succeeded'), failed: count('failed') },
    denied: Number(denied?.count ?? 0),
    undone: Number(undone?.count ?? 0),
  }
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

function workflowParts({ name, version }: EvidenceOf): Parts {
  const runs = { sql: 'r.workflow = ? and r.version = ?', values: [name, version] }
  return { approvals: runs, runs, denied: { sql: '', values: [] } }
}

/** An agent's runs are those in which its model was asked. Its name has no sign that means something within a pattern but "_". */
function agentParts({ name }: EvidenceOf): Parts {
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
