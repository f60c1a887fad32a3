import { messageOf, ReeveError } from '../../base/errors.ts'
import type { Acting } from '../../store/authority/acting.ts'
import { record } from '../../store/authority/acting.ts'
import {
  type AccountKey,
  type AccountRow,
  accountName,
  connectWords,
  dropAccount,
  findAccount,
  noteAccount,
  noteConnected,
  setAccountState,
} from '../../store/connectors/accounts.ts'
import type { Session } from '../../store/database.ts'
import { deleteSecret, setSecret } from '../../store/secrets/change-secrets.ts'
import type { SealingKeys } from '../../store/secrets/key/key-file.ts'
import { findSecret } from '../../store/secrets/sealed-rows.ts'
import type { Vault } from '../../store/secrets/vault.ts'
import { type AuthScheme, type Credential, sealedForm } from '../auth/scheme.ts'
import { type Connection, schemesOf, secretNameOf } from '../shape/connection.ts'
import type { Mode } from '../shape/mode.ts'
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

/** Who connects an account, and where. */
interface ConnectingHost {
  connections: Connections
  vault: Vault
  /** What credentials are sealed with. */
  keys: () => Promise<SealingKeys>
}

/**
 * Seals a credential for an account and makes a test call with it. Where the service refuses it, or it is of another account than
 * the one before, all is as it was: a slip of the pen does not stop what works. Where the service does not answer, it is kept.
 * @throws `unknown-connection` `bad-credential` `bad-secret`
 */
export async function connectAccount(
  { connections, vault, keys: keysNow }: ConnectingHost,
  { connection: name, account, mode }: { connection: string; account: string; mode: Mode | undefined },
  credential: Credential,
  acting: Acting,
): Promise<void> {
  const connection = requireConnection(connections, name)
  const { database } = connections
  const key = { connection: name, account, mode: mode ?? connections.modeOf({ connection }) }
  const scheme = schemeFor(connection, credential)
  const keys = await keysNow()
  const secret = secretNameOf(connection, account, key.mode)
  const before = await findAccount(database, key)
  const kept = await vault.read(secret).catch(() => undefined)
  await database.transaction((session) =>
    keepCredential(session, connection, { key, scheme, credential, keys }, acting),
  )
  await vault.lookAgain()
  const now = await connections.health.probe(key)
  const problem = now && problemOf(now, before)
  if (problem === undefined) return
  await database.transaction(async (session) => {
    if (!kept || kept.version === 0) return forget(session, connection, key, acting)
    await keepSecret(session, secret, kept.value, keys, acting)
    await noteConnected(session, key, {
      by: before?.connected_by ?? acting.by,
      at: before?.connected_at ?? acting.at,
    })
  })
  await vault.lookAgain()
  if (kept && kept.version !== 0) await connections.health.probe(key)
  throw new ReeveError(
    'bad-credential',
    `${connection.definition.title}, ${accountName(key)}: ${problem} ${kept ? 'The credential before it is kept.' : 'Nothing was kept.'}`,
  )
}

/** Why the new credential of an account is not kept. */
function problemOf(now: AccountRow, before: AccountRow | undefined): string | undefined {
  if (now.state === 'needs-reconnect')
    return `the credential was refused: ${now.reason ?? 'it does not fit'}.`
  const was = before?.identity
  if (!was || now.identity === null || now.identity === was) return undefined
  return `that credential is of ${now.identity}, and until now it was ${was}. If another account is meant, disconnect this one first: reeve connectors disconnect ${connectWords(now).slice(1).join(' ')}.`
}

function schemeFor(connection: Connection, credential: Credential): AuthScheme {
  const scheme = schemesOf(connection).find(({ kind, fields }) =>
    kind === 'oauth2'
      ? 'access_token' in credential
      : fields.every(({ name, isOptional }) => isOptional || name in credential),
  )
  if (scheme) return scheme
  const fields = schemesOf(connection)[0]?.fields.map(({ name }) => name) ?? []
  throw new ReeveError(
    'bad-credential',
    `Those are not the fields that ${connection.definition.title} asks for (${fields.join(', ') || 'none'}).`,
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
  await keepSecret(session, name, sealedForm(scheme, credential), keys, acting)
  await noteConnected(session, key, { by: acting.by, at: acting.at })
  await record(session, acting, 'connector-connected', `${key.connection}/${key.account}`, {
    mode: key.mode,
    identity: null,
  })
}

async function keepSecret(
  session: Session,
  name: string,
  value: string,
  keys: SealingKeys,
  acting: Acting,
): Promise<void> {
  const before = await findSecret(session, name)
  await setSecret(session, { name, value, keys }, acting).catch((error: unknown) => {
    // The very same again: it is to be tried anew.
    if (before && error instanceof ReeveError && /this very value/.test(error.message)) return
    throw error
  })
}

/**
 * In a transaction: deletes the credential of an account. What waits for it waits on. Of a live account that the project names it stands
 * from then on why it has none; one in sandbox goes by the stand-in.
 */
export async function disconnect(
  session: Session,
  connection: Connection,
  key: AccountKey,
  acting: Acting,
): Promise<void> {
  await forget(session, connection, key, acting)
  if (key.mode !== 'live' || !isDeclared(connection, key.account)) return
  await noteAccount(session, key)
  const reason = `it was disconnected by ${acting.by}`
  await setAccountState(session, key, { state: 'needs-reconnect', reason })
}

async function forget(
  session: Session,
  connection: Connection,
  key: AccountKey,
  acting: Acting,
): Promise<void> {
  const name = secretNameOf(connection, key.account, key.mode)
  const secret = await findSecret(session, name)
  if (!secret && !isDeclared(connection, key.account) && !(await findAccount(session, key)))
    throw new ReeveError(
      'unknown-connection',
      `There is no ${accountName(key).replace(/^the /, '')}. See which there are: reeve connectors list. Nothing was changed.`,
    )
  if (secret) await deleteSecret(session, name, acting)
  await dropAccount(session, key)
  await record(session, acting, 'connector-disconnected', `${key.connection}/${key.account}`, {
    mode: key.mode,
  })
}

/** Whether the project names the account. */
function isDeclared({ accounts }: Connection, account: string): boolean {
  if (accounts.choice === 'one') return accounts.account === account
  return accounts.choice === 'several' && accounts.accounts.includes(account)
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
