import { existsSync, readFileSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Template } from 'create-reeve'
import { isNodeOfPathOlder } from '../../base/config.ts'
import { ReeveError } from '../../base/errors.ts'
import { packageFolder, readManifest } from '../../base/package-files.ts'
import { shellWord } from '../../base/text/shell-word.ts'
import { type Cli, createCli } from '../cli.ts'
import { canAsk } from '../terminal/confirm.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'

interface InitOptions {
  template?: string
  yes?: boolean
}

/** Makes a project that runs at once: the same as `npm create reeve`. @throws `not-empty` `bad-option` `missing-package` */
export async function init(cli: Cli, options: InitOptions, given = '.'): Promise<ExitCode> {
  const maker = await loadMaker()
  const { askForProject, createProject, filesIn, templates } = maker
  const folder = resolve(given)
  const there = filesIn(folder)
  if (there.length > 0) {
    const why = `${folder} is not empty (${there.slice(0, 3).join(', ')}${there.length > 3 ? ', …' : ''}). Nothing was written.`
    throw new ReeveError('not-empty', `${why} Name a new folder: ${cli.command('init', 'my-project')}`)
  }
  const { terminal } = cli
  const template = toTemplate(maker, options.template)
  const asks = !options.yes && canAsk(terminal)
  const wanted = asks ? await askForProject({ folder: given, template }) : { template: template ?? 'blank' }
  if (!wanted) return exitCodes.done
  const node = isNodeOfPathOlder() ? process.versions.node : undefined
  const { files } = createProject({ folder, template: wanted.template, reeve: reeveAsDependency(), node })
  terminal.value({ folder, template: wanted.template, files })
  terminal.line(`A project is in ${folder}:`)
  for (const file of files) terminal.line(`  ${file}`)
  terminal.line(`\nGo on with:`)
  if (folder !== process.cwd()) terminal.line(`  cd ${shellWord(given)}`)
  terminal.line('  npm install')
  terminal.line('  npm start')
  const inside = createCli({ ...cli, project: undefined })
  terminal.line(`  ${inside.command('run', ...templates[wanted.template].run)}`)
  return exitCodes.done
}

type Maker = typeof import('create-reeve')

/** Nothing else of Reeve needs it: an installation goes without it where it cannot be had. @throws `missing-package` */
async function loadMaker(): Promise<Maker> {
  try {
    return await import('create-reeve')
  } catch (cause) {
    if ((cause as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    const advice = 'New projects are made by the package create-reeve, which is not installed here'
    throw new ReeveError('missing-package', `${advice}: npm install create-reeve`, { cause })
  }
}

/** @throws `bad-option` */
function toTemplate({ isTemplate, templates }: Maker, name: string | undefined): Template | undefined {
  if (name === undefined || isTemplate(name)) return name
  const known = Object.keys(templates).join(', ')
  throw new ReeveError('bad-option', `--template is "${name}"; it must be one of ${known}.`)
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
