import { randomBytes } from 'node:crypto'
import { ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { isShortText, shownId } from '../../base/text/text.ts'
import { type Acting, record } from '../authority/acting.ts'
import type { Session } from '../database.ts'
import { lesser, type PrincipalRow, type Role } from './principals.ts'

/**
 * What programs show to act as a principal (`access`), and what stands in a sign-in link (`sign-in`, good for one use).
 * Only hashes are kept: 256 random bits need no slow one. What was handed out cannot be read again.
 *
 *   open → ended    revoked, or used in the case of a sign-in link; or its time is over
 */
export interface TokenRow {
  id: string
  hash: string
  kind: 'access' | 'sign-in'
  principal: string
  /** For people: which program has it. */
  name: string
  /** At most this, and at most what its principal may. */
  role: Role
  created_at: number
  created_by: string
  expires_at: number | null
  used_at: number | null
  ended_at: number | null
}

export type NewToken = Pick<TokenRow, 'id' | 'kind' | 'principal' | 'name' | 'role' | 'expires_at'>

/** Who asks, once a credential was recognised. */
export interface Recognised {
  principal: string
  kind: PrincipalRow['kind']
  role: Role
}

/** A secret to hand out, never kept: its prefix says to people and scanners what it is. */
export function newSecret(): string {
  return `reeve_${randomBytes(32).toString('base64url')}`
}

/** In a transaction. Answers the token itself, which is shown once. */
export async function issueToken(session: Session, token: NewToken, acting: Acting): Promise<string> {
  const secret = newSecret()
  await session.run(
    `insert into tokens (id, hash, kind, principal, name, role, created_at, created_by, expires_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      token.id,
      sha256(secret),
      token.kind,
      token.principal,
      token.name,
      token.role,
      acting.at,
      acting.by,
      token.expires_at,
    ],
  )
  const { principal, role, expires_at: expiresAt } = token
  await record(session, acting, 'token-issued', token.id, { principal, role, expiresAt })
  return secret
}

/** Rarely enough to cost nothing. */
const usedEveryMs = 60_000

type FoundToken = TokenRow & {
  principal_kind: PrincipalRow['kind']
  principal_role: Role
  principal_ended: number | null
}

/** Who shows this token. @throws `not-signed-in` `token-revoked` `token-expired` */
export async function recogniseToken(
  session: Session,
  secret: string,
  now: number,
): Promise<Recognised & { token: string }> {
  const row = await findToken(session, secret, 'access')
  if (!row || row.principal_ended !== null)
    throw new ReeveError('not-signed-in', 'The token is not known here. Make one with: reeve token create')
  if (row.expires_at !== null && (row.expires_at <= now || row.ended_at === row.expires_at)) {
    // Noted, so that no clock that is set back makes it valid again.
    if (row.ended_at === null)
      await session.run('update tokens set ended_at = expires_at where id = ? and ended_at is null', [row.id])
    throw new ReeveError('token-expired', `The token "${row.name}" has expired. Make a new one.`)
  }
  if (row.ended_at !== null)
    throw new ReeveError('token-revoked', `The token "${row.name}" was revoked. Use another one.`)
  if (row.used_at === null || now - row.used_at > usedEveryMs)
    await session.run('update tokens set used_at = ? where id = ?', [now, row.id])
  return {
    principal: row.principal,
    kind: row.principal_kind,
    role: lesser(row.role, row.principal_role),
    token: row.id,
  }
}

/**
 * In a transaction: uses a sign-in link up. Answers for whom it was; undefined: it has expired, which is noted, so that no clock that
 * is set back makes it valid again.
 * @throws `sign-in-link-used`
 */
export async function useSignIn(session: Session, secret: string, now: number): Promise<string | undefined> {
  const row = await findToken(session, secret, 'sign-in')
  const used = 'This sign-in link is not known here, or was used already. Make a new one: reeve token sign-in'
  if (!row || row.principal_ended !== null) throw new ReeveError('sign-in-link-used', used)
  if (row.expires_at !== null && row.ended_at === row.expires_at) return undefined
  if (row.ended_at !== null) throw new ReeveError('sign-in-link-used', used)
  if (row.expires_at !== null && row.expires_at <= now) {
    await session.run('update tokens set ended_at = expires_at where id = ? and ended_at is null', [row.id])
    return undefined
  }
  const isFirst = await session.run(
    'update tokens set ended_at = ?, used_at = ? where id = ? and ended_at is null',
    [now, now, row.id],
  )
  if (isFirst === 0) throw new ReeveError('sign-in-link-used', used)
  const acting: Acting = { by: row.principal, proof: 'signed-link', at: now }
  await record(session, acting, 'signed-in', row.principal, {})
  return row.principal
}

export function expiredSignIn(): ReeveError {
  return new ReeveError(
    'sign-in-link-expired',
    'This sign-in link has expired. Make a new one: reeve token sign-in',
  )
}

function findToken(
  session: Session,
  secret: string,
  kind: TokenRow['kind'],
): Promise<FoundToken | undefined> {
  return session.get<FoundToken>(
    `select t.*, p.kind as principal_kind, p.role as principal_role, p.ended_at as principal_ended
     from tokens t join principals p on p.name = t.principal where t.hash = ? and t.kind = ?`,
    [sha256(secret), kind],
  )
}

/** Those of programs, the newest first; of one principal, or of all. Ids sort by time. */
export function listTokens(
  session: Session,
  of: { principal?: string; before?: string; limit?: number } = {},
): Promise<TokenRow[]> {
  const { principal, before, limit = 1000 } = of
  return session.all<TokenRow>(
    `select * from tokens where kind = 'access' ${principal === undefined ? '' : 'and principal = ?'}
       ${before === undefined ? '' : 'and id < ?'} order by id desc limit ?`,
    [...(principal === undefined ? [] : [principal]), ...(before === undefined ? [] : [before]), limit],
  )
}

/** @throws `unknown-token` also for one of somebody else, where `principal` says whose it must be */
export async function requireToken(session: Session, id: string, principal?: string): Promise<TokenRow> {
  const row = isShortText(id)
    ? await session.get<TokenRow>(`select * from tokens where id = ? and kind = 'access'`, [id])
    : undefined
  if (row && (principal === undefined || row.principal === principal)) return row
  throw new ReeveError('unknown-token', `There is no token ${shownId(id)}. See them with: reeve token list`)
}

/** In a transaction: from the next request on it counts no more. One that was revoked before stays as it is. */
export async function revokeToken(
  session: Session,
  { id, principal }: TokenRow,
  acting: Acting,
): Promise<void> {
  const ended = await session.run('update tokens set ended_at = ? where id = ? and ended_at is null', [
    acting.at,
    id,
  ])
  if (ended === 1) await record(session, acting, 'token-revoked', id, { principal })
}

/** Whether nobody was ever given a way in: no link and no token. */
export async function isUntouched(session: Session): Promise<boolean> {
  return (await session.get('select id from tokens limit 1')) === undefined
}
