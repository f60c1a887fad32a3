import { ReeveError } from '../../base/errors.ts'
import { isShortText, shownId } from '../../base/text/text.ts'
import type { Session } from '../database.ts'

/** What a principal may do over HTTP; each role may do what those before it may. */
export const roles = ['viewer', 'approver', 'operator', 'owner'] as const
export type Role = (typeof roles)[number]

/** A person or a program that signs in. Rows of who was removed stay, so that a name in a journal means one principal. */
export interface PrincipalRow {
  name: string
  kind: 'person' | 'service'
  role: Role
  created_at: number
  created_by: string
  /** When it was removed; null: it is there. */
  ended_at: number | null
}

/** Whether a role includes what another may do. */
export function reaches(role: Role, wanted: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(wanted)
}

/** The one of two roles that may do less. */
export function lesser(one: Role, other: Role): Role {
  return reaches(one, other) ? other : one
}

/** @throws `principal-exists` also for the name of one that was removed */
export async function addPrincipal(session: Session, row: Omit<PrincipalRow, 'ended_at'>): Promise<void> {
  const added = await session.run(
    `insert into principals (name, kind, role, created_at, created_by) values (?, ?, ?, ?, ?)
     on conflict (name) do nothing`,
    [row.name, row.kind, row.role, row.created_at, row.created_by],
  )
  if (added === 1) return
  throw new ReeveError(
    'principal-exists',
    `There is, or was, a principal ${shownId(row.name)}. Choose another name: a name in a journal must mean one principal.`,
  )
}

/** One that is there. @throws `unknown-principal` */
export async function requirePrincipal(session: Session, name: string): Promise<PrincipalRow> {
  const select = 'select * from principals where name = ? and ended_at is null'
  const row = isShortText(name) ? await session.get<PrincipalRow>(select, [name]) : undefined
  if (row) return row
  throw new ReeveError('unknown-principal', `There is no principal ${shownId(name)}.`)
}

/** Those that are there, by name. `after`: only those behind this name. */
export function listPrincipals(session: Session, after = '', limit = 1000): Promise<PrincipalRow[]> {
  return session.all<PrincipalRow>(
    'select * from principals where ended_at is null and name > ? order by name limit ?',
    [after, limit],
  )
}

export async function hasOwner(session: Session): Promise<boolean> {
  const found = await session.get(
    `select name from principals where role = 'owner' and ended_at is null limit 1`,
  )
  return found !== undefined
}

/** In a transaction. @throws `unknown-principal`, `last-owner` when nobody would be left to manage the others */
export async function changeRole(session: Session, name: string, role: Role): Promise<void> {
  await lockOwners(session)
  const row = await requirePrincipal(session, name)
  if (row.role === 'owner' && role !== 'owner') await refuseLast(session, name)
  await session.run('update principals set role = ? where name = ?', [role, name])
}

/** In a transaction: with its sessions and tokens, which count no more. @throws `unknown-principal` `last-owner` */
export async function removePrincipal(session: Session, name: string, at: number): Promise<void> {
  await lockOwners(session)
  const row = await requirePrincipal(session, name)
  if (row.role === 'owner') await refuseLast(session, name)
  await session.run('update principals set ended_at = ? where name = ?', [at, name])
  await session.run('delete from sessions where principal = ?', [name])
  await session.run('update tokens set ended_at = ? where principal = ? and ended_at is null', [at, name])
}

/** Two owners that remove each other at one moment must not both succeed. */
async function lockOwners(session: Session): Promise<void> {
  await session.all(`select name from principals where role = 'owner' and ended_at is null {lock}`)
}

async function refuseLast(session: Session, name: string): Promise<void> {
  const other = await session.get(
    `select name from principals where role = 'owner' and ended_at is null and name <> ? limit 1`,
    [name],
  )
  if (other) return
  throw new ReeveError(
    'last-owner',
    `${shownId(name)} is the only owner. Make another principal owner first: somebody must be able to manage the others.`,
  )
}
