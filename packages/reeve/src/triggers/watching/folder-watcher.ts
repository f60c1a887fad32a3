import { constants } from 'node:fs'
import { lstat, mkdir, open, readdir, rename, writeFile } from 'node:fs/promises'
import { join, matchesGlob, resolve } from 'node:path'
import { messageOf, ReeveError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Clock } from '../../base/time/time.ts'
import type { Database } from '../../store/database.ts'
import { keepDeliveries, knownDeliveries } from '../../store/dispatch/deliveries.ts'
import type { Arrivals } from '../arrivals.ts'
import type { Folder } from '../files.ts'
import type { NamedTrigger } from '../named-triggers.ts'
import { digestOf } from '../signatures/signature.ts'

/** A file as it was found, before it is read. */
export interface SeenFile {
  path: string
  name: string
  bytes: number
  modifiedAt: string
}

export interface FolderWatcherOptions {
  named: NamedTrigger
  folder: Folder
  /** What the paths are relative to. */
  project: string
  database: Database
  clock: Clock
  log: Log
  arrivals: Arrivals
  /** Makes the workflow's input; what it throws moves the file aside. */
  read: (file: SeenFile, content: Buffer) => unknown
}

/** Files that one look deals with; more wait for the next. */
const mostAtOnce = 200
const dayMs = 86_400_000

/**
 * Looks into a folder again and again:
 *
 *   new → settling (its size and time stand still) → taken → stays, or lies with what is done
 *                                                  ↘ moved aside, with the reason beside it
 *
 * What was taken is known in the database by its name, size and time, in the commit that starts its run: a death loses
 * and doubles nothing. Files whose name begins with a dot are still being written, and links are followed nowhere.
 */
export class FolderWatcher {
  readonly #options: FolderWatcherOptions
  readonly #folder: string
  /** What each file was like when it was seen first so, and when that was. */
  #settling = new Map<string, { state: string; since: number }>()
  /** Those that are dealt with, as long as they lie there. */
  #known = new Set<string>()
  #keptAt = Number.NEGATIVE_INFINITY
  #problem: string | undefined

  constructor(options: FolderWatcherOptions) {
    this.#options = options
    this.#folder = resolve(options.project, options.folder.folder)
  }

  /** Whether there may be more to do at once. */
  async look(): Promise<boolean> {
    const found = await this.#find()
    await this.#keepKnown(found)
    const ready = found.filter((file) => this.#isSettled(file)).slice(0, mostAtOnce)
    const before = await knownDeliveries(this.#options.database, this.#options.named.name, ready.map(idOf))
    for (const file of ready) {
      const id = idOf(file)
      if (before.has(id) || (await this.#take(file, id))) this.#known.add(id)
    }
    return ready.length === mostAtOnce
  }

  async #find(): Promise<SeenFile[]> {
    const { clock } = this.#options
    const files = (await this.#names()).map(async (name) => this.#see(name))
    const found = (await Promise.all(files)).filter((file) => file !== undefined)
    const settling = new Map<string, { state: string; since: number }>()
    for (const file of found) {
      const state = idOf(file)
      const last = this.#settling.get(file.name)
      settling.set(file.name, last?.state === state ? last : { state, since: clock.now() })
    }
    this.#settling = settling
    const there = new Set(found.map(idOf))
    this.#known = new Set([...this.#known].filter((id) => there.has(id)))
    return found
  }

  async #names(): Promise<string[]> {
    try {
      const entries = await readdir(this.#folder, { withFileTypes: true })
      this.#problem = undefined
      return entries
        .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
        .map(({ name }) => name)
        .filter((name) => matchesGlob(name, this.#options.folder.pattern))
        .sort()
    } catch (error) {
      const problem = messageOf(error)
      if (problem !== this.#problem) {
        const { log, named } = this.#options
        log.warn('a watched folder cannot be read; it is looked at again', { trigger: named.name, problem })
      }
      this.#problem = problem
      return []
    }
  }

  async #see(name: string): Promise<SeenFile | undefined> {
    const path = join(this.#folder, name)
    try {
      const { size: bytes, mtime } = await lstat(path)
      return { path, name, bytes, modifiedAt: mtime.toISOString() }
    } catch {
      // Gone since.
      return undefined
    }
  }

  #isSettled(file: SeenFile): boolean {
    const { clock, folder } = this.#options
    if (this.#known.has(idOf(file))) return false
    return clock.now() - this.#settling.get(file.name)!.since >= folder.settleMs
  }

  /** What lies there is not forgotten, however old its row. */
  async #keepKnown(found: readonly SeenFile[]): Promise<void> {
    const { clock, database, named } = this.#options
    if (clock.now() - this.#keptAt < dayMs) return
    this.#keptAt = clock.now()
    await keepDeliveries(database, named.name, found.map(idOf), clock.now())
  }

  /** Whether it is dealt with. */
  async #take(file: SeenFile, delivery: string): Promise<boolean> {
    const { named, arrivals, log, read, folder, project } = this.#options
    try {
      const content = await this.#content(file)
      if (!content) return false
      const input = await read(file, content)
      const channel = named.trigger.on === 'mail' ? 'mail' : 'file'
      await arrivals.take(named, { delivery, input, channel })
    } catch (error) {
      if (!isOfFile(error)) throw error
      await this.#moveAside(file, delivery, messageOf(error))
      return true
    }
    if (folder.done !== undefined) {
      try {
        await rename(file.path, await freePath(resolve(project, folder.done), file))
      } catch (error) {
        log.warn('a file that is done could not be moved', { file: file.path, error: messageOf(error) })
      }
    }
    return true
  }

  /** Undefined: it is being written to, or gone. @throws `unreadable-file` */
  async #content({ path, name, bytes, modifiedAt }: SeenFile): Promise<Buffer | undefined> {
    const { maxBytes } = this.#options.folder
    if (bytes > maxBytes) {
      throw new ReeveError('unreadable-file', `${name} has ${bytes} bytes, and ${maxBytes} are the most.`)
    }
    // Neither through a link, nor held up by a pipe.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
    let handle: Awaited<ReturnType<typeof open>>
    try {
      handle = await open(path, flags)
    } catch (cause) {
      if (isGone(cause)) return undefined
      throw new ReeveError('unreadable-file', `${name} cannot be opened: ${messageOf(cause)}`, { cause })
    }
    try {
      const content = Buffer.alloc(bytes)
      const { bytesRead } = await handle.read(content, 0, bytes, 0)
      const now = await handle.stat()
      const isSame = now.isFile() && now.size === bytes && now.mtime.toISOString() === modifiedAt
      return isSame && bytesRead === bytes ? content : undefined
    } finally {
      await handle.close()
    }
  }

  async #moveAside(file: SeenFile, delivery: string, why: string): Promise<void> {
    const { named, arrivals, log, folder, project } = this.#options
    const failed = resolve(project, folder.failed)
    log.warn('no run could be made of a file; it is moved aside', {
      trigger: named.name,
      file: file.path,
      why,
    })
    await arrivals.refuse(named, delivery, why)
    try {
      const target = await freePath(failed, file)
      // First the reason: a file that lies there always has one.
      await writeFile(`${target}.reason.txt`, `${why}\n`)
      await rename(file.path, target)
    } catch (error) {
      log.error('a bad file could not be moved aside; it stays where it is and is not read again', {
        file: file.path,
        error: messageOf(error),
      })
    }
  }
}

/** The same file, written to again, is another. */
function idOf({ name, bytes, modifiedAt }: SeenFile): string {
  const id = `${name}:${bytes}:${modifiedAt}`
  return id.length <= 200 ? id : digestOf(id)
}

/** Under its own name; where there is one already, with its time before it. */
async function freePath(folder: string, { name, modifiedAt }: SeenFile): Promise<string> {
  await mkdir(folder, { recursive: true })
  const isTaken = await lstat(join(folder, name)).then(
    () => true,
    () => false,
  )
  return join(folder, isTaken ? `${modifiedAt.replaceAll(':', '')}-${name}` : name)
}

const ofFile = new Set([
  'unreadable-file',
  'bad-mapping',
  'invalid-input',
  'not-read',
  'input-too-large',
  'payload-too-large',
  'not-serialisable',
  'bad-start',
  'start-refused',
])

/** Whether the file is to blame, and not the database or a missing package. */
function isOfFile(error: unknown): boolean {
  return error instanceof ReeveError && ofFile.has(error.code)
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
