import { lstatSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { ReeveError } from '../../base/errors.ts'

const parts = ['', '-wal', '-shm']

/**
 * The files that this process has open, to be compared with those that stand at their paths. Where one was deleted or
 * replaced, this process would write into a file that nobody else can open, while others make a new one.
 */
export class SqliteFiles {
  readonly #file: string
  readonly #folder: string
  #known: (string | undefined)[] | undefined
  /** Then what happens to the file changes another folder. */
  #isLink: boolean | undefined
  /** How the folder was when its files were last looked at: while it stays so, none of them was made, moved or removed. */
  #folderWas: string | undefined

  constructor(file: string) {
    this.#file = file
    this.#folder = dirname(file)
  }

  /** Called after a transaction: the connection holds its files from then on, and nobody removes them by right. */
  check(): ReeveError | undefined {
    const folder = this.#isLink ? undefined : settledState(this.#folder)
    if (folder !== undefined && folder === this.#folderWas) return undefined
    const error = this.#checkAll()
    this.#isLink ??= lstatSync(this.#file, { throwIfNoEntry: false })?.isSymbolicLink()
    this.#folderWas = error ? undefined : folder
    return error
  }

  #checkAll(): ReeveError | undefined {
    const now = parts.map((part) => identityOf(this.#file + part))
    this.#known ??= now
    const known = this.#known
    const changed = parts.filter((_, index) => known[index] !== undefined && known[index] !== now[index])
    if (changed.length === 0) {
      for (let index = 0; index < parts.length; index++) known[index] ??= now[index]
      return undefined
    }
    const part = changed[0]!
    return gone(this.#file, this.#file + part, now[parts.indexOf(part)] === undefined)
  }
}

/** Clocks of file systems go in steps of some milliseconds: two changes within one cannot be told apart. */
const settlesAfterMs = 100

/** What changes when an entry of a folder does, or another folder takes its place; undefined when it has just changed. */
function settledState(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat || Math.abs(Date.now() - stat.mtimeMs) < settlesAfterMs) return undefined
  return `${stat.dev}:${stat.ino}:${stat.mtimeMs}`
}

function identityOf(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat && `${stat.dev}:${stat.ino}`
}

function gone(file: string, part: string, isMissing: boolean): ReeveError {
  const what = isMissing ? 'deleted, or its folder was moved,' : 'replaced by another file'
  return new ReeveError(
    'database-gone',
    `${part} was ${what} while this process used it. What is written now would be lost, so this process stops; nothing was acknowledged since. What was written before is where the file was moved to, or in a backup. Stop every process of this project before ${file} is moved, deleted or restored; then start again.`,
    { details: { file: part } },
  )
}
