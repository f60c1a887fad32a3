import { ReeveError } from '../../base/errors.ts'
import type { Proof } from '../authority/acts.ts'
import { type Role, reaches } from './principals.ts'
import type { TokenRow } from './tokens.ts'

/** Who asks for a token, or to see or revoke one. */
export interface TokenAsker {
  principal: string
  role: Role
  proof: Proof
}

/** Whose tokens somebody sees: an owner everybody's (undefined), the others their own. */
export function tokensSeenBy({ role, principal }: TokenAsker): string | undefined {
  return role === 'owner' ? undefined : principal
}

/**
 * Nobody hands out more than they may, or in another's name; and a token makes no other one, which would outlive it.
 * @throws `role-too-low`
 */
export function refuseBorrowed(asker: TokenAsker, principal: string, role: Role): void {
  if (asker.role === 'owner') return
  if (asker.proof !== 'token' && reaches(asker.role, role) && principal === asker.principal) return
  throw new ReeveError(
    'role-too-low',
    `${asker.principal} is here as ${asker.role}, and by a ${asker.proof}; that cannot make a token of ${principal} with the role ${role}. Sign in with a browser, or ask an owner.`,
  )
}

/** @throws `role-too-low` */
export function refuseMightier(asker: TokenAsker, { id, role }: TokenRow): void {
  if (reaches(asker.role, role)) return
  throw new ReeveError(
    'role-too-low',
    `Token ${id} has the role ${role}, and may do more than the person who asks.`,
  )
}
