import { chmodSync, closeSync, existsSync, lstatSync, mkdirSync, openSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

const ownFolder = '.reeve'
const forFolders = 0o700
const forFiles = 0o600

/**
 * Makes a database's file, and the folders above it that are missing, for the owner's eyes only; SQLite gives the files
 * beside it (`-wal`, `-shm`) the same rights. What stands in `.reeve` already with wider rights is tightened; another
 * folder may be shared on purpose and is left as it is. Answers what was tightened.
 */
export function makePrivate(file: string): string[] {
  const folder = dirname(file)
  mkdirSync(folder, { recursive: true, mode: forFolders })
  const tightened = basename(folder) === ownFolder ? tightenAll(folder) : []
  if (!existsSync(file)) closeSync(openSync(file, 'a', forFiles))
  return tightened
}

function tightenAll(folder: string): string[] {
  if (process.platform === 'win32' || lstatSync(folder).isSymbolicLink()) return []
  const found = readdirSync(folder, { withFileTypes: true })
  return [
    ...tighten(folder, forFolders),
    ...found.flatMap((entry) => {
      // A key that others could read is refused by whoever reads it, not mended in silence.
      if (entry.isFile())
        return entry.name.endsWith('.key') ? [] : tighten(join(folder, entry.name), forFiles)
      return entry.isDirectory() ? tighten(join(folder, entry.name), forFolders) : []
    }),
  ]
}

function tighten(path: string, mode: number): string[] {
  try {
    const now = lstatSync(path).mode & 0o777
    if ((now & 0o077) === 0) return []
    // A program's right to be run stays.
    chmodSync(path, now & 0o100 ? forFolders : mode)
    return [path]
  } catch {
    // Gone meanwhile, or another's: whoever owns it must tighten it.
    return []
  }
}

export function describeTightened(paths: readonly string[]): string {
  return `other users of this machine could read ${paths.join(', ')}; only this user can from now on`
}
