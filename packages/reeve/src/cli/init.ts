import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { ReeveError } from '../base/errors.ts'
import type { Cli } from './cli.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'

const templates = new URL('./init-project/', import.meta.url)

/** What the template's files are called in the new project. */
const files: Record<string, string> = {
  'package.json': 'package.json.txt',
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
    throw new ReeveError('not-empty', `${why} Name a new folder: ${cli.command('init my-project')}`)
  }
  const { terminal } = cli
  if (!options.yes && !terminal.json && process.stdin.isTTY && !(await agreed(folder))) {
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
  if (folder !== process.cwd()) terminal.line(`  cd ${given}`)
  terminal.line('  npm install')
  terminal.line(`  npx reeve run order-question --input '{"message":"Where is my order A-12345?"}'`)
  return exitCodes.done
}

async function agreed(folder: string): Promise<boolean> {
  const questions = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await questions.question(`Make a project in ${folder}? (Y/n) `)
  questions.close()
  return /^(y|yes|)$/i.test(answer.trim())
}

function contentOf(template: string, name: string): string {
  const text = readFileSync(new URL(template, templates), 'utf8')
  return text.replaceAll('{{name}}', name).replaceAll('{{reeve}}', reeveAsDependency())
}

/** The published package, or the checkout that this command runs from. */
function reeveAsDependency(): string {
  const folder = join(import.meta.dirname, '../..')
  if (!folder.includes('node_modules')) return `file:${folder}`
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
  return `^${version}`
}

/** A folder's name as npm takes it. */
function nameOf(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return name || 'my-project'
}
