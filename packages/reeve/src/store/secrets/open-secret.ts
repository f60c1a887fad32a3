import { ReeveError } from '../../base/errors.ts'
import type { SealingKeys } from './key/key-file.ts'
import type { SealingKey } from './key/sealing-key.ts'
import type { SecretRow } from './sealed-rows.ts'

/**
 * The value of a row.
 * @throws `secrets-key-missing` `secret-forged`
 */
export function openSecret(row: SecretRow, source: SealingKeys): string {
  const key = keyOf(row, source)
  if (!key) throw missingSealingKey(row, source)
  const value = key.open(row, row)
  if (value !== undefined) return value
  throw new ReeveError(
    'secret-forged',
    `The secret ${row.name} (version ${row.version}) cannot be opened with the key that it says it was sealed with: the row was changed, or put in the place of another. It is not used. Set it again: reeve secrets set ${row.name}; and look at who may write to the database.`,
  )
}

export function keyOf({ key_id }: SecretRow, { keys }: SealingKeys): SealingKey | undefined {
  return keys.find(({ id }) => id === key_id)
}

export function missingSealingKey({ name, key_id }: SecretRow, { keys, place }: SealingKeys): ReeveError {
  const has =
    keys.length === 0
      ? `this process has no key (searched in: ${place})`
      : `${place} has another (${keys.map(({ id }) => id).join(', ')})`
  return new ReeveError(
    'secrets-key-missing',
    `The secret ${name} is sealed with the key ${key_id}, and ${has}. Nothing is lost: give this process that key, in REEVE_SECRETS_KEY or in the file secrets.key of the machine where it was made. If that key is gone for good, delete the secret and set it again: reeve secrets delete ${name}`,
  )
}

export function unknownSecret(name: string): ReeveError {
  return new ReeveError(
    'unknown-secret',
    `There is no secret ${name} here. Set it (its value is asked for, or read from standard input): reeve secrets set ${name}`,
  )
}
