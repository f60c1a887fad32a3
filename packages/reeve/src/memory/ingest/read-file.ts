import { constants, type Stats } from 'node:fs'
import { open } from 'node:fs/promises'
import { messageOf, ReeveError } from '../../base/errors.ts'
import { decodeText } from './decode-text.ts'
import { type DocumentReader, formatOf } from './document-reader.ts'
import type { KnowledgeDocument } from './passages.ts'
import { readLines } from './read-lines.ts'
import { readRecord } from './read-record.ts'

export type KnowledgeReading =
  /** `mark`: the state of the file that was read; absent: it changed just now, and may change again. */
  | { ok: true; document: KnowledgeDocument; file: string; mark?: string }
  /** `where` is the file, or `file:line`; `file` alone tells which file's documents are incomplete. */
  | { ok: false; where: string; problem: string; file: string; mark?: string }

/** A larger text file is a mistake more often than a text. */
const maxFileBytes = 16 * 1024 * 1024
/** File systems tell times this coarsely at worst. */
const settledAfterMs = 3_000

/** What was read before. */
export interface KnownFiles {
  /** By file: what told its state when it was last read in full. */
  marks: ReadonlyMap<string, string>
  /** By file: the state in which it could not be read, and why. */
  broken?: ReadonlyMap<string, { mark: string; problem: string }>
  /** The file is not read: it is as it was. */
  onUnchanged(file: string): void
}

/** Where a file lies, and what it is called. */
export interface KnowledgeFile {
  path: string
  file: string
  scope: string
}

export async function* readFile(
  { path, file, scope }: KnowledgeFile,
  known: KnownFiles,
  reader: DocumentReader | undefined,
): AsyncGenerator<KnowledgeReading> {
  let mark: string | undefined
  const fail = (problem: string, line?: number): KnowledgeReading => ({
    ok: false,
    where: line === undefined ? file : `${file}:${line}`,
    problem,
    file,
    ...(mark !== undefined && { mark }),
  })
  const found = (document: KnowledgeDocument): KnowledgeReading => ({
    ok: true,
    file,
    document,
    ...(mark !== undefined && { mark }),
  })
  try {
    // The file may have become a link, or a pipe, since its folder was read.
    await using handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const before = await handle.stat()
    mark = markOf(before)
    if (mark !== undefined && mark === known.marks.get(file)) {
      known.onUnchanged(file)
      return
    }
    const broken = known.broken?.get(file)
    if (broken !== undefined && broken.mark === mark) {
      yield fail(broken.problem)
      return
    }
    if (!before.isFile()) {
      yield fail('is not a regular file')
      return
    }
    const format = formatOf(file)
    if (format === 'lines') {
      for await (const line of readLines(handle)) {
        const record = readRecord(line, file, scope)
        if (record) yield 'problem' in record ? fail(record.problem, line.number) : found(record.document)
      }
    } else if (before.size > maxFileBytes) {
      yield fail(`has ${before.size} bytes, more than the ${maxFileBytes} that a file may have; split it`)
      return
    } else if (format === 'text') {
      const decoded = decodeText(await handle.readFile())
      if ('problem' in decoded) yield fail(decoded.problem)
      else if (decoded.text.trim() === '') yield fail('is empty')
      else if (isSame(before, await handle.stat()))
        yield found({ id: file, scope, text: decoded.text, source: file })
    } else if (format !== undefined && reader) {
      const read = await reader.read(path, format)
      if (isSame(before, await handle.stat())) yield found({ id: file, scope, source: file, ...read })
    } else yield fail('cannot be read here: nothing reads files of this kind')
    if (!isSame(before, await handle.stat())) {
      mark = undefined
      yield fail('changed while it was read; it is read again the next time')
    }
  } catch (error) {
    // Neither is the file's fault, and both pass.
    if (error instanceof ReeveError && error.code === 'missing-package') mark = undefined
    yield fail(messageOf(error))
  }
}

/** Two readings between which a file did not change have one mark. Undefined: it changed just now, and may change again. */
function markOf({ mtimeMs, size }: Stats): string | undefined {
  return Date.now() - mtimeMs < settledAfterMs ? undefined : `${mtimeMs}:${size}`
}

function isSame(before: Stats, after: Stats): boolean {
  return before.size === after.size && before.mtimeMs === after.mtimeMs
}
