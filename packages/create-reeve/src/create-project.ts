import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Template } from './templates.ts'

export interface ProjectOptions {
  /** Where it goes: an empty folder, or one that is not there yet. An absolute path. */
  folder: string
  template: Template
  /** The `reeve` that it depends on, as package.json has it: `^0.1.0`, `file:/there`. */
  reeve: string
  /** The version of Node that it brings along, where the machine's is too old for Reeve. */
  node?: string | undefined
}

export interface CreatedProject {
  folder: string
  /** Paths from the folder. */
  files: string[]
}

/** Above `src/` and `dist/`, where a file may lie in a folder of its own. */
const packageFolder = new URL('../', /.*\/(?:src|dist)\//.exec(import.meta.url)![0])
const templatesFolder = fileURLToPath(new URL('templates/', packageFolder))

/** Under their real names npm would leave them out of the package, or read them as its own. */
const realNames: Record<string, string> = {
  'env.example.txt': '.env.example',
  'gitignore.txt': '.gitignore',
  'package.json.txt': 'package.json',
  'tsconfig.json.txt': 'tsconfig.json',
}

/** What stands in a folder already, but for the repository that it may be in. */
export function filesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => name !== '.git') : []
}

/** Writes a project that runs at once. Never writes over a file. */
export function createProject({ folder, template, reeve, node }: ProjectOptions): CreatedProject {
  const texts = new Map([...textsOf('shared'), ...textsOf(template)])
  const name = nameOf(folder)
  for (const [path, text] of texts) {
    const filled = text.replaceAll('{{name}}', name).replaceAll('{{reeve}}', reeve)
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    const content = path === 'package.json' && node !== undefined ? withNode(filled, node) : filled
    writeFileSync(join(folder, path), content, { flag: 'wx' })
  }
  return { folder, files: [...texts.keys()].sort() }
}

function textsOf(template: string): [string, string][] {
  const folder = join(templatesFolder, template)
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = join(entry.parentPath, entry.name)
      const path = relative(folder, file)
      return [realNames[path] ?? path, readFileSync(file, 'utf8')]
    })
}

/** A project brings its own Node only where the machine's is too old: it is 120 MB, and needs an install script. */
function withNode(manifest: string, node: string): string {
  const { dependencies, ...rest } = JSON.parse(manifest) as { dependencies: Record<string, string> }
  const all = { ...rest, dependencies: { node, ...dependencies }, allowScripts: { node: true } }
  return `${JSON.stringify(all, null, 2)}\n`
}

/** A folder's name as npm takes it. */
function nameOf(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return name || 'my-project'
}

export function readVersion(): string {
  const manifest = readFileSync(new URL('package.json', packageFolder), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
