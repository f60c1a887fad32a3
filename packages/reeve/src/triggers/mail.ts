import { ReeveError } from '../base/errors.ts'
import { checkOptions } from '../base/options.ts'
import type { Trigger } from '../engine/starting/trigger.ts'
import { type Folder, type FolderOptions, folderFrom } from './files.ts'
import type { Letter } from './letters/letter.ts'
import { checkTriggerName, type Hook, type HookOptions, hookFrom } from './webhook.ts'

/** For `mail`: a door over HTTP (`secret`), a folder, or both. */
export interface MailOptions<Result = unknown> extends Partial<HookOptions>, FolderOptions {
  /**
   * How the sender of a letter over HTTP proves itself: `bearer` (the secret in `Authorization`) or `standard`.
   * Default `bearer`.
   */
  signature?: 'bearer' | 'standard'
  /** A folder that a mail program puts letters into, relative to the project: a maildir, or files named `*.eml`. */
  folder?: string
  /** Makes the workflow's input of a letter; undefined or null: nothing is started. */
  input: (letter: Letter) => Result
}

export interface MailTrigger extends Trigger {
  readonly on: 'mail'
  readonly hook: Hook | undefined
  readonly folder: Folder | undefined
  readonly input: (letter: Letter) => unknown
}

/**
 * Starts a run for each letter: raw RFC 822 that is posted to `/hooks/NAME`, or lies in a folder. It is read in a process
 * of its own with bounded time and memory. Needs the package `postal-mime`.
 * @throws `bad-trigger` `bad-duration` `bad-number`
 * @example
 * import { mail, workflow } from 'reeve'
 * import { z } from 'zod'
 *
 * export default workflow({
 *   input: z.object({ from: z.email(), subject: z.string(), body: z.string() }),
 *   on: [
 *     mail({
 *       secret: 'MAIL_HOOK_SECRET',
 *       folder: 'mail/new',
 *       input: ({ from, subject, text }) => ({ from: from.address, subject, body: text }),
 *     }),
 *   ],
 *   run: async (ctx, { subject }) => subject,
 * })
 */
export function mail<Result>(options: MailOptions<Result>): Trigger<NonNullable<Result>> {
  const rules = {
    name: 'text',
    folder: 'text',
    secret: ['text', 'list', 'object'],
    input: 'function!',
  } as const
  checkOptions(options, 'a mail trigger', rules, 'bad-trigger')
  checkTriggerName(options.name)
  const { name, secret, signature = 'bearer', folder, input } = options
  if (secret === undefined && folder === undefined) {
    throw new ReeveError(
      'bad-trigger',
      'A mail trigger has neither `secret`, for emails that are posted, nor `folder`: no email could arrive.',
    )
  }
  const hook = secret === undefined ? undefined : hookFrom({ ...options, secret }, 'mail', signature)
  const watched = folder === undefined ? undefined : folderFrom(`${folder}/*`, options, 25 * 1024 * 1024)
  const trigger: MailTrigger = { kind: 'reeve-trigger', on: 'mail', name, hook, folder: watched, input }
  return trigger as Trigger<NonNullable<Result>>
}
