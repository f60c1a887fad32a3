import { realpath } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { sha256 } from '../../base/hash.ts'
import { NotApplied } from '../../engine/calls/effect/definition.ts'
import { Jail } from '../../tools/files/jail.ts'
import { JailedFiles } from '../../tools/files/jailed-files.ts'
import type { ServiceCall } from '../door/service-call.ts'
import { action } from '../shape/action.ts'

const path = z.string().min(1).max(4096).describe('Below the folder, such as reports/july.txt')
const encoding = z.enum(['utf8', 'base64']).default('utf8')
const mostBytes = 1_048_576
/** What stood in the place of a file is kept in the journal up to so many bytes, for its undo. */
const mostKeptBytes = 65_536

/** Every path stays below the folder, and no link leads out of it. */
async function folderOf(api: ServiceCall): Promise<JailedFiles> {
  let root: string
  try {
    root = await realpath(fileURLToPath(await api.at()))
  } catch (cause) {
    throw new NotApplied(`The folder of the connection cannot be opened: ${(cause as Error).message}`, {
      cause,
    })
  }
  return new JailedFiles(new Jail(root), mostBytes, 1000)
}

export const read = action({
  description: 'Read a file, as text or base64',
  endpoint: 'GET {path}',
  input: z.object({ path, encoding }),
  output: z.object({ content: z.string(), bytes: z.number().int() }),
  effect: 'read',
  reads: 'private',
  sends: 'none',
  directs: ['path'],
  answers: 'untrusted',
  isProse: true,
  place: 'a file',
  run: async (args, api) => {
    const content = await (await folderOf(api)).read(args.path)
    return { content: decoded(content, args.encoding, args.path), bytes: content.length }
  },
})

function decoded(content: Buffer, wanted: 'utf8' | 'base64', shown: string): string {
  if (wanted === 'base64') return content.toString('base64')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch (cause) {
    throw new NotApplied(`"${shown}" is not UTF-8 text. Read it as base64.`, { cause })
  }
}

const Entry = z.object({ name: z.string(), kind: z.enum(['file', 'folder', 'other']), bytes: z.number() })

export const list = action({
  description: 'List the entries of a folder',
  endpoint: 'GET {path}/',
  input: z.object({ path: z.string().max(4096).default('') }),
  output: z.object({ entries: z.array(Entry), more: z.boolean() }),
  effect: 'read',
  reads: 'private',
  sends: 'none',
  directs: ['path'],
  place: 'a folder',
  run: async (args, api) => (await folderOf(api)).list(args.path),
})

const Before = z.union([
  /** Nothing stood there. */
  z.object({ was: z.literal('nothing') }),
  z.object({ was: z.literal('file'), content: z.string() }),
  /** It was too large to keep, or it stood there already as it is now. */
  z.object({ was: z.literal('unknown'), why: z.string() }),
])

export const write = action({
  description: 'Write a whole file; an existing file is replaced',
  endpoint: ['PUT {path}'],
  input: z.object({ path, content: z.string().max(1_500_000), encoding }),
  output: z.object({ bytes: z.number().int(), sha256: z.string(), before: Before }),
  effect: 'idempotent',
  reads: 'none',
  sends: 'none',
  directs: ['path'],
  roles: { content: 'content', encoding: 'plain' },
  kinds: ['file'],
  run: async (args, api) => {
    const folder = await folderOf(api)
    const content = Buffer.from(args.content, args.encoding)
    const before = await beforeOf(folder, args.path, content)
    await folder.write(args.path, content)
    return { bytes: content.length, sha256: sha256(content), before }
  },
  undo: {
    effect: 'idempotent',
    run: async ({ args, result }, api) => {
      const folder = await folderOf(api)
      const before = Before.parse(result.before)
      if (before.was === 'unknown')
        throw new NotApplied(
          `What stood at "${args.path}" before is not known: ${before.why}. Set it right by hand.`,
        )
      const now = await standing(folder, args.path as string)
      const old = before.was === 'file' ? Buffer.from(before.content, 'base64') : undefined
      if (old === undefined ? now === undefined : now?.equals(old)) return
      if (now === undefined || sha256(now) !== result.sha256)
        throw new NotApplied(
          `"${args.path}" was changed since by somebody else. Look at it, and set it right by hand.`,
        )
      if (old === undefined) await folder.remove(args.path as string)
      else await folder.write(args.path as string, old)
    },
  },
})

async function beforeOf(folder: JailedFiles, at: string, next: Buffer): Promise<z.output<typeof Before>> {
  const now = await standing(folder, at)
  if (now === undefined) return { was: 'nothing' }
  if (now.equals(next))
    return { was: 'unknown', why: 'it was the same already, perhaps by an attempt that died' }
  if (now.length > mostKeptBytes) return { was: 'unknown', why: `it had more than ${mostKeptBytes} bytes` }
  return { was: 'file', content: now.toString('base64') }
}

/** Undefined: nothing is there. @throws `not-applied` for what is no file, or too large to read */
async function standing(folder: JailedFiles, at: string): Promise<Buffer | undefined> {
  const isThere = await folder.has(at).catch(() => false)
  return isThere ? folder.read(at) : undefined
}

export const remove = action({
  description: 'Delete a file',
  endpoint: ['DELETE {path}'],
  input: z.object({ path }),
  output: z.object({ removed: z.boolean() }),
  effect: 'idempotent',
  risk: 'high',
  reads: 'none',
  sends: 'none',
  directs: ['path'],
  kinds: ['delete', 'file'],
  run: async (args, api) => ({ removed: await (await folderOf(api)).remove(args.path) }),
})
