import { ReeveError } from '../../base/errors.ts'
import { shownId } from '../../base/text/text.ts'
import { type Acting, record } from '../authority/acting.ts'
import { holdAuthority } from '../authority/version.ts'
import type { Session } from '../database.ts'
import { addPrincipal, findPrincipal, hasOwner, isReservedName, type PersonRow } from './principals.ts'

/** A user of the operating system, as whom commands act. */
export interface LocalUser {
  /** Unique among all that use the database: `ada`, or `ada@host` where machines share it. */
  id: string
  /** What its principal is called, where one is made. */
  name: string
}

/**
 * In a transaction: the principal that a user of the system is here. It is mapped once, and stays so:
 *
 *   1. to the one that an owner mapped it to, or that it was mapped to before;
 *   2. where nobody owns the database yet: to an owner of its name, made now;
 *   3. to the person of its name that no other user is mapped to;
 *   4. where nobody is mapped, as in a database of before or from a backup: to the one owner.
 *
 * Anybody else is nobody here.
 * @throws `unknown-local-user` `principal-removed`
 */
export async function principalOfLocalUser(
  session: Session,
  user: LocalUser,
  now: number,
): Promise<PersonRow> {
  const known = await mappedLocalUser(session, user)
  if (known) return known
  await mapped(session, user, now)
  return (await mappedLocalUser(session, user))!
}

/** As far as it was mapped before. @throws `principal-removed` */
export async function mappedLocalUser(session: Session, user: LocalUser): Promise<PersonRow | undefined> {
  const name = await mappedTo(session, user)
  if (name === undefined) return undefined
  const row = await findPrincipal(session, name)
  if (row?.ended_at === null && row.role !== null) return row as PersonRow
  throw new ReeveError(
    'principal-removed',
    `The user ${shownId(user.id)} of this system was ${shownId(name)} here, and that principal was removed. Ask an owner.`,
  )
}

async function mappedTo(session: Session, { id }: LocalUser): Promise<string | undefined> {
  const row = await session.get<{ principal: string }>(
    'select principal from local_users where local_user = ?',
    [id],
  )
  return row?.principal
}

/** Of processes that come at one moment, one maps. @throws `unknown-local-user` */
async function mapped(session: Session, user: LocalUser, now: number): Promise<void> {
  await holdAuthority(session)
  if ((await mappedTo(session, user)) !== undefined) return
  const found = (await hasOwner(session))
    ? await unmappedOf(session, user)
    : await makeOwner(session, user, now)
  if (found === undefined) {
    throw new ReeveError(
      'unknown-local-user',
      `The user ${shownId(user.id)} of this system is not a principal here. An owner makes it one: reeve principals add NAME --role ROLE --local-user ${user.id}. Or act by a token: REEVE_TOKEN.`,
      { details: { localUser: user.id } },
    )
  }
  await mapLocalUser(session, user.id, found, { by: found, proof: 'local-user', at: now })
}

async function unmappedOf(session: Session, user: LocalUser): Promise<string | undefined> {
  const named = await findPrincipal(session, user.name)
  if (named?.kind === 'person' && named.ended_at === null && !(await isMapped(session, named.name)))
    return named.name
  const anybody = await session.get('select local_user from local_users limit 1')
  if (anybody) return undefined
  const owners = await session.all<{ name: string }>(
    `select name from principals where role = 'owner' and kind = 'person' and ended_at is null limit 2`,
  )
  return owners.length === 1 ? owners[0]!.name : undefined
}

async function isMapped(session: Session, principal: string): Promise<boolean> {
  return (
    (await session.get('select local_user from local_users where principal = ? limit 1', [principal])) !==
    undefined
  )
}

/** Under its own name; under another where that is a role's, or was somebody's who was removed. */
async function makeOwner(session: Session, { name: own }: LocalUser, now: number): Promise<string> {
  let name = isReservedName(own) ? `${own}-1` : own
  for (let count = 2; await findPrincipal(session, name); count++) name = `${own}-${count}`
  const acting = { by: name, proof: 'local-user', at: now } as const
  await addPrincipal(session, { name, kind: 'person', role: 'owner' }, acting)
  return name
}

/** In a transaction: from now on commands of this user act as the principal. */
export async function mapLocalUser(
  session: Session,
  localUser: string,
  principal: string,
  acting: Acting,
): Promise<void> {
  await session.run(
    `insert into local_users (local_user, principal, mapped_at, mapped_by) values (?, ?, ?, ?)
     on conflict (local_user) do update set principal = excluded.principal, mapped_at = excluded.mapped_at,
       mapped_by = excluded.mapped_by`,
    [localUser, principal, acting.at, acting.by],
  )
  await record(session, acting, 'local-user-mapped', localUser, { principal })
}
