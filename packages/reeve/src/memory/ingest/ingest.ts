import { opendir, realpath, stat } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import { messageOf, ReeveError } from '../../base/errors.ts'
import { type DocumentReader, formatOf, readableFiles } from './document-reader.ts'
import { type KnowledgeReading, type KnownFiles, readFile } from './read-file.ts'

const maxFolderDepth = 32

/**
 * Reads a folder of files that `formatOf` knows with all folders in it, or one such file, in the order of their names. A
 * file's id and source are its path in the folder and its scope is the folder it lies in; a `.jsonl` file holds a
 * `{ id, title?, content, scope? }` per line. What cannot be read is reported and passed over.
 * Symbolic links are not followed, whatever they point to; hidden files are left alone.
 * @param reader for what is neither text nor lines of JSON
 * @throws `no-knowledge` when `path` itself cannot be read.
 */
export async function* readKnowledge(
  path: string,
  known: KnownFiles = { marks: new Map(), onUnchanged: () => {} },
  reader?: DocumentReader,
): AsyncGenerator<KnowledgeReading> {
  const { root, isFolder } = await requireKnowledge(path)
  if (isFolder) yield* readFolder(root, root, 0, known, reader)
  else yield* readFile({ path: root, file: basename(root), scope: '' }, known, reader)
}

/** Looks whether there is something that `readKnowledge` reads. @throws `no-knowledge` */
export async function requireKnowledge(path: string): Promise<{ root: string; isFolder: boolean }> {
  const root = await realpath(path).catch((cause: unknown) => {
    throw new ReeveError('no-knowledge', `There is no knowledge at ${path}: ${messageOf(cause)}.`, { cause })
  })
  const isFolder = (await stat(root)).isDirectory()
  if (isFolder || formatOf(root) !== undefined) return { root, isFolder }
  throw new ReeveError(
    'no-knowledge',
    `${path} is neither a folder nor a ${readableFiles} file. Convert it, or name the folder.`,
  )
}

async function* readFolder(
  root: string,
  folder: string,
  depth: number,
  known: KnownFiles,
  reader: DocumentReader | undefined,
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
    const path = join(folder, name)
    if (kind === 'folder') yield* readFolder(root, path, depth + 1, known, reader)
    else if (kind === 'link') yield problemOf(file, 'is a symbolic link and was not followed; copy the file')
    else if (kind === 'file' && formatOf(name) !== undefined)
      yield* readFile({ path, file, scope }, known, reader)
  }
}

function problemOf(file: string, problem: string): KnowledgeReading {
  return { ok: false, where: file, problem, file }
}

/** Whether the file, or a folder that holds it, is among these. */
export function lies(file: string, among: ReadonlySet<string>): boolean {
  if (among.size === 0) return false
  if (among.has('.') || among.has(file)) return true
  for (let at = file.indexOf('/'); at !== -1; at = file.indexOf('/', at + 1)) {
    if (among.has(file.slice(0, at))) return true
  }
  return false
}
