import type { Acting } from '../store/authority/acting.ts'
import type { Session } from '../store/database.ts'
import { requirePrincipal } from '../store/identity/principals.ts'
import { issueToken } from '../store/identity/tokens.ts'

/** So long a sign-in link may be used (ms). */
export const signInWithinMs = 15 * 60_000

/** In a transaction: what is opened at the server to sign a principal in once, by default within 15 minutes. @throws `unknown-principal` */
export async function signInPath(
  session: Session,
  link: { id: string; principal: string },
  acting: Acting,
  withinMs: number = signInWithinMs,
): Promise<string> {
  const { name, role } = await requirePrincipal(session, link.principal)
  const expires = acting.at + withinMs
  const token = { id: link.id, kind: 'sign-in', principal: name, name: 'sign-in link', role } as const
  const secret = await issueToken(session, { ...token, expires_at: expires }, acting)
  return `/sign-in?code=${secret}`
}
