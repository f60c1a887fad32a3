import type { Session } from '../database.ts'

/** What the code of an agent or workflow lets it do, as a version of it was first seen. */
export interface CeilingRow {
  principal: string
  /** Counted from 1 for each principal. */
  no: number
  hash: string
  /** JSON: see `Ceiling` of governance. */
  ceiling: string
  seen_at: number
}

/** The latest of each principal, by name. */
export function latestCeilings(session: Session): Promise<CeilingRow[]> {
  return session.all<CeilingRow>(
    `select c.* from grant_ceilings c
     where c.no = (select max(no) from grant_ceilings where principal = c.principal) order by c.principal`,
  )
}

function latestCeiling(session: Session, principal: string): Promise<CeilingRow | undefined> {
  return session.get<CeilingRow>(
    'select * from grant_ceilings where principal = ? order by no desc limit 1',
    [principal],
  )
}

/** In a transaction: notes a ceiling that differs from the latest one. Answers whether it did. */
export async function noteCeiling(session: Session, row: Omit<CeilingRow, 'no'>): Promise<boolean> {
  const latest = await latestCeiling(session, row.principal)
  if (latest?.hash === row.hash) return false
  const added = await session.run(
    `insert into grant_ceilings (principal, no, hash, ceiling, seen_at) values (?, ?, ?, ?, ?)
     on conflict (principal, no) do nothing`,
    [row.principal, (latest?.no ?? 0) + 1, row.hash, row.ceiling, row.seen_at],
  )
  return added === 1
}

/** All versions, by principal and in their order. */
export function listCeilings(session: Session): Promise<CeilingRow[]> {
  return session.all<CeilingRow>('select * from grant_ceilings order by principal, no')
}

/** What the code of an agent or workflow granted when it was seen last. */
export function lastCeiling(session: Session, principal: string): Promise<CeilingRow | undefined> {
  return session.get<CeilingRow>(
    'select * from grant_ceilings where principal = ? order by no desc limit 1',
    [principal],
  )
}

const seenPolicies = 'seen-policies'

/** The hash of the policies that were seen last. */
export async function lastPolicies(session: Session): Promise<string | undefined> {
  const row = await session.get<{ value: string }>('select value from meta where name = ?', [seenPolicies])
  return row?.value
}

export async function notePolicies(session: Session, hash: string): Promise<void> {
  await session.run(
    `insert into meta (name, value) values (?, ?) on conflict (name) do update set value = excluded.value`,
    [seenPolicies, hash],
  )
}
