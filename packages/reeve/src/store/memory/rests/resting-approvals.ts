import { ReeveError } from '../../../base/errors.ts'
import type { Session } from '../../database.ts'
import { payloadIfSound, quoted } from '../../journal/events.ts'
import type { JournalEvent } from '../../journal/journal.ts'

/** Recalls of runs that wait for a decision; beyond these, nobody could decide in time what they rest upon. */
const mostRecalls = 2_000

/** The ids of the pending approvals whose runs had recalled one of these items before they asked. */
export async function approvalsRestingOn(session: Session, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return []
  const wanted = new Set(ids)
  const rows = await session.all<Pick<JournalEvent, 'type' | 'payload'> & { approval: string }>(
    `select a.id as approval, e.type, coalesce(e.payload, b.content) as payload
     from approvals a join events e on e.run = a.run and e.type = ${quoted('recall-completed')} and e.step < a.step
       left join blobs b on b.hash = e.blob
     where a.status = 'pending' order by a.requested_at, a.id limit ?`,
    [mostRecalls],
  )
  const resting = new Set<string>()
  for (const { approval, ...event } of rows) {
    const { passages = [] } = payloadIfSound(event, 'recall-completed') ?? {}
    if (passages.some(({ id }) => wanted.has(id))) resting.add(approval)
  }
  return [...resting]
}

/** @throws `approval-rests-on-it` */
export async function refuseWhatIsDecided(session: Session, ids: readonly string[]): Promise<void> {
  const approvals = await approvalsRestingOn(session, ids)
  if (approvals.length === 0) return
  const named = approvals
    .slice(0, 3)
    .map((id) => `"${id}"`)
    .join(', ')
  const more = approvals.length > 3 ? ` and ${approvals.length - 3} more` : ''
  throw new ReeveError(
    'approval-rests-on-it',
    `Open approvals depend on it: ${named}${more}. Decide those first, or add --despite-approvals. Nothing was rolled back.`,
    { details: { approvals } },
  )
}
