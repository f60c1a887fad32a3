import { setTimeout as delay } from 'node:timers/promises'
import { safeLine } from '../../../base/text/one-line.ts'
import { inZone, moment } from '../../../base/time/time.ts'
import type { FollowedEvent } from '../../../inspect/follow/follow-events.ts'
import { loadProject } from '../../../project/load.ts'
import { FileChanges } from '../../../project/reload/file-changes.ts'
import { ProjectModules } from '../../../project/reload/project-modules.ts'
import { internalsOf, type Runtime } from '../../../runtime/runtime.ts'
import type { Page } from '../../../server/open-page.ts'
import { countPending } from '../../../store/approvals/approvals.ts'
import { listSchedules } from '../../../store/dispatch/schedules.ts'
import type { Cli } from '../../cli.ts'
import { eventLine } from '../../look/event-line.ts'
import { type ExitCode, exitCodes } from '../../terminal/exit-codes.ts'
import { Interrupt } from '../../terminal/interrupt.ts'
import { openRuntime } from '../../terminal/project-runtime.ts'
import { projectFolder } from '../../terminal/workspace.ts'
import { type Continuing, continuingLine, continuingRuns } from '../continuing.ts'
import { tellWeb, type WebOptions } from '../web.ts'
import { reload } from './reload.ts'
import { Serving } from './serving.ts'

const pollMs = 50
const lookMs = 300

/**
 * Serves a project: drives its runs and schedules until Ctrl-C, and tells what happens. When files of the project change,
 * the project is loaded anew beside the one that serves, and takes its place.
 */
export async function dev(cli: Cli, options: WebOptions): Promise<ExitCode> {
  const folder = projectFolder(cli)
  const modules = new ProjectModules(folder)
  const project = await loadProject(folder)
  const files = new FileChanges(folder, () => modules.files)
  let runtime = await openRuntime(cli, project, options)
  const interrupt = new Interrupt(
    cli.terminal,
    'Nothing is lost: runs in progress continue at the next start.',
    () => runtime.hurry(),
  )
  const continuing = await continuingRuns(internalsOf(runtime).database)
  let serving = await Serving.open(cli, runtime, options)
  try {
    await greet(cli, serving.runtime, serving.page, continuing)
    tellWeb(cli, serving.page, options)
    void tellKnowledge(cli, serving.runtime)
    let lookAt = 0
    for (;;) {
      const stopping = interrupt.signal.aborted
      const events = await serving.feed.read()
      for (const event of events) tell(cli, event)
      if (stopping) return exitCodes.done
      if (events.length > 0) continue
      if (performance.now() >= lookAt) {
        const changes = files.read()
        if (changes.length > 0) {
          serving = await reload(cli, serving, { changes, modules, files })
          runtime = serving.runtime
        }
        lookAt = performance.now() + lookMs
      }
      await delay(pollMs, undefined, { signal: interrupt.signal }).catch(() => undefined)
    }
  } finally {
    await serving.close()
    modules.end()
  }
}

async function greet(
  cli: Cli,
  runtime: Runtime,
  { url, signIn }: Page,
  continuing: Continuing,
): Promise<void> {
  const { terminal } = cli
  const { bold, dim, yellow } = terminal.colors
  const { project } = runtime
  const { database } = internalsOf(runtime)
  const workflows = runtime.workflowNames
  const pending = await countPending(database)
  const schedules = await listSchedules(database)
  terminal.valueLine({
    event: 'serving',
    project: project.folder,
    database: database.place,
    workflows,
    pending,
    continuing: continuing.count,
    url,
    ...(signIn && { signIn }),
  })
  terminal.line(`${bold('reeve')} serves ${project.folder} ${dim(`(data in ${database.place})`)}`)
  terminal.line(`workflows: ${workflows.join(', ') || 'none; add a file to workflows/'}`)
  for (const { name, workflow, next_at: at, definition } of schedules) {
    const { zone = 'UTC' } = JSON.parse(definition) as { zone?: string }
    terminal.line(`schedule ${name}: ${workflow}, next at ${at === null ? 'no time' : inZone(at, zone)}`)
  }
  for (const { route, solver, error } of runtime.unusableSolvers) {
    terminal.line(`${yellow('!')} route ${route} works without ${solver}: ${safeLine(error.message)}`)
  }
  const goesOn = continuingLine(continuing)
  if (goesOn !== undefined) terminal.line(goesOn)
  if (pending > 0) terminal.line(`${yellow('?')} ${pending} wait for a person: ${cli.command('approvals')}`)
  terminal.line(dim(`start a run: ${cli.command('run', 'WORKFLOW', '--input', 'JSON')}; Ctrl-C stops`))
}

const mostProblems = 20

/** What could not be read of the knowledge, once all of it was looked at. */
async function tellKnowledge({ terminal, command }: Cli, runtime: Runtime): Promise<void> {
  // A failure is in the log.
  const ingested = await runtime.readKnowledge().catch(() => [])
  const mark = terminal.colors.yellow('!')
  const problems = ingested.flatMap((report) => report.problems)
  for (const { where, problem } of problems.slice(0, mostProblems))
    terminal.line(`${mark} knowledge ${safeLine(where)}: ${safeLine(problem)}`)
  const more = problems.length - mostProblems
  if (more > 0)
    terminal.line(`${mark} knowledge: ${more} more problems; count them with: ${command('doctor')}`)
}

function tell(cli: Cli, event: FollowedEvent): void {
  const { terminal } = cli
  const { colors } = terminal
  const { runId: run, workflow, type, name, seq, at, words, approvalId: approval } = event
  if (terminal.json) {
    terminal.valueLine({ at, runId: run, workflow, seq, event: type, name, words })
    return
  }
  terminal.line(
    `${colors.dim(moment(Date.parse(at)).slice(11))} ${run} ${workflow} ${eventLine(event, colors)}`,
  )
  if (approval === null) return
  // The line above does not show what is asked; from there it can be decided.
  terminal.line(`           ${colors.cyan(cli.command('approvals', approval))}`)
}
