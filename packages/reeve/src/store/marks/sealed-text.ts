import { ReeveError } from '../../base/errors.ts'
import type { SealingKey } from '../secrets/key/sealing-key.ts'
import { marksSecret } from '../secrets/sealed-rows.ts'

/** As a row has a text: sealed for its id, so that no other text can be put in its place. */
export function sealText(key: SealingKey, id: string, text: string): { text: string; keyId: string } {
  const { sealed, nonce, key_id } = key.seal(placeOf(id), text)
  return { text: `${nonce}.${sealed}`, keyId: key_id }
}

/** What a row says. @throws `secrets-key-missing` `secret-forged` */
export function openText(
  key: SealingKey | undefined,
  { id, text, key_id }: { id: string; text: string; key_id: string },
): string {
  if (key?.id !== key_id)
    throw new ReeveError(
      'secrets-key-missing',
      `Texts that a schema marks are sealed with the key ${key_id}, which is the secret ${marksSecret}, and this process cannot open that. Nothing is lost: give it the key for secrets (REEVE_SECRETS_KEY, or the file secrets.key), then continue with: reeve retry RUN. If that key is gone for good, these texts are, too: reeve secrets delete ${marksSecret}, and start the run again.`,
    )
  const [nonce = '', sealed = ''] = text.split('.')
  const opened = key.open(placeOf(id), { sealed, nonce, key_id })
  if (opened !== undefined) return opened
  throw forgedText(id)
}

export function forgedText(id: string): ReeveError {
  return new ReeveError(
    'secret-forged',
    `The marked text ${id} is not the one that the journal refers to, or cannot be opened with the key that it says it was sealed with: its row was changed, or put in the place of another. It is not used. Look at who may write to the database.`,
  )
}

function placeOf(id: string): { name: string; version: number } {
  return { name: `marked ${id}`, version: 1 }
}
