import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, readdir, rename, unlink } from 'node:fs/promises'
import type { NotApplied } from '../../engine/calls/effect/definition.ts'
import { type Jail, type OpenFolder, reasonOf } from './jail.ts'
import { jailedParts, refusedPath } from './jailed-path.ts'

const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY, O_WRONLY } = constants
const temporaryPrefix = '.reeve-writing-'

/** An entry of a folder. */
export interface FileEntry {
  name: string
  kind: 'file' | 'folder' | 'other'
  /** Of a file. */
  bytes: number
}

/** Reads and writes in a jail. Every path is relative to its root. */
export class JailedFiles {
  readonly #jail: Jail
  readonly #maxBytes: number
  readonly #maxEntries: number

  constructor(jail: Jail, maxBytes: number, maxEntries: number) {
    this.#jail = jail
    this.#maxBytes = maxBytes
    this.#maxEntries = maxEntries
  }

  read(path: string): Promise<Buffer> {
    return this.#inFolderOf(path, async (folder, name) => {
      const handle = await this.#openFile(folder, name, path)
      try {
        // One byte more tells a file that has grown meanwhile.
        const buffer = Buffer.alloc(Math.min((await handle.stat()).size, this.#maxBytes) + 1)
        let length = 0
        while (length < buffer.length) {
          const { bytesRead } = await handle.read(buffer, length, buffer.length - length)
          if (bytesRead === 0) break
          length += bytesRead
        }
        if (length > this.#maxBytes) throw this.#tooLarge(path)
        return buffer.subarray(0, length)
      } finally {
        await handle.close()
      }
    })
  }

  /** Whether something of that name stands in its folder. @throws `not-applied` where the folder cannot be opened */
  has(path: string): Promise<boolean> {
    return this.#inFolderOf(path, async (folder, name) => {
      const found = await lstat(folder.pathOf(name)).catch(() => undefined)
      return found !== undefined
    })
  }

  /** The entries of a folder by name; `more` when there are others. Links are shown as `other`. */
  list(path: string): Promise<{ entries: FileEntry[]; more: boolean }> {
    return this.#jail.within(jailedParts(path), async (folder) => {
      const found = (await readdir(folder.path, { withFileTypes: true }))
        .filter(({ name }) => !name.startsWith(temporaryPrefix))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
      const entries: FileEntry[] = []
      for (const entry of found.slice(0, this.#maxEntries)) {
        const kind = entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : 'other'
        const bytes =
          kind === 'file' ? ((await lstat(folder.pathOf(entry.name)).catch(() => null))?.size ?? 0) : 0
        entries.push({ name: entry.name, kind, bytes })
      }
      return { entries, more: found.length > entries.length }
    })
  }

  /**
   * Puts a file there at once, or not at all: written beside its place, forced to disk, renamed. Missing folders are
   * made. A link that stands at the place is replaced, not followed.
   */
  async write(path: string, content: Uint8Array): Promise<void> {
    if (content.byteLength > this.#maxBytes) throw this.#tooLarge(path)
    await this.#makeFolders(path)
    await this.#inFolderOf(path, async (folder, name) => {
      const place = folder.pathOf(name)
      const standing = await lstat(place).catch(() => undefined)
      if (standing?.isDirectory()) throw refusedPath(path, 'there is a folder of that name')
      const temporary = folder.pathOf(`${temporaryPrefix}${randomBytes(8).toString('hex')}`)
      try {
        const handle = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
        try {
          await handle.writeFile(content)
          await handle.sync()
        } finally {
          await handle.close().catch(() => {})
        }
        await rename(temporary, place)
      } catch (error) {
        await unlink(temporary).catch(() => {})
        throw error
      }
      await folder.handle.sync()
    })
  }

  /** @returns whether it was there */
  remove(path: string): Promise<boolean> {
    return this.#inFolderOf(path, async (folder, name) => {
      const standing = await lstat(folder.pathOf(name)).catch(() => undefined)
      if (!standing) return false
      if (!standing.isFile() && !standing.isSymbolicLink()) throw refusedPath(path, 'it is not a file')
      await unlink(folder.pathOf(name))
      await folder.handle.sync()
      return true
    })
  }

  async #openFile(folder: OpenFolder, name: string, path: string): Promise<FileHandle> {
    let handle: FileHandle
    try {
      // Without O_NONBLOCK, opening a pipe would wait for its other end.
      handle = await open(folder.pathOf(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    } catch (cause) {
      throw refusedPath(path, reasonOf(cause, 'it cannot be opened'))
    }
    const stats = await handle.stat()
    const fault = !stats.isFile()
      ? refusedPath(path, 'it is not a file')
      : stats.nlink > 1
        ? refusedPath(path, 'it is a hard link, and may be a file from elsewhere')
        : stats.size > this.#maxBytes
          ? this.#tooLarge(path)
          : undefined
    if (!fault) return handle
    await handle.close()
    throw fault
  }

  async #makeFolders(path: string): Promise<void> {
    const parts = jailedParts(path).slice(0, -1)
    for (let depth = 0; depth < parts.length; depth++) {
      await this.#jail.within(parts.slice(0, depth), async (folder) => {
        try {
          await mkdir(folder.pathOf(parts[depth]!), 0o700)
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
        }
      })
    }
  }

  async #inFolderOf<T>(path: string, use: (folder: OpenFolder, name: string) => Promise<T>): Promise<T> {
    const parts = jailedParts(path)
    const name = parts.at(-1)
    if (name === undefined) throw refusedPath(path, 'it names no file')
    if (name.startsWith(temporaryPrefix)) throw refusedPath(path, `names in ${temporaryPrefix}… are taken`)
    return await this.#jail.within(parts.slice(0, -1), (folder) => use(folder, name))
  }

  #tooLarge(path: string): NotApplied {
    return refusedPath(path, `the file has more than ${this.#maxBytes} bytes`)
  }
}
