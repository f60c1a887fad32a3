import { statSync } from 'node:fs'
import { ReeveError } from '../base/errors.ts'

const parts = ['', '-wal', '-shm']

/**
 * The files that this process has open, to be compared with those that stand at their paths. Where one was deleted or
 * replaced, this process would write into a file that nobody else can open, while others make a new one.
 */
export class SqliteFiles {
  readonly #file: string
  #known: (string | undefined)[] | undefined

  constructor(file: string) {
    this.#file = file
  }

  /** Called after a transaction: the connection holds its files from then on, and nobody removes them by right. */
  check(): ReeveError | undefined {
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
