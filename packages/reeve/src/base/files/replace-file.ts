import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, open, readdir, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ReeveError } from '../errors.ts'

const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_WRONLY } = constants
const draftEnding = '.reeve-draft'
/** A draft this old was left by a process that died. */
const leftMs = 3_600_000

/**
 * Puts other content in the place of a file: at every moment, and after a loss of power, the file has all of the old or all of the
 * new, with the mode of before. `isStill` looks right before that whether it may.
 * @throws `not-a-file`: a link, a folder or nothing is there
 */
export async function replaceFile(
  path: string,
  content: string | Uint8Array,
  isStill: () => Promise<void> = async () => {},
): Promise<void> {
  const standing = await lstat(path).catch(() => undefined)
  if (!standing?.isFile())
    throw new ReeveError(
      'not-a-file',
      `${path} was not replaced: it is ${standing ? 'no plain file' : 'not there'}. Put a plain file there.`,
    )
  // The name begins with a dot, which no folder of a project reads. It is this call's own: another one that writes into the same draft
  // would have half of it take the place of the file.
  const draft = join(dirname(path), `.${basename(path)}.${randomUUID()}${draftEnding}`)
  try {
    const file = await open(draft, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, standing.mode & 0o777)
    try {
      await file.writeFile(content)
      await file.chmod(standing.mode & 0o777)
      await file.sync()
      await removeLeftDrafts(path, (await file.stat()).mtimeMs)
    } finally {
      await file.close()
    }
    await isStill()
    await rename(draft, path)
  } catch (error) {
    await unlink(draft).catch(() => {})
    throw error
  }
  await syncFolder(dirname(path))
}

async function removeLeftDrafts(path: string, nowMs: number): Promise<void> {
  const [folder, start] = [dirname(path), `.${basename(path)}.`]
  for (const name of await readdir(folder)) {
    if (!name.startsWith(start) || !name.endsWith(draftEnding)) continue
    const left = join(folder, name)
    const { mtimeMs } = await lstat(left).catch(() => ({ mtimeMs: nowMs }))
    if (nowMs - mtimeMs > leftMs) await unlink(left).catch(() => {})
  }
}

/** What stands in a folder is durable only then. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, constants.O_RDONLY)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
