import type { Clock } from '../base/time/time.ts'
import type { Database, Session } from '../store/database.ts'
import { addPrincipal, hasOwner, requirePrincipal } from '../store/identity/principals.ts'
import { issueToken } from '../store/identity/tokens.ts'

/** So long a sign-in link may be used (ms). */
export const signInWithinMs = 15 * 60_000

/** Makes the owner of a database that has none; answers whether it did. Of processes that start at once, one does. */
export function ensureOwner(database: Database, name: string, clock: Clock): Promise<boolean> {
  return database.transaction(async (session) => {
    if (await hasOwner(session)) return false
    const row = { name, kind: 'person', role: 'owner', created_by: 'the first start' } as const
    await addPrincipal(session, { ...row, created_at: clock.now() })
    return true
  })
}

/** In a transaction: what is opened at the server to sign a principal in once, within 15 minutes. @throws `unknown-principal` */
export async function signInPath(
  session: Session,
  link: { id: string; principal: string; by: string; now: number },
): Promise<string> {
  const { name, role } = await requirePrincipal(session, link.principal)
  const secret = await issueToken(session, {
    id: link.id,
    kind: 'sign-in',
    principal: name,
    name: 'sign-in link',
    role,
    created_at: link.now,
    created_by: link.by,
    expires_at: link.now + signInWithinMs,
  })
  return `/sign-in?code=${secret}`
}
