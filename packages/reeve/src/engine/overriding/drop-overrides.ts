import type { Session } from '../../store/database.ts'
import { type NewEvent, newEvent } from '../../store/journal/events.ts'
import { loadMarks, openItems } from '../../store/marks/open-kept.ts'
import { moveItems, readInbox } from '../../store/runs/inbox.ts'
import type { RunRow } from '../../store/runs/runs.ts'
import { isOverride, overrideIn } from './override.ts'

/**
 * What people said of the calls of a run that ended before it took that: calls that are made again since wait anew, and nobody
 * said anything of those. One that was set aside goes on where it was, and takes it.
 * @throws `secrets-key-missing`
 */
export async function dropOverrides(session: Session, run: RunRow): Promise<NewEvent[]> {
  if (run.status === 'stuck' || run.inbox === 0) return []
  const items = (await readInbox(session, run.no)).filter(isOverride)
  if (items.length === 0) return []
  const marks = await loadMarks(session, run.no)
  // Who gave it may have named in it what is marked.
  marks.requireKey()
  openItems(items, marks)
  const dropped: NewEvent[] = []
  for (const item of items) {
    await session.bulk(moveItems, [[item.id, 0]])
    const read = overrideIn(item)
    if (!read) continue
    const { how, by, reason } = read.given
    const problem = 'the run had ended before it was taken'
    dropped.push(newEvent('override-refused', { call: read.call, how, by, reason, problem }))
  }
  return dropped
}
