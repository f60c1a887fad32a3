import { ReeveError } from '../../base/errors.ts'
import { checkText, isShortText, shownId } from '../../base/text/text.ts'
import { type Acting, record } from '../authority/acting.ts'
import { noteAuthorityChange } from '../authority/version.ts'
import type { Session } from '../database.ts'

/** What a person or a service may do; each role may do what those before it may. */
export const roles = ['viewer', 'approver', 'operator', 'owner'] as const
export type Role = (typeof roles)[number]

/**
 * Who acts. Rows of who was removed stay, so that a name in a journal means one principal.
 *
 *   there ⇄ removed   a person's sessions and tokens end with it; an agent or workflow may call nothing until it is back
 */
export interface PrincipalRow {
  /** Of agents and workflows: `agent:NAME`, `workflow:NAME`. */
  name: string
  kind: 'person' | 'service' | 'agent' | 'workflow'
  /** Of people and services; the others may do what they were granted. */
  role: Role | null
  created_at: number
  created_by: string
  /** When it was removed; null: it is there. */
  ended_at: number | null
}

/** A person or a program that signs in. */
export type PersonRow = PrincipalRow & { kind: 'person' | 'service'; role: Role }

/** Whether a role includes what another may do. */
export function reaches(role: Role, wanted: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(wanted)
}

/** The one of two roles that may do less. */
export function lesser(one: Role, other: Role): Role {
  return reaches(one, other) ? other : one
}

/** Names that would be taken for something else: roles, and what the runtime itself calls those who act. */
export function isReservedName(name: string): boolean {
  return (
    (roles as readonly string[]).includes(name) ||
    /^(?:agent|workflow|schedule|trigger|reeve)(?::|$)/.test(name)
  )
}

/** A name for a person or a service. @throws `bad-text` `reserved-name` */
export function checkPrincipalName(given: unknown): string {
  const name = checkText(given, 'The name of a principal')
  if (!isReservedName(name)) return name
  throw new ReeveError(
    'reserved-name',
    `A principal cannot be called ${shownId(name)}: that is the name of a role, or of what Reeve itself calls those who act. Choose the name of a person or a program.`,
  )
}

/** In a transaction. @throws `principal-exists` also for the name of one that was removed */
export async function addPrincipal(
  session: Session,
  row: Pick<PersonRow, 'name' | 'kind' | 'role'>,
  acting: Acting,
): Promise<void> {
  const added = await session.run(
    `insert into principals (name, kind, role, created_at, created_by) values (?, ?, ?, ?, ?)
     on conflict (name) do nothing`,
    [row.name, row.kind, row.role, acting.at, acting.by],
  )
  if (added === 1) {
    await noteAuthorityChange(session)
    return record(session, acting, 'principal-added', row.name, { kind: row.kind, role: row.role })
  }
  throw new ReeveError(
    'principal-exists',
    `There is, or was, a principal ${shownId(row.name)}. Choose another name: a name in a journal must mean one principal.`,
  )
}

/** A person or a service that is there. @throws `unknown-principal` */
export async function requirePrincipal(session: Session, name: string): Promise<PersonRow> {
  const row = await findPrincipal(session, name)
  if (row?.ended_at === null && row.role !== null) return row as PersonRow
  throw new ReeveError('unknown-principal', `There is no principal ${shownId(name)}.`)
}

/** Also one that was removed. */
export async function findPrincipal(session: Session, name: string): Promise<PrincipalRow | undefined> {
  if (!isShortText(name)) return undefined
  return session.get<PrincipalRow>('select * from principals where name = ?', [name])
}

/** Whether anybody who signs in is, or was, told apart from others here. */
export async function hasPrincipals(session: Session): Promise<boolean> {
  return (await session.get('select name from principals where role is not null limit 1')) !== undefined
}

/** People and services that are there, by name. `after`: only those behind this name. */
export function listPrincipals(session: Session, after = '', limit = 1000): Promise<PersonRow[]> {
  return session.all<PersonRow>(
    'select * from principals where role is not null and ended_at is null and name > ? order by name limit ?',
    [after, limit],
  )
}

/** All, also those that were removed, by name. */
export function listAllPrincipals(session: Session): Promise<PrincipalRow[]> {
  return session.all<PrincipalRow>('select * from principals order by name')
}

export async function hasOwner(session: Session): Promise<boolean> {
  const found = await session.get(
    `select name from principals where role = 'owner' and ended_at is null limit 1`,
  )
  return found !== undefined
}

/** In a transaction. @throws `unknown-principal`, `last-owner` when nobody would be left to manage the others */
export async function changeRole(session: Session, name: string, role: Role, acting: Acting): Promise<void> {
  await lockOwners(session)
  const row = await requirePrincipal(session, name)
  if (row.role === 'owner' && role !== 'owner') await refuseLast(session, name)
  await session.run('update principals set role = ? where name = ?', [role, name])
  await noteAuthorityChange(session)
  await record(session, acting, 'role-changed', name, { before: row.role, role })
}

/** In a transaction: with its sessions and tokens, which count no more. @throws `unknown-principal` `last-owner` */
export async function removePrincipal(session: Session, name: string, acting: Acting): Promise<void> {
  const { at } = acting
  await lockOwners(session)
  const row = await requirePrincipal(session, name)
  if (row.role === 'owner') await refuseLast(session, name)
  await session.run('update principals set ended_at = ? where name = ?', [at, name])
  await session.run('delete from sessions where principal = ?', [name])
  await session.run('update tokens set ended_at = ? where principal = ? and ended_at is null', [at, name])
  await session.run('delete from local_users where principal = ?', [name])
  await noteAuthorityChange(session)
  await record(session, acting, 'principal-removed', name, {})
}

const actingNames = /^(agent|workflow):.+/

/**
 * In a transaction: from its next call on, an agent or workflow may call nothing, whatever it was granted.
 * @throws `unknown-principal` `already-revoked`
 */
export async function revokeActing(session: Session, name: string, acting: Acting): Promise<void> {
  const kind = kindOfActing(name)
  if ((await findPrincipal(session, name))?.ended_at != null) {
    throw new ReeveError('already-revoked', `${shownId(name)} was revoked already. Nothing was changed.`)
  }
  await session.run(
    `insert into principals (name, kind, role, created_at, created_by, ended_at) values (?, ?, null, ?, ?, ?)
     on conflict (name) do update set ended_at = excluded.ended_at`,
    [name, kind, acting.at, acting.by, acting.at],
  )
  await noteAuthorityChange(session)
  await record(session, acting, 'principal-revoked', name, {})
}

/** @throws `unknown-principal` */
function kindOfActing(name: string): string {
  const [, kind] = (isShortText(name) ? actingNames.exec(name) : undefined) ?? []
  if (kind !== undefined) return kind
  throw new ReeveError(
    'unknown-principal',
    `There is no agent or workflow ${shownId(name)}. Name it agent:NAME or workflow:NAME.`,
  )
}

/**
 * In a transaction: an agent, workflow, person or service is there again, with the role that it had. Its tokens and sessions are not.
 * @throws `unknown-principal` `not-revoked`
 */
export async function reinstatePrincipal(session: Session, name: string, acting: Acting): Promise<void> {
  const row = await findPrincipal(session, name)
  if (!row) throw new ReeveError('unknown-principal', `There never was a principal ${shownId(name)}.`)
  if (row.ended_at === null) {
    throw new ReeveError(
      'not-revoked',
      `${shownId(name)} was neither removed nor revoked. Nothing was changed.`,
    )
  }
  await session.run('update principals set ended_at = null where name = ?', [name])
  await noteAuthorityChange(session)
  await record(session, acting, 'principal-restored', name, {})
}

/** Two owners that remove each other at one moment must not both succeed. */
async function lockOwners(session: Session): Promise<void> {
  await session.all(`select name from principals where role = 'owner' and ended_at is null {lock}`)
}

async function refuseLast(session: Session, name: string): Promise<void> {
  const other = await session.get(
    `select name from principals where role = 'owner' and kind = 'person' and ended_at is null and name <> ? limit 1`,
    [name],
  )
  if (other) return
  throw new ReeveError(
    'last-owner',
    `${shownId(name)} is the only owner. Make another person owner first: somebody must be able to manage the others.`,
  )
}
