import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { messageOf, ReeveError } from '../errors.ts'

/** How a file of keys is spoken of in errors. */
export interface OwnerFileWords {
  /** The code of its errors. */
  code: string
  /** What it holds: `the audit key`. */
  what: string
  /** The command that puts a new one into use, for whoever may have had it read. */
  renew: string
}

/**
 * The text of a file that only its owner may read and change; undefined: there is none. It is judged as it was opened, so that
 * nobody can put another in its place between look and reading.
 * @throws `code` when others have rights on it, or when it is no file of its own
 */
export function readOwnerFile(file: string, { code, what, renew }: OwnerFileWords): string | undefined {
  let opened: number
  try {
    opened = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new ReeveError(code, `The file of ${what} cannot be read: ${messageOf(cause)}`, { cause })
  }
  try {
    const stat = fstatSync(opened)
    if (!stat.isFile()) throw new ReeveError(code, `${file} should hold ${what}, and is not a file.`)
    const mode = stat.mode & 0o777
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new ReeveError(
        code,
        `Other users of this machine have rights on ${what} in ${file} (${mode.toString(8)}), so it is not used. Run: chmod 600 ${file}, and if somebody else uses this machine, take a new key: ${renew}`,
      )
    }
    return readFileSync(opened, 'utf8')
  } finally {
    closeSync(opened)
  }
}

/**
 * Writes such a file. With `isNew` only where there is none: of two processes that make it at one moment, one answers false and
 * changes nothing.
 */
export function writeOwnerFile(file: string, text: string, { isNew }: { isNew: boolean }): boolean {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const part = `${file}.${process.pid}.new`
  rmSync(part, { force: true })
  writeFileSync(part, text, { mode: 0o600, flag: 'wx', flush: true })
  if (!isNew) {
    renameSync(part, file)
    return true
  }
  try {
    linkSync(part, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  } finally {
    rmSync(part)
  }
}
