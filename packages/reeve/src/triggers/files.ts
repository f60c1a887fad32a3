import { basename, dirname } from 'node:path'
import { ReeveError } from '../base/errors.ts'
import { wholeNumber } from '../base/numbers.ts'
import { checkOptions } from '../base/options.ts'
import { describeValue } from '../base/text/shorten.ts'
import { checkText } from '../base/text/text.ts'
import { type Duration, toMs } from '../base/time/time.ts'
import type { Trigger } from '../engine/starting/trigger.ts'
import { checkTriggerName } from './webhook.ts'

/** A file that was put into a watched folder. */
export interface FoundFile {
  /** Where it is. */
  path: string
  /** Its name without the folder. */
  name: string
  /** Its size (bytes). */
  bytes: number
  /** When it was last written (ISO 8601). */
  modifiedAt: string
  /** What is in it, as UTF-8. */
  text: string
}

/** What every watched folder has. */
export interface FolderOptions {
  /** A file is taken when it was not written to for so long: whoever writes it is done. Default 2 seconds. */
  settle?: Duration
  /** A larger file (bytes) is moved aside. Up to 25 MiB. Default 1 MiB; letters 25 MiB. */
  maxBytes?: number
  /** Where bad files go, each with its reason beside it, relative to the project. Default: `failed` in the folder. */
  failed?: string
  /** Where files go that started a run, relative to the project. Default: they stay. */
  done?: string
}

/** For `files`. */
export interface FilesOptions<Result = unknown> extends FolderOptions {
  /** Default: the workflow's name, and `.files`. */
  name?: string
  /** Makes the workflow's input of a file; undefined or null: nothing is started. What it throws moves the file aside. */
  input: (file: FoundFile) => Result
}

/** A watched folder, as it is kept. */
export interface Folder {
  /** Relative to the project. */
  readonly folder: string
  /** For the name in it. */
  readonly pattern: string
  readonly settleMs: number
  readonly maxBytes: number
  readonly failed: string
  readonly done: string | undefined
}

export interface FilesTrigger extends Trigger, Folder {
  readonly on: 'files'
  readonly input: (file: FoundFile) => unknown
}

/**
 * Starts a run for each file that is put into a folder. What was seen is kept in the database: a restart starts nothing
 * twice. Half-written files are waited for; those that no run can be made of are moved aside with the reason.
 * @throws `bad-trigger` `bad-duration` `bad-number`
 * @example
 * import { files, workflow } from 'reeve'
 * import { z } from 'zod'
 *
 * export default workflow({
 *   input: z.object({ lines: z.array(z.string()) }),
 *   on: [files('inbox/*.csv', { input: ({ text }) => ({ lines: text.trim().split('\n') }), done: 'inbox/done' })],
 *   run: async (ctx, { lines }) => lines.length,
 * })
 */
export function files<Result>(pattern: string, options: FilesOptions<Result>): Trigger<NonNullable<Result>> {
  checkText(pattern, 'The pattern of a files trigger')
  checkOptions(options, 'a files trigger', { name: 'text', input: 'function!' }, 'bad-trigger')
  checkTriggerName(options.name)
  const folder = folderFrom(pattern, options, 1024 * 1024)
  const { name, input } = options
  const trigger: FilesTrigger = { kind: 'reeve-trigger', on: 'files', name, ...folder, input }
  return trigger as Trigger<NonNullable<Result>>
}

const mostBytes = 25 * 1024 * 1024

/** @throws `bad-trigger` `bad-duration` `bad-number` */
export function folderFrom(pattern: string, options: FolderOptions, defaultBytes: number): Folder {
  const rules = { failed: 'text', done: 'text', maxBytes: 'number' } as const
  checkOptions(options, 'a watched folder', rules, 'bad-trigger')
  const { settle = '2s', maxBytes = defaultBytes, done } = options
  const folder = dirname(pattern)
  if (/[*?[\]{}]/.test(folder)) {
    throw new ReeveError(
      'bad-trigger',
      `The pattern ${describeValue(pattern)} has wildcards in its folder; they are allowed in the name only. Declare a trigger for each folder.`,
    )
  }
  if (wholeNumber(maxBytes, '`maxBytes` of a watched folder') > mostBytes) {
    throw new ReeveError(
      'bad-trigger',
      `A watched folder has \`maxBytes\` ${maxBytes}; ${mostBytes} are the most.`,
    )
  }
  return {
    folder,
    pattern: basename(pattern),
    settleMs: toMs(settle, '`settle` of a watched folder'),
    maxBytes,
    failed: options.failed ?? `${folder}/failed`,
    done,
  }
}
