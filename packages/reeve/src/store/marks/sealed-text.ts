import { ReeveError } from '../../base/errors.ts'
import type { SealingKey } from '../secrets/key/sealing-key.ts'
import { marksSecret } from '../secrets/sealed-rows.ts'

/** Where a sealed text is kept. */
export interface MarkedPlace {
  /** Its run's number. */
  run: number
  id: string
}

/** As a row has a text: sealed for its run and its id, so that it opens nowhere else. */
export function sealText(key: SealingKey, place: MarkedPlace, text: string): { text: string; keyId: string } {
  const { sealed, nonce, key_id } = key.seal(bindingOf(place), text)
  return { text: `${nonce}.${sealed}`, keyId: key_id }
}

/** What a row says. @throws `secrets-key-missing` `secret-forged` */
export function openText(
  key: SealingKey | undefined,
  { run, id, text, key_id }: MarkedPlace & { text: string; key_id: string },
): string {
  if (key?.id !== key_id)
    throw new ReeveError(
      'secrets-key-missing',
      `Texts that a schema marks are sealed with the key ${key_id}, which is the secret ${marksSecret}, and this process cannot open that. Nothing is lost: give it the key for secrets (REEVE_SECRETS_KEY, or the file secrets.key), then continue with: reeve retry RUN. If that key is gone for good, these texts are, too: reeve secrets delete ${marksSecret}, and start the run again.`,
    )
  const [nonce = '', sealed = ''] = text.split('.')
  const opened = key.open(bindingOf({ run, id }), { sealed, nonce, key_id })
  if (opened !== undefined) return opened
  throw forgedText(id)
}

export function forgedText(id: string): ReeveError {
  return new ReeveError(
    'secret-forged',
    `The marked text ${id} is not the one that the journal refers to, or cannot be opened with the key that it says it was sealed with: its row was changed, removed, or put in the place of another. It is not used. Look at who may write to the database.`,
  )
}

function bindingOf({ run, id }: MarkedPlace): { name: string; version: number } {
  return { name: `marked ${run} ${id}`, version: 1 }
}
