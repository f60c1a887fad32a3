import type { Session } from '../../database.ts'

const hourMs = 3_600_000
const hastyMs = 1_000
const mostRead = 2_000

/** How fast somebody approved within the last hour. */
export interface Pace {
  approvals: number
  /** Those that came less than a second after the one before. */
  hasty: number
  /** When the last one was (ms); null: there is none. */
  lastAt: number | null
}

/** One whose word alone did not suffice counts, too. */
export async function paceOf(session: Session, by: string, now: number): Promise<Pace> {
  const rows = await session.all<{ at: number }>(
    `select decided_at as at from approvals
     where decided_by = ? and decided_at > ? and status = 'approved' and permission is null
     union all select v.at from approval_votes v where v.voter = ? and v.at > ? and not exists (
       select 1 from approvals a where a.id = v.approval and a.decided_by = v.voter and a.decided_at = v.at)
     order by at desc limit ?`,
    [by, now - hourMs, by, now - hourMs, mostRead],
  )
  const times = rows.map(({ at }) => at)
  const hasty = times.filter((at, index) => index + 1 < times.length && at - times[index + 1]! < hastyMs)
  return { approvals: times.length, hasty: hasty.length, lastAt: times[0] ?? null }
}

/** Who approved hastily within the last hour: more than so many times. */
export async function hastyPeople(
  session: Session,
  now: number,
  more: number,
): Promise<{ by: string; hasty: number }[]> {
  const people = await session.all<{ name: string }>(
    `select distinct decided_by as name from approvals
     where decided_by is not null and decided_at > ? and status = 'approved' and permission is null`,
    [now - hourMs],
  )
  const found: { by: string; hasty: number }[] = []
  for (const { name } of people) {
    const { hasty } = await paceOf(session, name, now)
    if (hasty > more) found.push({ by: name, hasty })
  }
  return found
}
