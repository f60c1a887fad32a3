import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { messageOf } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { type LineProblem, LineProblems, refuseProblems } from '../line-problems.ts'
import { headManifest, yamlManifest } from './manifest-file.ts'
import { manifestText, readManifest } from './read-manifest.ts'
import { type Script, scriptToolName } from './script.ts'
import { scriptTool } from './script-tool.ts'

/** Endings of programs whose interpreter is known. */
const programs = new Set(['.sh', '.mjs', '.js', '.ts', '.py'])
const manifests = ['.yaml', '.yml', '.json']
const test = /\.test\.[\w]+$/
const maxScriptBytes = 1_048_576

/**
 * The scripts of a project's folder `scripts/`, all or none.
 * @throws `bad-script`, which has every problem with its file, its line and how to write it
 */
export async function loadScripts(folder: string): Promise<Script[]> {
  const { scripts, problems } = await lintScripts(folder)
  refuseProblems('bad-script', problems)
  return scripts
}

/** The same, with what is wrong beside what could be read. */
export async function lintScripts(folder: string): Promise<{ scripts: Script[]; problems: LineProblem[] }> {
  return scriptsIn(folder, 'scripts', (name) => name)
}

/** The scripts of one folder of the project. `nameOf`: what a script is called. */
async function scriptsIn(
  project: string,
  directory: string,
  nameOf: (file: string) => string,
): Promise<{ scripts: Script[]; problems: LineProblem[] }> {
  const scripts: Script[] = []
  const problems: LineProblem[] = []
  const files = existsSync(join(project, directory)) ? (await readdir(join(project, directory))).sort() : []
  for (const each of files) {
    if (each.startsWith('.') || test.test(each) || manifests.includes(extname(each))) continue
    const found = new LineProblems(`${directory}/${each}`)
    const script = await scriptAt(project, directory, each, files, nameOf, found)
    if (script && found.found.length === 0) {
      const twin = scripts.find(({ name }) => name === script.name)
      if (twin) found.add(1, `it has the name of ${twin.file}. Rename one`)
      else scripts.push(script)
    }
    problems.push(...found.found)
  }
  return { scripts, problems }
}

async function scriptAt(
  project: string,
  directory: string,
  each: string,
  files: readonly string[],
  nameOf: (file: string) => string,
  problems: LineProblems,
): Promise<Script | undefined> {
  const path = join(project, directory, each)
  const stats = await stat(path)
  const { mode, size } = stats
  if (!stats.isFile()) return undefined
  const bytes = size > maxScriptBytes ? Buffer.alloc(0) : await readFile(path)
  const isProgram = programs.has(extname(each)) || (mode & 0o111) !== 0
  if (!isProgram) return undefined
  if (size > maxScriptBytes) {
    problems.add(1, `it has ${size} bytes, and ${maxScriptBytes} are the most`)
    return undefined
  }
  const bare = basename(each, extname(each))
  if (!/^[A-Za-z][\w-]{0,99}$/.test(bare)) {
    problems.add(1, `"${bare}" is not a name for a script. Use letters, digits, "-" and "_": publish_post.py`)
    return undefined
  }
  const beside = manifests.map((ending) => `${bare}${ending}`).find((file) => files.includes(file))
  const place = beside ? `${directory}/${beside}` : `${directory}/${each}`
  const own = beside ? new LineProblems(place) : problems
  const read = beside
    ? await yamlManifest(await readFile(join(project, place), 'utf8'), 1, own)
    : await headManifest(bytes, own)
  if (!read) {
    if (beside) problems.found.push(...own.found)
    return undefined
  }
  const manifest = readManifest(read.value, read.lineOf, own)
  if (beside) problems.found.push(...own.found)
  if (problems.found.length > 0) return undefined
  const name = nameOf(bare)
  const script: Omit<Script, 'tool'> = {
    name,
    file: `${directory}/${each}`,
    manifest,
    manifestFile: place,
    hash: sha256(bytes),
    manifestHash: sha256(manifestText(manifest)),
    tests: files.filter((file) => file.startsWith(`${bare}.test.`)).map((file) => `${directory}/${file}`),
  }
  try {
    return { ...script, tool: scriptTool(project, script, scriptToolName(name)) }
  } catch (error) {
    own.add(read.lineOf(), messageOf(error))
    if (beside) problems.found.push(...own.found)
    return undefined
  }
}
