import type { Session } from '../database.ts'
import { quoted } from '../journal/events.ts'

/** A call of a tool that came to something, with what was asked, what came of it, and how its run failed. */
export interface ToolCallRow {
  run: string
  call: number
  type: string
  intent: string | null
  outcome: string | null
  ended: string | null
}

/** So many events are looked through, the newest. */
const lookedThrough = 200_000

/** The newest 500 calls of a tool since a time. */
export function toolCallsSince(session: Session, tool: string, since: number): Promise<ToolCallRow[]> {
  return session.all<ToolCallRow>(
    `select r.id as run, i.step as call, s.type, i.payload as intent, s.payload as outcome, f.payload as ended
     from events i
     join events s on s.run = i.run and s.step = i.step and s.type in (${quoted('effect-completed', 'effect-failed')})
     join runs r on r.no = i.run
     left join events f on f.run = i.run and f.type = ${quoted('run-failed')}
     where i.id > coalesce((select max(id) from events), 0) - ${lookedThrough} and i.type = ${quoted('effect-intended')}
       and i.name = ? and i.at >= ?
     order by i.id desc limit 500`,
    [tool, since],
  )
}
