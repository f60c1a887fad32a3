import type { Session } from '../../database.ts'
import { missingSealingKey } from '../open-secret.ts'
import { listSecrets } from '../sealed-rows.ts'
import { addSealingKey, type KeyPlace, readSealingKeys, type SealingKeys } from './key-file.ts'

/**
 * The keys to seal a value with: the first value of an installation makes the file, where there is a place for one.
 * @throws `bad-secrets-key` `secrets-key-missing` when others are sealed with a key that is not here
 */
export async function keysToSetWith(session: Session, place: KeyPlace): Promise<SealingKeys> {
  const source = readSealingKeys(place)
  if (source.keys.length > 0 || source.file === undefined) return source
  const [sealed] = await listSecrets(session)
  if (sealed) throw missingSealingKey(sealed, source)
  return { ...source, keys: addSealingKey(source.file, []) }
}
