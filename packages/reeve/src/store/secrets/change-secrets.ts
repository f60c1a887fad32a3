import { ReeveError } from '../../base/errors.ts'
import { type Acting, record } from '../authority/acting.ts'
import type { Session } from '../database.ts'
import type { SealingKeys } from './key/key-file.ts'
import type { SealingKey } from './key/sealing-key.ts'
import { keyOf, missingSealingKey, openSecret, unknownSecret } from './open-secret.ts'
import {
  checkSecretName,
  dropSecret,
  endValue,
  findSecret,
  insertSecret,
  listSealed,
  marksSecret,
  noteSecretsChange,
  replaceSealed,
} from './sealed-rows.ts'

/** A shorter value would stand in many texts by chance, and could not be left out of them. */
const shortest = 8
/** Of a private key, a certificate, an account of a service as JSON. */
const longest = 16_384

/** @throws `bad-secret`, which does not show it */
export function checkSecretValue(value: unknown): string {
  const bad = (why: string) =>
    new ReeveError('bad-secret', `That cannot be kept as a secret: ${why}. Nothing was changed.`)
  if (typeof value !== 'string') throw bad('it is not a text')
  if (value.length < shortest)
    throw bad(
      `it has ${value.length} characters, and ${shortest} are the fewest: shorter ones occur in texts by chance, so that they cannot be kept out of journals`,
    )
  if (value.length > longest) throw bad(`it has ${value.length} characters, and ${longest} are the most`)
  if (!value.isWellFormed()) throw bad('it is not well-formed Unicode')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(value)) throw bad('it has control characters')
  if (value.trim() !== value)
    throw bad('it begins or ends with blanks or empty lines, which a copy may have added')
  if (value.includes('[secret]'))
    throw bad('it holds the mark [secret], which replaces a value that was left out')
  return value
}

export interface NewValue {
  name: string
  value: string
  keys: SealingKeys
  /** The version that it takes the place of; absent: whichever there is; 0: there must be none. */
  expected?: number | undefined
}

/**
 * In a transaction: seals a value under a name, in the place of the one that it has. Answers its version.
 * @throws `bad-secret` `secret-changed` `secrets-key-missing`
 */
export async function setSecret(
  session: Session,
  { name, value, keys, expected }: NewValue,
  acting: Acting,
): Promise<{ version: number; isNew: boolean }> {
  checkSecretName(name)
  if (name === marksSecret && expected !== 0)
    throw new ReeveError(
      'bad-secret',
      `${marksSecret} is what Reeve seals marked texts with: another value would leave them closed. Nothing was changed.`,
    )
  checkSecretValue(value)
  const key = currentKey(keys)
  await noteSecretsChange(session)
  const before = await findSecret(session, name)
  if (expected !== undefined && (before?.version ?? 0) !== expected)
    throw new ReeveError(
      'secret-changed',
      `The secret ${name} has version ${before?.version ?? 0} now, and ${expected} was expected: somebody else changed it. Nothing was changed.`,
    )
  await refuseOtherKeys(session, keys)
  if (before && openSecret(before, keys) === value)
    throw new ReeveError(
      'bad-secret',
      `${name} has this very value already (version ${before.version}). Nothing was changed.`,
    )
  const version = (await lastVersion(session, name)) + 1
  if (before) await endValue(session, before, acting.at)
  await insertSecret(session, {
    name,
    version,
    ...key.seal({ name, version }, value),
    set_at: acting.at,
    set_by: acting.by,
    used_at: null,
    ended_at: null,
  })
  if (before) await record(session, acting, 'secret-rotated', name, { version })
  else await record(session, acting, 'secret-set', name, {})
  return { version, isNew: before === undefined }
}

/** In a transaction: removes a secret with all its values. Needs no key. @throws `unknown-secret` `secret-needed` */
export async function deleteSecret(session: Session, name: string, acting: Acting): Promise<void> {
  checkSecretName(name)
  if (name === marksSecret && session.marksKey)
    throw new ReeveError(
      'secret-needed',
      `Secret ${marksSecret} seals the texts that schemas mark, and this process can open it: without it all of them are lost, and workers would go on sealing with it. Erase what you want gone with: reeve erase --subject TEXT. Only when its own key is lost can ${marksSecret} be deleted.`,
    )
  await noteSecretsChange(session)
  if ((await dropSecret(session, name)) === 0) throw unknownSecret(name)
  // Nobody can open them any more: what stays closed for ever would keep `reeve erase` from looking.
  if (name === marksSecret)
    await session.run('update marked_values set text = null, key_id = null where key_id is not null')
  await record(session, acting, 'secret-deleted', name, {})
}

/**
 * In a transaction: seals everything anew with the current key. Answers how many values there are, and how many were sealed
 * with another key. @throws `secrets-key-missing` `secret-forged`, and then nothing was changed
 */
export async function resealSecrets(
  session: Session,
  keys: SealingKeys,
  acting: Acting,
): Promise<{ values: number; resealed: number }> {
  const key = currentKey(keys)
  await noteSecretsChange(session)
  const rows = await listSealed(session)
  const others = rows.filter(({ key_id }) => key_id !== key.id)
  for (const row of others) await replaceSealed(session, row, key.seal(row, openSecret(row, keys)))
  if (others.length > 0) {
    const before = [...new Set(others.map(({ key_id }) => key_id))].join(', ')
    await record(session, acting, 'secrets-key-set', key.id, { before, values: rows.length })
  }
  return { values: rows.length, resealed: others.length }
}

function currentKey({ keys, place }: SealingKeys): SealingKey {
  const [current] = keys
  if (current) return current
  throw new ReeveError(
    'secrets-key-missing',
    `There is no key to seal secrets with (searched in: ${place}). Set REEVE_SECRETS_KEY to one.`,
  )
}

/** Who seals with a key of its own beside one that is not here would part the secrets: no process could open them all. */
async function refuseOtherKeys(session: Session, keys: SealingKeys): Promise<void> {
  const foreign = (await listSealed(session)).find((row) => row.ended_at === null && !keyOf(row, keys))
  if (foreign) throw missingSealingKey(foreign, keys)
}

/** A number is not given again, also after the secret was deleted: what was sealed under it must not count again. */
async function lastVersion(session: Session, name: string): Promise<number> {
  const kept = await session.get<{ version: number }>(
    'select coalesce(max(version), 0) as version from secrets where name = ?',
    [name],
  )
  const told = await session.get<{ acts: number }>(
    `select count(*) as acts from authority_log where subject = ? and type in ('secret-set', 'secret-rotated')`,
    [name],
  )
  return Math.max(kept!.version, told!.acts)
}
