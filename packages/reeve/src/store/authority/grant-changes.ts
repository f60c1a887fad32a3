import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { isShortText, shownId } from '../../base/text/text.ts'
import type { Session } from '../database.ts'
import { type Acting, record } from './acting.ts'
import { noteAuthorityChange } from './version.ts'

/**
 * What somebody took from, or added to, the grants that a principal has in code. Rows stay: they tell who could do what, when.
 *
 *   made → undone    or its own end (`ends_at`) comes
 */
export interface GrantChangeRow {
  id: string
  principal: string
  /** JSON: see `GrantChange` of governance. */
  change: string
  why: string | null
  made_by: string
  made_at: number
  /** From then on it holds no more; null: until it is undone. */
  ends_at: number | null
  undone_by: string | null
  undone_at: number | null
}

/** In a transaction. */
export async function addGrantChange(
  session: Session,
  {
    id,
    principal,
    change,
    endsAt,
  }: { id: string; principal: string; change: Json; endsAt?: number | undefined },
  acting: Acting,
): Promise<void> {
  await session.run(
    `insert into grant_changes (id, principal, change, why, made_by, made_at, ends_at) values (?, ?, ?, ?, ?, ?, ?)`,
    [id, principal, JSON.stringify(change), acting.why ?? null, acting.by, acting.at, endsAt ?? null],
  )
  await noteAuthorityChange(session)
  await record(session, acting, 'grant-changed', principal, {
    change,
    ...(endsAt !== undefined && { until: endsAt }),
  })
}

/** In a transaction. @throws `unknown-grant-change` `grant-change-undone` */
export async function undoGrantChange(session: Session, id: string, acting: Acting): Promise<GrantChangeRow> {
  const { by, at } = acting
  const row = await requireGrantChange(session, id)
  if (row.undone_at !== null) {
    throw new ReeveError(
      'grant-change-undone',
      `The change ${shownId(id)} was revoked by ${row.undone_by} already. Nothing was changed.`,
    )
  }
  await session.run('update grant_changes set undone_by = ?, undone_at = ? where id = ?', [by, at, id])
  await noteAuthorityChange(session)
  await record(session, acting, 'grant-restored', row.principal, { change: JSON.parse(row.change) as Json })
  return { ...row, undone_by: by, undone_at: at }
}

/** Also one that was taken back. @throws `unknown-grant-change` */
export async function requireGrantChange(session: Session, id: string): Promise<GrantChangeRow> {
  const select = 'select * from grant_changes where id = ? {lock}'
  const row = isShortText(id) ? await session.get<GrantChangeRow>(select, [id]) : undefined
  if (row) return row
  throw new ReeveError(
    'unknown-grant-change',
    `There is no change of grants ${shownId(id)}. See them with: reeve grants`,
  )
}

/** Those that hold at this time, or will; of one principal, or of all; the oldest first. Ids sort by time. */
export function openGrantChanges(
  session: Session,
  now: number,
  principal?: string,
): Promise<GrantChangeRow[]> {
  return session.all<GrantChangeRow>(
    `select * from grant_changes where undone_at is null and (ends_at is null or ends_at > ?)
       ${principal === undefined ? '' : 'and principal = ?'} order by id`,
    [now, ...(principal === undefined ? [] : [principal])],
  )
}

/** Those that held at some time between, with what became of them. */
export function grantChangesBetween(
  session: Session,
  from: number,
  until: number,
): Promise<GrantChangeRow[]> {
  return session.all<GrantChangeRow>(
    `select * from grant_changes where made_at < ? and (undone_at is null or undone_at > ?)
       and (ends_at is null or ends_at > ?) order by id`,
    [until, from, from],
  )
}
