import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isNodeOfPathOlder } from '../../base/config.ts'
import { ReeveError } from '../../base/errors.ts'
import { packageFolder, readManifest } from '../../base/package-files.ts'
import { shellWord } from '../../base/text/shell-word.ts'
import type { Cli } from '../cli.ts'
import { confirmed } from '../terminal/confirm.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'

const templates = new URL('init-project/', packageFolder)

/** What the template's files are called in the new project. */
const files: Record<string, string> = {
  'package.json': 'package.json.txt',
  'tsconfig.json': 'tsconfig.json.txt',
  'reeve.config.ts': 'reeve.config.ts.txt',
  'workflows/order-question.ts': 'order-question.ts.txt',
  'test/order-question.test.ts': 'order-question.test.ts.txt',
  '.gitignore': 'gitignore.txt',
  'README.md': 'README.md.txt',
}

/** Makes a small project that runs at once. @throws `not-empty` */
export async function init(cli: Cli, options: { yes?: boolean }, given = '.'): Promise<ExitCode> {
  const folder = resolve(given)
  const there = existsSync(folder) ? readdirSync(folder).filter((name) => name !== '.git') : []
  if (there.length > 0) {
    const why = `${folder} is not empty (${there.slice(0, 3).join(', ')}${there.length > 3 ? ', …' : ''}). Nothing was written.`
    throw new ReeveError('not-empty', `${why} Name a new folder: ${cli.command('init', 'my-project')}`)
  }
  const { terminal } = cli
  if (
    !options.yes &&
    !terminal.json &&
    process.stdin.isTTY &&
    !(await confirmed(`Make a project in ${folder}?`, 'yes'))
  ) {
    terminal.line('Nothing was written.')
    return exitCodes.done
  }
  for (const [file, template] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), contentOf(template, nameOf(folder)), { flag: 'wx' })
  }
  terminal.value({ folder, files: Object.keys(files) })
  terminal.line(`A project is in ${folder}:`)
  for (const file of Object.keys(files)) terminal.line(`  ${file}`)
  terminal.line(`\nGo on with:`)
  if (folder !== process.cwd()) terminal.line(`  cd ${shellWord(given)}`)
  terminal.line('  npm install')
  terminal.line(`  npx reeve run order-question --input '{"message":"Where is my order A-12345?"}'`)
  return exitCodes.done
}

function contentOf(template: string, name: string): string {
  const text = readFileSync(new URL(template, templates), 'utf8')
    .replaceAll('{{name}}', name)
    .replaceAll('{{reeve}}', reeveAsDependency())
  return template === 'package.json.txt' && isNodeOfPathOlder() ? withNode(text) : text
}

/** The checkout that this command runs from; or what the project that it is installed in depends on. */
function reeveAsDependency(): string {
  const folder = fileURLToPath(packageFolder)
  const [project, ...rest] = folder.split(`${sep}node_modules${sep}`)
  if (rest.length === 0) return `file:${resolve(folder)}`
  const published = `^${readManifest().version}`
  const manifest = join(project!, 'package.json')
  if (!existsSync(manifest)) return published
  const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8')) as Manifest
  const wanted = dependencies.reeve ?? devDependencies.reeve ?? published
  if (wanted.startsWith('file:')) return `file:${resolve(project!, wanted.slice('file:'.length))}`
  return /^(link|workspace|catalog):/.test(wanted) ? published : wanted
}

interface Manifest {
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}

/** A project brings its own Node only where the machine's is too old: it is 120 MB, and needs an install script. */
function withNode(manifest: string): string {
  const { dependencies, ...rest } = JSON.parse(manifest) as Manifest
  const pinned = { node: process.versions.node, ...dependencies }
  return `${JSON.stringify({ ...rest, dependencies: pinned, allowScripts: { node: true } }, null, 2)}\n`
}

/** A folder's name as npm takes it. */
function nameOf(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return name || 'my-project'
}
