import { opendir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { sha256 } from '../../base/hash.ts'

const deepest = 32
const entriesAtOnce = 200

/**
 * Another text whenever a file below `path` came, went, or has another size or time. Reads no file; hidden ones and links are left
 * alone, as by whoever reads the knowledge. Empty where nothing can be looked at.
 */
export async function folderMark(path: string): Promise<string> {
  const seen: string[] = []
  await look(path, 0, seen)
  return seen.length === 0 ? '' : sha256(seen.sort().join('\n'))
}

async function look(path: string, depth: number, seen: string[]): Promise<void> {
  try {
    const { mtimeMs, size, ino } = await stat(path)
    seen.push(`${path} ${mtimeMs} ${size} ${ino}`)
    if (seen.length % entriesAtOnce === 0) await setImmediate()
    if (depth > deepest) return
    for await (const entry of await opendir(path)) {
      if (entry.name.startsWith('.') || entry.isSymbolicLink()) continue
      await look(join(path, entry.name), depth + 1, seen)
    }
  } catch {
    // A file, or gone just now: the next look tells.
  }
}
