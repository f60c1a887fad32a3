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

/** Where programs and their manifests are, relative to the project. */
export interface ScriptPlace {
  directory: string
  /** All files in it. */
  files: readonly string[]
  /** Where manifests are that do not stand in a head comment. */
  manifests: { directory: string; files: readonly string[] }
  /** What a script is called. */
  nameOf: (file: string) => string
}

/** The same, with what is wrong beside what could be read. */
export async function lintScripts(project: string): Promise<{ scripts: Script[]; problems: LineProblem[] }> {
  const scripts: Script[] = []
  const problems: LineProblem[] = []
  const directory = 'scripts'
  const files = await filesIn(join(project, directory))
  const place = { directory, files, manifests: { directory, files }, nameOf: (name: string) => name }
  for (const each of programsAmong(files)) {
    const found = new LineProblems(`${directory}/${each}`)
    const script = await scriptAt(project, place, each, found)
    if (script && found.found.length === 0) {
      const twin = scripts.find(({ name }) => name === script.name)
      if (twin) found.add(1, `it has the name of ${twin.file}. Rename one`)
      else scripts.push(script)
    }
    problems.push(...found.found)
  }
  return { scripts, problems }
}

/** The names in a folder, in order; none where there is no folder. */
export async function filesIn(folder: string): Promise<string[]> {
  return existsSync(folder) ? (await readdir(folder)).sort() : []
}

/** Those that may be programs: neither tests nor manifests. */
export function programsAmong(files: readonly string[]): string[] {
  return files.filter(
    (each) => !each.startsWith('.') && !test.test(each) && !manifests.includes(extname(each)),
  )
}

/** One program as a script; undefined: it is none, or what `problems` says is wrong with it. */
export async function scriptAt(
  project: string,
  { directory, files, manifests: beside, nameOf }: ScriptPlace,
  each: string,
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
  const own = manifests.map((ending) => `${bare}${ending}`).find((file) => beside.files.includes(file))
  const place = own ? `${beside.directory}/${own}` : `${directory}/${each}`
  const found = own ? new LineProblems(place) : problems
  const read = own
    ? await yamlManifest(await readFile(join(project, place), 'utf8'), 1, found)
    : await headManifest(bytes, found)
  if (!read) {
    if (own) problems.found.push(...found.found)
    return undefined
  }
  const manifest = readManifest(read.value, read.lineOf, found)
  if (own) problems.found.push(...found.found)
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
    found.add(read.lineOf(), messageOf(error))
    if (own) problems.found.push(...found.found)
    return undefined
  }
}
