import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'

/** A file of a skill, by its path in the folder. */
export interface SkillFile {
  path: string
  hash: string
}

const mostFiles = 500
const mostBytes = 20 * 1_048_576

/**
 * All files of a skill's folder, in the order of their paths. Links are refused: what they lead to is no part of it.
 * @throws `bad-skill`
 */
export async function skillFiles(folder: string): Promise<SkillFile[]> {
  const files: SkillFile[] = []
  let bytes = 0
  const refuse = (what: string) =>
    new ReeveError('bad-skill', `The skill in ${folder} is refused: ${what}. Nothing of it was taken.`)
  const walk = async (inner: string): Promise<void> => {
    for (const name of (await readdir(join(folder, inner))).sort()) {
      const path = inner === '' ? name : `${inner}/${name}`
      const stats = await lstat(join(folder, path))
      if (stats.isDirectory()) await walk(path)
      else if (!stats.isFile()) throw refuse(`${path} is neither a file nor a folder`)
      else {
        bytes += stats.size
        if (bytes > mostBytes) throw refuse(`it has more than ${mostBytes / 1_048_576} MB`)
        if (files.length === mostFiles) throw refuse(`it has more than ${mostFiles} files`)
        files.push({ path, hash: sha256(await readFile(join(folder, path))) })
      }
    }
  }
  await walk('')
  return files.sort((one, other) => (one.path < other.path ? -1 : 1))
}

/** One hash over names and contents. */
export function hashOfFiles(files: readonly SkillFile[]): string {
  return sha256(JSON.stringify(files.map(({ path, hash }) => [path, hash])))
}
