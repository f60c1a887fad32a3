import { constants } from 'node:fs'
import { open, opendir, realpath, stat } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import { messageOf, ReeveError } from '../../base/errors.ts'
import { isRecord } from '../../base/json/record.ts'
import { normalizeScope } from '../scopes.ts'
import type { KnowledgeDocument } from './passages.ts'
import { type Line, maxLineBytes, readLines } from './read-lines.ts'

export type KnowledgeReading =
  | { ok: true; document: KnowledgeDocument; file: string }
  /** `where` is the file, or `file:line`; `file` alone tells which file's documents are incomplete. */
  | { ok: false; where: string; problem: string; file: string }

/** A larger text file is a mistake more often than a text. */
const maxFileBytes = 16 * 1024 * 1024
const maxFolderDepth = 32
const maxIdLength = 500
const textFile = /\.(?:md|markdown|txt)$/i
const lineFile = /\.jsonl$/i

/**
 * Reads a folder of `.md`, `.txt` and `.jsonl` files with all folders in it, or one such file, in the order of their
 * names. A text file's id and source are its path in the folder and its scope is the folder it lies in; a `.jsonl`
 * file holds a `{ id, title?, content, scope? }` per line. What cannot be read is reported and passed over.
 * Symbolic links are not followed, whatever they point to; hidden files are left alone.
 * @throws `no-knowledge` when `path` itself cannot be read.
 */
export async function* readKnowledge(
  path: string,
  known: KnownFiles = { marks: new Map(), onUnchanged: () => {} },
): AsyncGenerator<KnowledgeReading> {
  const { root, isFolder } = await requireKnowledge(path)
  if (isFolder) yield* readFolder(root, root, 0, known)
  else yield* readFile(root, basename(root), '', known)
}

/** What was read before. */
export interface KnownFiles {
  /** By file: what told its state when it was last read in full (`markOf`). */
  marks: ReadonlyMap<string, string>
  /** The file is not read: it is as it was. */
  onUnchanged(file: string): void
}

/** Two readings between which a file did not change have one mark. Undefined: it changed just now, and may change again. */
export async function markOf(path: string): Promise<string | undefined> {
  const { mtimeMs, size } = await stat(path)
  return Date.now() - mtimeMs < settledAfterMs ? undefined : `${mtimeMs}:${size}`
}

/** File systems tell times this coarsely at worst. */
const settledAfterMs = 3_000

/** Looks whether there is something that `readKnowledge` reads. @throws `no-knowledge` */
export async function requireKnowledge(path: string): Promise<{ root: string; isFolder: boolean }> {
  const root = await realpath(path).catch((cause: unknown) => {
    throw new ReeveError('no-knowledge', `There is no knowledge at ${path}: ${messageOf(cause)}.`, { cause })
  })
  const isFolder = (await stat(root)).isDirectory()
  if (isFolder || textFile.test(root) || lineFile.test(root)) return { root, isFolder }
  throw new ReeveError(
    'no-knowledge',
    `${path} is neither a folder nor a .md, .txt or .jsonl file. Convert it, or name the folder.`,
  )
}

async function* readFolder(
  root: string,
  folder: string,
  depth: number,
  known: KnownFiles,
): AsyncGenerator<KnowledgeReading> {
  const scope = relative(root, folder).split(sep).join('/')
  if (depth > maxFolderDepth) {
    yield problemOf(scope, `lies more than ${maxFolderDepth} folders deep; move it up`)
    return
  }
  const entries: { name: string; kind: 'folder' | 'file' | 'link' | 'other' }[] = []
  try {
    for await (const entry of await opendir(folder)) {
      const kind = entry.isDirectory()
        ? 'folder'
        : entry.isFile()
          ? 'file'
          : entry.isSymbolicLink()
            ? 'link'
            : 'other'
      if (!entry.name.startsWith('.')) entries.push({ name: entry.name, kind })
    }
  } catch (error) {
    yield problemOf(scope || '.', messageOf(error))
    return
  }
  entries.sort((left, right) => (left.name < right.name ? -1 : 1))
  for (const { name, kind } of entries) {
    const file = scope ? `${scope}/${name}` : name
    if (kind === 'folder') yield* readFolder(root, join(folder, name), depth + 1, known)
    else if (kind === 'link') yield problemOf(file, 'is a symbolic link and was not followed; copy the file')
    else if (kind === 'file' && (textFile.test(name) || lineFile.test(name))) {
      yield* readFile(join(folder, name), file, scope, known)
    }
  }
}

async function* readFile(
  path: string,
  file: string,
  scope: string,
  known: KnownFiles,
): AsyncGenerator<KnowledgeReading> {
  try {
    const mark = known.marks.get(file)
    if (mark !== undefined && mark === (await markOf(path))) {
      known.onUnchanged(file)
      return
    }
    // The file may have become a link, or a pipe, since its folder was read.
    await using handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const { size } = await handle.stat()
    if (lineFile.test(file)) {
      for await (const line of readLines(handle)) {
        const reading = readRecord(line, file, scope)
        if (reading) yield reading
      }
      return
    }
    if (size > maxFileBytes) {
      yield problemOf(file, `has ${size} bytes, more than the ${maxFileBytes} that a text may have; split it`)
      return
    }
    const text = decode(await handle.readFile())
    if (text === undefined) yield problemOf(file, 'is not UTF-8 text')
    else if (text.trim() === '') yield problemOf(file, 'is empty')
    else yield { ok: true, file, document: { id: file, scope, text, source: file } }
  } catch (error) {
    yield problemOf(file, messageOf(error))
  }
}

/** A blank line is `undefined`: neither a document nor a problem. */
function readRecord({ number, bytes }: Line, file: string, scope: string): KnowledgeReading | undefined {
  const fail = (problem: string) => problemOf(file, problem, number)
  if (!bytes) return fail(`is longer than ${maxLineBytes} bytes`)
  const text = decode(bytes)
  if (text === undefined) return fail('is not UTF-8 text')
  if (text.trim() === '') return
  let record: unknown
  try {
    record = JSON.parse(text)
  } catch (error) {
    return fail(`is not JSON: ${messageOf(error)}`)
  }
  if (!isRecord(record)) return fail('is no JSON object')
  const fields = record as Record<string, unknown>
  const { id, title, content } = fields
  if (typeof id !== 'string' || id === '' || id.length > maxIdLength)
    return fail(`needs an "id": a text of 1 to ${maxIdLength} characters`)
  if (typeof content !== 'string' || content.trim() === '')
    return fail(`needs "content" that is not empty (id ${id})`)
  if (title !== undefined && title !== null && typeof title !== 'string')
    return fail(`has a "title" that is no text (id ${id})`)
  if (fields.scope !== undefined && fields.scope !== null && typeof fields.scope !== 'string')
    return fail(`has a "scope" that is no text (id ${id})`)
  const document: KnowledgeDocument = {
    id,
    scope: typeof fields.scope === 'string' ? normalizeScope(fields.scope) : scope,
    text: content,
    source: `${file}#${id}`,
  }
  if (title) document.title = title
  return { ok: true, file, document }
}

function problemOf(file: string, problem: string, line?: number): KnowledgeReading {
  return { ok: false, where: line === undefined ? file : `${file}:${line}`, problem, file }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return
  }
}
