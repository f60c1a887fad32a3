import { ReeveError } from '../base/errors.ts'
import type { Proof } from '../store/authority/acts.ts'
import { type Role, reaches } from '../store/identity/principals.ts'
import type { PreparedGrant } from './grants/grant.ts'
import type { Level } from './readiness/readiness.ts'

/** Who acts: never a shared account. */
export interface Principal {
  id: string
  kind: 'person' | 'agent' | 'workflow' | 'service'
  /** Of people only. */
  role?: Role
}

/** One of those on whose behalf a call is made, with what it may do itself. */
export interface Link {
  principal: Principal
  proof: Proof
  /** A person may do what the role allows, an agent or workflow only what its grants name. */
  grants: readonly PreparedGrant[]
  isRevoked?: boolean
  /** How far it is trusted; absent: it has no level, and its grants alone hold. */
  level?: Level
  /** Its code says itself what it may do. */
  isGranted?: boolean
}

/**
 * Who acts, on whose behalf: from the one who started it all to the one that calls. A call needs the right of every link, so that
 * a right is never more than parent ∩ own, whatever path it took: each hand-over appends a link, and nothing removes one.
 */
export type Chain = readonly [Link, ...Link[]]

/** The chain of whoever acts next for the last of this one. @throws `delegation-too-deep` */
export function delegate(chain: Chain, next: Link): Chain {
  if (chain.length >= deepest) {
    throw new ReeveError(
      'delegation-too-deep',
      `"${next.principal.id}" would act on behalf of ${chain.length} others in a row; ${deepest} is the most. Start a run of its own instead.`,
    )
  }
  return [...chain, next]
}

const deepest = 32

/** Whether a person's role reaches this one. Whoever is no person, or has no role, has none. */
export function hasRole({ kind, role }: Principal, wanted: Role): boolean {
  return kind === 'person' && role !== undefined && reaches(role, wanted)
}
