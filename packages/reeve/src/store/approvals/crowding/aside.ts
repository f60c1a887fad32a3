import type { Session, Value } from '../../database.ts'
import type { ApprovalRules } from '../rules.ts'

/**
 * Requests beyond what people are asked at one time of one sender, or of one kind by one channel. It is no state of theirs: when
 * one before them is decided, the next is asked. Without the limits nobody is kept aside.
 */
export type Limits = Required<Pick<ApprovalRules, 'perSender' | 'perChannel'>>

const earlier = (column: 'sender' | 'crowd') =>
  `(a.${column} is not null and exists (select 1 from approvals b where b.status = 'pending' and b.${column} = a.${column}
     and (b.requested_at < a.requested_at or (b.requested_at = a.requested_at and b.id < a.id)) limit 1 offset ?))`

/** Whether a pending request `a` waits aside; with its values. */
export function isAside({ perSender, perChannel }: Limits): { sql: string; values: Value[] } {
  return { sql: `(${earlier('sender')} or ${earlier('crowd')})`, values: [perSender - 1, perChannel - 1] }
}

/** What waits aside, from whom and of what. */
export interface AsideGroup {
  /** Channel and sender; null: the channel alone is known. */
  sender: string | null
  /** JSON text: channel, workflow, kind, subject. */
  crowd: string
  count: number
  /** When the first of them was asked (ms). */
  since: number
}

/** The largest first; counted among the first `most` pending requests that came from outside. */
export async function asideGroups(
  session: Session,
  limits: Limits,
  { most, limit }: { most: number; limit: number },
): Promise<AsideGroup[]> {
  const aside = isAside(limits)
  return session.all<AsideGroup>(
    `select sender, crowd, count(*) as count, min(requested_at) as since from (
       select a.sender, a.crowd, a.requested_at from approvals a
       where a.status = 'pending' and a.crowd is not null and ${aside.sql} limit ?) as kept
     group by sender, crowd order by count(*) desc, min(requested_at) limit ?`,
    [...aside.values, most, limit],
  )
}

/** Counted up to `most`. */
export async function countAside(session: Session, limits: Limits, most: number): Promise<number> {
  const aside = isAside(limits)
  const row = await session.get<{ count: number }>(
    `select count(*) as count from (select 1 from approvals a
       where a.status = 'pending' and a.crowd is not null and ${aside.sql} limit ?) as kept`,
    [...aside.values, most],
  )
  return row?.count ?? 0
}
