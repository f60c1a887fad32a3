import { messageOf, ReeveError } from '../../base/errors.ts'
import type { Acting } from '../../store/authority/acting.ts'
import { record } from '../../store/authority/acting.ts'
import {
  type AccountKey,
  type AccountRow,
  dropAccount,
  noteConnected,
} from '../../store/connectors/accounts.ts'
import type { Session } from '../../store/database.ts'
import { deleteSecret, setSecret } from '../../store/secrets/change-secrets.ts'
import type { SealingKeys } from '../../store/secrets/key/key-file.ts'
import { findSecret } from '../../store/secrets/sealed-rows.ts'
import { type AuthScheme, type Credential, sealedForm } from '../auth/scheme.ts'
import { type Connection, secretNameOf } from '../shape/connection.ts'
import type { Connections } from './connections.ts'

/** A credential that is to be kept for an account. */
export interface NewCredential {
  key: AccountKey
  scheme: AuthScheme
  credential: Credential
  keys: SealingKeys
}

/** @throws `unknown-connection` */
export function requireConnection({ all }: Connections, name: string): Connection {
  const found = all.get(name)
  if (found) return found
  throw new ReeveError(
    'unknown-connection',
    `There is no connection "${name}" in this project. There are: ${[...all.keys()].join(', ') || 'none'}. Add it to \`connectors\` of reeve.config.ts.`,
  )
}

/**
 * In a transaction: seals a credential for an account, and forgets whose account it was. Whoever calls looks at the account next.
 * @throws `bad-credential` `bad-secret`
 */
export async function keepCredential(
  session: Session,
  connection: Connection,
  { key, scheme, credential, keys }: NewCredential,
  acting: Acting,
): Promise<void> {
  const problem = scheme.problemOf?.(credential)
  if (problem !== undefined)
    throw new ReeveError(
      'bad-credential',
      `That is not a credential for ${connection.definition.title}: ${problem}. Nothing was changed.`,
    )
  const mode = scheme.modeOf?.(credential)
  if (mode !== undefined && mode !== key.mode)
    throw new ReeveError(
      'bad-credential',
      `That credential is of ${mode === 'live' ? 'the real account' : 'the test environment'}, and "${connection.name}" is ${key.mode === 'live' ? 'live' : 'in sandbox'}. Nothing was changed. ${mode === 'live' ? (connection.definition.sandbox.how ?? '') : 'Give it one of the real account, or set the mode to sandbox.'}`.trim(),
    )
  const name = secretNameOf(connection, key.account, key.mode)
  const value = sealedForm(scheme, credential)
  const before = await findSecret(session, name)
  await setSecret(session, { name, value, keys }, acting).catch((error: unknown) => {
    // The very same again: it is to be tried anew.
    if (before && error instanceof ReeveError && /this very value/.test(error.message)) return
    throw error
  })
  await noteConnected(session, key, { by: acting.by, at: acting.at })
  await record(session, acting, 'connector-connected', `${key.connection}/${key.account}`, {
    mode: key.mode,
    identity: null,
  })
}

/** In a transaction: deletes the credential of an account. What waits for it waits on. */
export async function disconnect(
  session: Session,
  connection: Connection,
  key: AccountKey,
  acting: Acting,
): Promise<void> {
  const name = secretNameOf(connection, key.account, key.mode)
  if (await findSecret(session, name)) await deleteSecret(session, name, acting)
  await dropAccount(session, key)
  await record(session, acting, 'connector-disconnected', `${key.connection}/${key.account}`, {
    mode: key.mode,
  })
}

/** Looks at an account, and says how it stands: the test call. */
export async function testAccount(
  connections: Connections,
  key: AccountKey,
): Promise<AccountRow & { problem: string | null }> {
  const row = await connections.health.probe(key)
  if (!row)
    throw new ReeveError(
      'unknown-connection',
      `The account "${key.account}" of ${key.connection} is not used in the mode ${key.mode}.`,
    )
  return {
    ...row,
    problem: row.state === 'connected' ? null : (row.reason ?? messageOf('it is not connected')),
  }
}
