import { constants, existsSync, type Stats } from 'node:fs'
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { ReeveError } from '../base/errors.ts'
import { refusedPath } from './jailed-path.ts'

const { O_DIRECTORY = 0, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY } = constants

/**
 * A folder that nothing leaves. Every part of a path is opened by itself, from the folder before it, and never through
 * a symbolic link.
 *
 * On Linux a folder that was opened stays the same one whatever happens to its name (`/proc/self/fd/N/name` is opened
 * within it), so that swapping a folder for a link between check and use gains nothing. Elsewhere each part is opened
 * by its path and then compared with what the path names now.
 */
export class Jail {
  readonly root: string
  readonly #byDescriptor: boolean

  /** `byDescriptor`: for tests; default: where the system can. */
  constructor(root: string, byDescriptor = existsSync('/proc/self/fd')) {
    this.root = root
    this.#byDescriptor = byDescriptor
  }

  /** Opens the folder at `parts` and gives `use` the path of any name in it. @throws `not-applied` */
  async within<T>(parts: readonly string[], use: (folder: OpenFolder) => Promise<T>): Promise<T> {
    let folder = await this.#openRoot()
    try {
      for (const part of parts) {
        const next = await this.#openFolder(folder, part, parts)
        await folder.handle.close()
        folder = next
      }
      return await use(folder)
    } finally {
      await folder.handle.close()
    }
  }

  async #openRoot(): Promise<OpenFolder> {
    let path: string
    try {
      path = await realpath(this.root)
    } catch (cause) {
      throw new ReeveError('missing-folder', `The folder ${this.root} is not there.`, { cause })
    }
    return this.#folder(await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), path)
  }

  async #openFolder(folder: OpenFolder, part: string, parts: readonly string[]): Promise<OpenFolder> {
    const path = folder.pathOf(part)
    let handle: FileHandle
    try {
      handle = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK)
    } catch (cause) {
      throw refusedPath(parts.join('/'), reasonOf(cause, `"${part}" is not a folder`))
    }
    await this.confirm(handle, path, parts.join('/'))
    return this.#folder(handle, path)
  }

  /** That what was opened is what stands there: without descriptors, a folder above may have been swapped meanwhile. */
  async confirm(handle: FileHandle, path: string, shown: string): Promise<Stats> {
    const opened = await handle.stat()
    if (this.#byDescriptor) return opened
    const here = await lstat(path).catch(() => undefined)
    const real = await realpath(path).catch(() => undefined)
    if (here?.ino === opened.ino && here.dev === opened.dev && real === path) return opened
    await handle.close()
    throw refusedPath(shown, 'it changed while it was opened')
  }

  #folder(handle: FileHandle, path: string): OpenFolder {
    const base = this.#byDescriptor ? `/proc/self/fd/${handle.fd}` : path
    return { handle, path: base, pathOf: (name) => join(base, name) }
  }
}

export interface OpenFolder {
  readonly handle: FileHandle
  readonly path: string
  pathOf(name: string): string
}

/** Why an open failed, for whoever gave the path. */
export function reasonOf(cause: unknown, otherwise: string): string {
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'it is not there'
    case 'ELOOP':
      return 'it leads through a symbolic link'
    case 'EACCES':
    case 'EPERM':
      return 'this process may not open it'
    case 'ENOTDIR':
      return 'a part of it is no folder, or a symbolic link'
    default:
      return otherwise
  }
}
