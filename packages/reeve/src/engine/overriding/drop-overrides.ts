import type { Session } from '../../store/database.ts'
import { type NewEvent, newEvent } from '../../store/journal/events.ts'
import { moveItems, readInbox } from '../../store/runs/inbox.ts'
import type { RunRow } from '../../store/runs/runs.ts'
import { isOverride, overrideIn } from './override.ts'

/**
 * What people said of the calls of a run that ended before it took that: calls that are made again since wait anew, and nobody
 * said anything of those. One that was set aside goes on where it was, and takes it.
 */
export async function dropOverrides(session: Session, run: RunRow): Promise<NewEvent[]> {
  if (run.status === 'stuck' || run.inbox === 0) return []
  const dropped: NewEvent[] = []
  for (const item of (await readInbox(session, run.no)).filter(isOverride)) {
    await session.bulk(moveItems, [[item.id, 0]])
    const read = overrideIn(item)
    if (!read) continue
    const { how, by, reason } = read.given
    const problem = 'the run had ended before it was taken'
    dropped.push(newEvent('override-refused', { call: read.call, how, by, reason, problem }))
  }
  return dropped
}
