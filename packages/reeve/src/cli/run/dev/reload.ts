import { realpathSync } from 'node:fs'
import { join, relative } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { readEnvironment } from '../../../base/config.ts'
import { messageOf, ReeveError } from '../../../base/errors.ts'
import { safeLine } from '../../../base/text/one-line.ts'
import type { Workflow } from '../../../engine/workflow.ts'
import { filesIn } from '../../../project/files/files-in.ts'
import { importDefault } from '../../../project/files/import-file.ts'
import { loadProject } from '../../../project/load.ts'
import { envFile, type FileChange, type FileChanges } from '../../../project/reload/file-changes.ts'
import type { ProjectModules } from '../../../project/reload/project-modules.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import type { Cli } from '../../cli.ts'
import { openRuntime } from '../../terminal/project-runtime.ts'
import { Serving } from './serving.ts'

/** How long what acts now may go on before the new code takes its place (ms). */
const graceMs = 60_000
const mostNamed = 8
const mostCounted = 100

interface Changed {
  changes: readonly FileChange[]
  modules: ProjectModules
  files: FileChanges
}

/**
 * Loads the project anew and lets it take the place of the one that serves: what acts finishes with the old code, and every
 * run under way goes on from its journal with the new one. What cannot be loaded or opened changes nothing.
 */
export async function reload(cli: Cli, old: Serving, { changes, modules, files }: Changed): Promise<Serving> {
  const { folder } = old.runtime.project
  const { terminal } = cli
  const root = realpathSync(folder)
  const named = changes.map(({ file, change }) => ({ file: relative(root, file), change }))
  modules.beginLoad()
  let runtime: Runtime
  try {
    if (named.some(({ file }) => file === envFile)) cli.renewVariables()
    refuseOtherDatabase(old.runtime)
    runtime = await openRuntime(cli, await loadProject(folder), old.options)
  } catch (error) {
    files.refresh()
    terminal.valueLine({ event: 'not-reloaded', changes: named, error: messageOf(error) })
    terminal.line(`${terminal.colors.red('!')} ${listed(named)}. The previous code stays in use, because:`)
    terminal.line(`  ${safeLine(messageOf(error))}`)
    return old
  }
  files.refresh()
  const affected = await workflowsOf(folder, modules.dependentsOf(changes.map(({ file }) => file)))
  const added = runtime.workflowNames.filter((name) => !old.runtime.workflowNames.includes(name))
  const removed = old.runtime.workflowNames.filter((name) => !runtime.workflowNames.includes(name))
  const underWay = await runsUnderWay(runtime, [...affected, ...removed])
  const { cursor } = old.feed
  // The page stays where it is, and who is signed in stays so.
  const options = { ...old.options, port: new URL(old.page.url).port, open: false }
  await old.close(graceMs).catch((error) => terminal.remark(`reeve: ${messageOf(error)}`))
  let serving: Serving
  try {
    serving = await Serving.open(cli, runtime, options, cursor)
  } catch (error) {
    terminal.valueLine({ event: 'not-reloaded', changes: named, error: messageOf(error) })
    terminal.line(`${terminal.colors.red('!')} ${listed(named)}. The previous code stays in use, because:`)
    terminal.line(`  ${safeLine(messageOf(error))}`)
    return Serving.open(cli, await openRuntime(cli, old.runtime.project, options), options, cursor)
  }
  terminal.valueLine({ event: 'reloaded', changes: named, added, removed, underWay })
  terminal.line(`${terminal.colors.green('↻')} ${listed(named)}: loaded`)
  if (added.length > 0) terminal.line(`  new: ${added.map(safeLine).join(', ')}`)
  for (const { workflow, runs, more } of underWay) {
    const many = `${runs}${more ? ' or more' : ''} ${runs === 1 && !more ? 'run' : 'runs'}`
    const before = versionIn(old.runtime, workflow)
    const fate = removed.includes(workflow)
      ? 'wait until a worker has it again'
      : before !== versionIn(runtime, workflow)
        ? `those of version "${safeLine(before)}" wait for a worker that has it: give the old file another name until they have ended (docs/upgrading.md)`
        : 'continue with the new code when they wake; where it does not fit what they did, they become stuck'
    terminal.line(
      `  ${many} of ${safeLine(workflow)} in progress: ${fate} (${cli.command('runs', '--workflow', workflow)})`,
    )
  }
  return serving
}

/** What the data are in stays as it is: who serves them has followed them until now. @throws `bad-option` */
function refuseOtherDatabase({ environment, project }: Runtime): void {
  const { database } = readEnvironment(project.folder)
  if (isDeepStrictEqual(database, environment.database)) return
  throw new ReeveError(
    'bad-option',
    'DATABASE_URL is another one now. End this with Ctrl-C and start it again to serve that database.',
  )
}

function listed(changes: readonly { file: string; change: string }[]): string {
  const shown = changes.slice(0, mostNamed).map(({ file, change }) => `${safeLine(file)} ${change}`)
  const more = changes.length - shown.length
  return `${shown.join(', ')}${more > 0 ? `, and ${more} more` : ''}`
}

/** The workflows whose file is one of these. They are loaded already. */
async function workflowsOf(folder: string, files: ReadonlySet<string>): Promise<string[]> {
  const own = filesIn(join(folder, 'workflows')).filter((file) => files.has(realpathSync(file)))
  const loaded = await Promise.all(own.map((file) => importDefault(file, folder)))
  return loaded.map((each) => (each as Workflow).name)
}

function versionIn({ project }: Runtime, workflow: string): string {
  return project.workflows.find(({ name }) => name === workflow)?.version ?? ''
}

async function runsUnderWay(runtime: Runtime, workflows: readonly string[]) {
  const found: { workflow: string; runs: number; more: boolean }[] = []
  for (const workflow of workflows) {
    let runs = 0
    let more = false
    for (const status of ['running', 'queued', 'waiting'] as const) {
      const page = await runtime.listRuns({ workflow, status, limit: mostCounted })
      runs += page.runs.length
      more ||= page.next !== null && page.next !== undefined
    }
    if (runs > 0) found.push({ workflow, runs, more })
  }
  return found
}
