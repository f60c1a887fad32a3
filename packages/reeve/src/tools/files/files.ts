import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import { checkOptions } from '../../base/options.ts'
import { type Tool, tool } from '../tool.ts'
import { Jail } from './jail.ts'
import { type FileEntry, JailedFiles } from './jailed-files.ts'

/** For `fileTools`. */
export interface FileToolsOptions {
  /** The first part of the tools' names. Default `files`. */
  name?: string
  /** The absolute path of the folder that they work in. */
  root: string
  /** Of one file, read or written. Default 1 MiB. */
  maxBytes?: number
  /** Of one listing. Default 1,000. */
  maxEntries?: number
}

/** How the content of a file stands in JSON. */
export type FileEncoding = 'utf8' | 'base64'

/** The tools of one folder. */
export interface FileTools {
  read: Tool<{ path: string; encoding?: FileEncoding }, { content: string; bytes: number }>
  list: Tool<{ path?: string }, { entries: FileEntry[]; more: boolean }>
  write: Tool<{ path: string; content: string; encoding?: FileEncoding }, { bytes: number }>
  remove: Tool<{ path: string }, { removed: boolean }>
}

const path = z.string().max(4096)
const encoding = z.enum(['utf8', 'base64']).optional()

/**
 * Tools for the files below one folder: `files.read`, `files.list`, `files.write`, `files.remove`. Give an agent only
 * those it needs. @throws `bad-tool`
 * @example
 * import { fileTools } from 'reeve/tools'
 *
 * export const { read, list, write } = fileTools({ root: '/srv/reports' })
 */
export function fileTools(options: FileToolsOptions): FileTools {
  checkOptions(
    options,
    'file tools',
    { name: 'text', root: 'text!', maxBytes: 'number', maxEntries: 'number' },
    'bad-tool',
  )
  const { name = 'files', root, maxBytes = 1_048_576, maxEntries = 1000 } = options
  if (!isAbsolute(root)) {
    throw new ReeveError('bad-tool', `The root "${root}" of the tools "${name}" must be an absolute path.`)
  }
  const files = new JailedFiles(new Jail(root), maxBytes, maxEntries)
  return {
    read: tool({
      name: `${name}.read`,
      description: 'Read a file by its path, as text or base64',
      input: z.object({ path, encoding }),
      output: z.object({ content: z.string(), bytes: z.number() }),
      effect: 'read',
      reads: 'private',
      sends: 'none',
      directs: ['path'],
      answers: 'untrusted',
      place: 'a file',
      run: async (args) => {
        const content = await files.read(args.path)
        return { content: decode(content, args.encoding ?? 'utf8', args.path), bytes: content.byteLength }
      },
    }),
    list: tool({
      name: `${name}.list`,
      description: 'List the entries of a folder',
      input: z.object({ path: path.optional() }),
      output: z.object({
        entries: z.array(
          z.object({ name: z.string(), kind: z.enum(['file', 'folder', 'other']), bytes: z.number() }),
        ),
        more: z.boolean(),
      }),
      effect: 'read',
      reads: 'private',
      sends: 'none',
      directs: ['path'],
      place: 'a folder',
      run: (args) => files.list(args.path ?? ''),
    }),
    write: tool({
      name: `${name}.write`,
      description: 'Write a whole file; an existing file is replaced',
      input: z.object({ path, content: z.string(), encoding }),
      output: z.object({ bytes: z.number() }),
      effect: 'idempotent',
      sends: 'none',
      directs: ['path'],
      kinds: ['file'],
      run: async (args) => {
        const content = Buffer.from(args.content, args.encoding ?? 'utf8')
        await files.write(args.path, content)
        return { bytes: content.byteLength }
      },
    }),
    remove: tool({
      name: `${name}.remove`,
      description: 'Delete a file',
      input: z.object({ path }),
      output: z.object({ removed: z.boolean() }),
      effect: 'idempotent',
      sends: 'none',
      directs: ['path'],
      kinds: ['delete', 'file'],
      risk: 'high',
      run: async (args) => ({ removed: await files.remove(args.path) }),
    }),
  }
}

function decode(content: Buffer, wanted: FileEncoding, shown: string): string {
  if (wanted === 'base64') return content.toString('base64')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch (cause) {
    throw new ReeveError('not-utf8', `"${shown}" is not UTF-8 text. Read it as base64.`, { cause })
  }
}
