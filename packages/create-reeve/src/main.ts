import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { askForProject, type Wanted } from './ask.ts'
import { createProject, filesIn, readVersion } from './create-project.ts'
import { isTemplate, templates } from './templates.ts'

/** Reeve's own, for whose Node a project must care where the machine's is older. */
const oldestNode = 24
const broughtNode = '^24.21.0'

const help = `npm create reeve [dir] -- [options]

Makes a project for Reeve in a new folder. Asks for what is not given.

  --template <name>  what to begin with:
${Object.entries(templates)
  .map(([name, { words }]) => `                       ${name.padEnd(16)} ${words}`)
  .join('\n')}
  --yes              do not ask: my-desk and blank, unless others are given
  --version, --help`

class WrongUse extends Error {}

try {
  await main()
} catch (error) {
  const isKnown = error instanceof WrongUse || isOfParsing(error) || isOfFile(error)
  console.error(`create-reeve: ${isKnown ? (error as Error).message : String(error)}`)
  process.exitCode = isKnown ? 2 : 70
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      template: { type: 'string' },
      yes: { type: 'boolean', short: 'y' },
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean' },
    },
  })
  if (values.help) return console.log(help)
  if (values.version) return console.log(readVersion())
  if (positionals.length > 1)
    throw new WrongUse(`One folder is wanted; these are ${positionals.length}: ${positionals.join(', ')}.`)
  const wanted = await wantedOf(positionals[0], values.template, values.yes === true)
  if (!wanted) return
  const folder = resolve(wanted.folder)
  refuseFull(folder)
  const isOld = Number.parseInt(process.versions.node, 10) < oldestNode
  createProject({
    folder,
    template: wanted.template,
    reeve: `^${readVersion()}`,
    node: isOld ? broughtNode : undefined,
  })
  const run = templates[wanted.template].run.map((word) => (/[^\w./-]/.test(word) ? `'${word}'` : word))
  const steps = [`cd ${wordOf(wanted.folder)}`, 'npm install', 'npm start', `npx reeve run ${run.join(' ')}`]
  console.log(`A project is in ${folder}. Go on with:\n`)
  for (const step of steps) console.log(`  ${step}`)
  console.log('\n`npm start` opens its page. README.md tells the rest; `npm test` tries it.')
}

async function wantedOf(
  folder: string | undefined,
  template: string | undefined,
  isQuiet: boolean,
): Promise<Wanted | undefined> {
  if (template !== undefined && !isTemplate(template))
    throw new WrongUse(`There is no template "${template}"; there are ${Object.keys(templates).join(', ')}.`)
  if (folder !== undefined) refuseFull(resolve(folder))
  if (isQuiet) return { folder: folder ?? 'my-desk', template: template ?? 'blank' }
  if (folder !== undefined && template !== undefined) return { folder, template }
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw new WrongUse('Nobody can be asked here. Name a folder and --template, or say --yes.')
  return askForProject({
    ...(folder !== undefined && { folder }),
    ...(template !== undefined && { template }),
  })
}

function refuseFull(folder: string): void {
  const there = filesIn(folder)
  if (there.length === 0) return
  const some = `${there.slice(0, 3).join(', ')}${there.length > 3 ? ', …' : ''}`
  throw new WrongUse(`${folder} is not empty (${some}). Nothing was written. Name a new folder.`)
}

function wordOf(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** A folder that cannot be written, not a fault of this program. */
function isOfFile(error: unknown): boolean {
  const { code, path } = error as NodeJS.ErrnoException
  return code !== undefined && path !== undefined
}

function isOfParsing(error: unknown): boolean {
  return error instanceof Error && String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS')
}
