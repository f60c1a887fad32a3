import { ReeveError } from '../../base/errors.ts'
import type { Bulk, Session } from '../database.ts'
import type { Sealed, SealedPlace } from './key/sealing-key.ts'

/**
 * One value of a secret. A secret's newest value is the one in use:
 *
 *   in use → ended by a newer value → removed after 30 days      or all values removed at once, with the secret
 *
 * What ended is kept so that it is still left out of journals: the service that it was for may repeat it.
 */
export interface SecretRow extends Sealed {
  name: string
  /** Counted from 1. */
  version: number
  set_at: number
  set_by: string
  /** When it was last handed to a tool, to the hour; null: never. */
  used_at: number | null
  ended_at: number | null
}

const versionName = 'secrets-version'

const growVersion: Bulk = {
  columns: { name: 'text' },
  announces: 'authority',
  sql: `insert into meta (name, value) select :name, '1' {from} where true
    on conflict (name) do update set value = cast(cast(meta.value as bigint) + 1 as text)`,
}

/** In the transaction of a change of secrets: all processes hear of it. Those who change them at one moment wait for one another. */
export async function noteSecretsChange(session: Session): Promise<void> {
  await session.bulk(growVersion, [[versionName]])
}

/** It grows with each change of secrets. */
export async function readSecretsVersion(session: Session): Promise<number> {
  const row = await session.get<{ value: string }>('select value from meta where name = ?', [versionName])
  return Number(row?.value ?? 0)
}

/** The value in use. */
export function findSecret(session: Session, name: string): Promise<SecretRow | undefined> {
  return session.get<SecretRow>(
    'select * from secrets where name = ? and ended_at is null order by version desc limit 1',
    [name],
  )
}

/** All that are in use, by name. */
export function listSecrets(session: Session): Promise<SecretRow[]> {
  return session.all<SecretRow>('select * from secrets where ended_at is null order by name')
}

/** With the values that ended. */
export function listSealed(session: Session): Promise<SecretRow[]> {
  return session.all<SecretRow>('select * from secrets order by name, version')
}

export async function insertSecret(session: Session, row: SecretRow): Promise<void> {
  await session.run(
    `insert into secrets (name, version, sealed, nonce, key_id, set_at, set_by, used_at, ended_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      row.name,
      row.version,
      row.sealed,
      row.nonce,
      row.key_id,
      row.set_at,
      row.set_by,
      row.used_at,
      row.ended_at,
    ],
  )
}

export async function endValue(session: Session, { name, version }: SecretRow, at: number): Promise<void> {
  await session.run('update secrets set ended_at = ? where name = ? and version = ?', [at, name, version])
}

/** Every value of it. Answers how many there were. */
export function dropSecret(session: Session, name: string): Promise<number> {
  return session.run('delete from secrets where name = ?', [name])
}

export async function replaceSealed(
  session: Session,
  { name, version }: SecretRow,
  its: Sealed,
): Promise<void> {
  await session.run('update secrets set sealed = ?, nonce = ?, key_id = ? where name = ? and version = ?', [
    its.sealed,
    its.nonce,
    its.key_id,
    name,
    version,
  ])
}

export async function noteUse(session: Session, { name, version }: SealedPlace, at: number): Promise<void> {
  await session.run('update secrets set used_at = ? where name = ? and version = ?', [at, name, version])
}

/** What marked texts are sealed with: made by Reeve, and deleted by an owner whose sealing key is gone for good. */
export const marksSecret = 'reeve.marks'

const namePattern = /^[A-Za-z_][\w.:-]{0,99}$/

/** What is not a name may be the secret itself: it is not shown. @throws `bad-secret` */
export function checkSecretName(name: unknown): string {
  if (typeof name === 'string' && namePattern.test(name)) return name
  throw new ReeveError(
    'bad-secret',
    'That is not a name for a secret (it is not shown, for it may be the secret itself). A name has up to 100 letters, digits, "_", ".", ":" and "-" and begins with a letter, such as STRIPE_KEY.',
  )
}
