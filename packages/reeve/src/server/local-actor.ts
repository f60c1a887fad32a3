import type { Environment } from '../base/config.ts'
import { ReeveError } from '../base/errors.ts'
import { shownId } from '../base/text/text.ts'
import { systemClock } from '../base/time/time.ts'
import type { Acting } from '../store/authority/acting.ts'
import type { Proof } from '../store/authority/acts.ts'
import type { Database } from '../store/database.ts'
import { type LocalUser, mappedLocalUser, principalOfLocalUser } from '../store/identity/local-users.ts'
import { isFenced } from '../store/identity/moved.ts'
import { type Role, reaches } from '../store/identity/principals.ts'
import { recogniseToken } from '../store/identity/tokens.ts'

/** As whom a command acts. */
export interface LocalActor {
  principal: string
  role: Role
  proof: Proof
}

/**
 * Who acts in this database: whoever `REEVE_TOKEN` belongs to, else the principal that the user of the system is here. Where
 * nothing may be written, an unknown user only looks.
 * @throws `unknown-local-user` `principal-removed` `not-signed-in` `token-revoked` `token-expired`
 */
export async function actorOf(database: Database, environment: Environment): Promise<LocalActor> {
  const now = (database.clock ?? systemClock).now()
  const { token, server } = environment
  if (token !== undefined && server === undefined) {
    const { principal, role } = await recogniseToken(database, token, now)
    return { principal, role, proof: 'token' }
  }
  const user = localUserOf(database, environment)
  const known = await mappedLocalUser(database, user)
  if (!known && (await isFenced(database)))
    return { principal: user.name, role: 'viewer', proof: 'local-user' }
  const { name, role } =
    known ?? (await database.transaction((session) => principalOfLocalUser(session, user, now)))
  return { principal: name, role, proof: 'local-user' }
}

/** Several machines share a Postgres database: there a user is one of a machine. */
export function localUserOf({ kind }: Pick<Database, 'kind'>, { user, local }: Environment): LocalUser {
  const { user: name, host } = local ?? { user, host: '' }
  return { id: kind === 'postgres' && host !== '' ? `${name}@${host}` : name, name: user }
}

/** @throws `role-too-low` */
export function refuseLowRole({ principal, role, proof }: LocalActor, wanted: Role): void {
  if (reaches(role, wanted)) return
  throw new ReeveError(
    'role-too-low',
    `This needs the role ${wanted}; ${shownId(principal)} is here as ${role} (${proof === 'token' ? 'by REEVE_TOKEN' : 'the user of this system'}). Ask an owner. Nothing was changed.`,
    { details: { role, wanted } },
  )
}

/** A change that the actor makes now, as the log of authority has it. */
export function actingAs({ principal, proof }: LocalActor, database: Database, why?: string): Acting {
  return { by: principal, proof, at: (database.clock ?? systemClock).now(), why }
}
