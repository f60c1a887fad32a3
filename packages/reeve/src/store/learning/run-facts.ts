import type { Session } from '../database.ts'
import { quoted } from '../journal/events.ts'

/** What is read of a run that ended, to learn from. Payloads are JSON texts. */
export interface RunFactRow {
  no: number
  id: string
  workflow: string
  status: 'succeeded' | 'failed'
  created_at: number
  ended_at: number
  /** The run that started it, and its workflow; null: nobody's child. */
  parent_id: string | null
  parent_workflow: string | null
  /** Of the event that it began with. */
  started: string | null
  /** Of the event that it ended with. */
  ended: string | null
  /** Of models, those of its children too where they are below it by one. */
  nanousd: number
  /** Where a daemon started it: what that had found as it looked. */
  looked: string | null
}

/** Payloads that lie in blobs are left out: what is learnt from is short. */
const longestPayload = 20_000

/** Runs of the project that succeeded or failed since then, the newest first; no cycles of daemons. */
export function runFactRows(
  session: Session,
  { since, limit }: { since: number; limit: number },
): Promise<RunFactRow[]> {
  const short = (column: string) => `case when length(${column}) <= ${longestPayload} then ${column} end`
  return session.all<RunFactRow>(
    `select r.no, r.id, r.workflow, r.status, r.created_at, r.ended_at, p.id as parent_id, p.workflow as parent_workflow,
       ${short('s.payload')} as started, ${short('e.payload')} as ended, ${short('l.payload')} as looked,
       cast((select coalesce(sum(c.nanousd), 0) from model_calls c where c.run = r.no or c.run in
         (select k.no from runs k where k.parent = r.no)) as bigint) as nanousd
     from (select * from runs where ended_at is not null and ended_at >= ? and status in ('succeeded', 'failed')
         and workflow not like 'reeve.%' and workflow not like 'daemon:%' order by ended_at desc, no desc limit ?) as r
     left join runs p on p.no = r.parent
     left join events s on s.run = r.no and s.seq = 1
     left join events e on e.run = r.no and e.seq = r.head_seq
     left join events l on l.run = r.parent and l.type = ${quoted('step-completed')} and l.name = 'look around'
       and p.workflow like 'daemon:%'
     order by r.ended_at desc, r.no desc`,
    [since, limit],
  )
}
