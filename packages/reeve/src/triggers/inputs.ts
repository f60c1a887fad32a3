import { messageOf, ReeveError } from '../base/errors.ts'
import type { FilesTrigger, FoundFile } from './files.ts'
import type { LetterReader } from './letters/read-letter.ts'
import type { MailTrigger } from './mail.ts'
import { mapInput, readBody } from './mapping.ts'
import type { WebhookDelivery, WebhookTrigger } from './webhook.ts'

/** The workflow's input of what a trigger got; undefined: nothing is to be started. */

/** What was posted, as the trigger's schema reads it. @throws `invalid-input` */
export function readDelivery({ schema }: WebhookTrigger, name: string, body: unknown): unknown {
  return readBody(schema, body, `webhook "${name}"`)
}

/** Of a delivery whose body was read. @throws `bad-mapping` */
export function inputOfDelivery(
  trigger: WebhookTrigger,
  name: string,
  delivery: WebhookDelivery<unknown>,
): unknown {
  return mapInput(trigger.input, delivery as never, `webhook "${name}"`, delivery.body)
}

/** @throws `not-read` `missing-package` `input-too-large` `bad-mapping` */
export async function inputOfLetter(
  trigger: MailTrigger,
  name: string,
  raw: Buffer,
  letters: LetterReader,
): Promise<unknown> {
  return mapInput(trigger.input, await letters.read(raw), `mail trigger "${name}"`, undefined)
}

/** @throws `unreadable-file` `bad-mapping` */
export function inputOfFile(
  trigger: FilesTrigger,
  name: string,
  file: Omit<FoundFile, 'text'>,
  content: Buffer,
): unknown {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch (cause) {
    throw new ReeveError('unreadable-file', `${file.name} is not UTF-8: ${messageOf(cause)}`, { cause })
  }
  return mapInput(trigger.input, { ...file, text }, `files trigger "${name}"`, undefined)
}
