import { ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import type { Session } from '../database.ts'
import type { PrincipalRow, Role } from './principals.ts'
import { newSecret, type Recognised } from './tokens.ts'

/** A browser that is signed in. It stays so while it is used; the hash of its cookie is all that is kept. */
export interface SessionRow {
  hash: string
  principal: string
  created_at: number
  seen_at: number
  expires_at: number
}

const dayMs = 86_400_000
/** A session that is not used for so long ends. */
export const idleMs = 14 * dayMs
/** And each after so long, used or not. */
const longestMs = 90 * dayMs
/** Rarely enough to cost nothing. */
const seenEveryMs = 3_600_000

/** Answers what the browser's cookie is to hold. */
export async function beginSession(session: Session, principal: string, now: number): Promise<string> {
  const secret = newSecret()
  await session.run(
    'insert into sessions (hash, principal, created_at, seen_at, expires_at) values (?, ?, ?, ?, ?)',
    [sha256(secret), principal, now, now, now + idleMs],
  )
  return secret
}

/** Whose cookie it is. @throws `session-expired` also when it was ended */
export async function recogniseSession(session: Session, secret: string, now: number): Promise<Recognised> {
  const hash = sha256(secret)
  const row = await session.get<SessionRow & { kind: PrincipalRow['kind']; role: Role }>(
    `select s.*, p.kind, p.role from sessions s join principals p on p.name = s.principal
     where s.hash = ? and p.ended_at is null`,
    [hash],
  )
  if (row && row.expires_at <= now) {
    // Gone for good: no clock that is set back makes it valid again. One that was used since it was read goes on.
    const gone = await session.run('delete from sessions where hash = ? and expires_at <= ?', [hash, now])
    if (gone === 0) return recogniseSession(session, secret, now)
  }
  if (!row || row.expires_at <= now)
    throw new ReeveError('session-expired', 'The session is over. Sign in again.')
  if (now - row.seen_at > seenEveryMs) {
    const until = Math.min(now + idleMs, row.created_at + longestMs)
    await session.run('update sessions set seen_at = ?, expires_at = ? where hash = ?', [now, until, hash])
  }
  return { principal: row.principal, kind: row.kind, role: row.role }
}

export async function endSession(session: Session, secret: string): Promise<void> {
  await session.run('delete from sessions where hash = ?', [sha256(secret)])
}

/** Signs a principal out everywhere. */
export async function endSessionsOf(session: Session, principal: string): Promise<void> {
  await session.run('delete from sessions where principal = ?', [principal])
}
