import { constants, existsSync } from 'node:fs'
import { type FileHandle, open, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { ReeveError } from '../../base/errors.ts'
import { NotApplied } from '../../engine/calls/effect/definition.ts'
import { refusedPath } from './jailed-path.ts'

const { O_DIRECTORY = 0, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY } = constants

/**
 * A folder that nothing leaves. Every part of a path is opened by itself, from the folder before it, and never through
 * a symbolic link.
 *
 * A folder that was opened stays the same one whatever happens to its name: `/proc/self/fd/N/name` is opened within it,
 * so that swapping a folder for a link between check and use gains nothing. A system without that (it is Linux's) has no
 * way to be sure, and is refused.
 */
export class Jail {
  readonly root: string
  readonly #available: boolean

  /** `available`: for tests; default: whether this system opens paths by descriptor. */
  constructor(root: string, available = existsSync('/proc/self/fd')) {
    this.root = root
    this.#available = available
  }

  /** Opens the folder at `parts` and gives `use` the path of any name in it. @throws `not-applied` */
  async within<T>(parts: readonly string[], use: (folder: OpenFolder) => Promise<T>): Promise<T> {
    let folder = await this.#openRoot()
    try {
      for (const part of parts) {
        const next = await openFolder(folder, part, parts)
        await folder.handle.close()
        folder = next
      }
      return await use(folder)
    } finally {
      await folder.handle.close()
    }
  }

  async #openRoot(): Promise<OpenFolder> {
    if (!this.#available) throw unavailable(this.root)
    let path: string
    try {
      path = await realpath(this.root)
    } catch (cause) {
      throw new ReeveError('missing-folder', `The folder ${this.root} is not there.`, { cause })
    }
    return folderOf(await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW))
  }
}

async function openFolder(folder: OpenFolder, part: string, parts: readonly string[]): Promise<OpenFolder> {
  try {
    return folderOf(await open(folder.pathOf(part), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK))
  } catch (cause) {
    throw refusedPath(parts.join('/'), reasonOf(cause, `"${part}" is not a folder`))
  }
}

function folderOf(handle: FileHandle): OpenFolder {
  const path = `/proc/self/fd/${handle.fd}`
  return { handle, path, pathOf: (name) => join(path, name) }
}

function unavailable(root: string): NotApplied {
  const message = `Nothing was done in ${root}: this system cannot keep a path inside a folder for certain (it needs Linux with /proc). Run the worker on Linux, or in a container.`
  return new NotApplied(message, { cause: new ReeveError('jail-unavailable', message) })
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
      return 'a part of it is a symbolic link, or not a folder'
    default:
      return otherwise
  }
}
