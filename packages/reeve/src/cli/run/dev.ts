import { setTimeout as delay } from 'node:timers/promises'
import { safeLine } from '../../base/text/one-line.ts'
import { moment, systemClock } from '../../base/time/time.ts'
import { EventFeed, type FollowedEvent } from '../../inspect/follow/follow-events.ts'
import { internalsOf, type Runtime } from '../../runtime/runtime.ts'
import type { Page } from '../../server/open-page.ts'
import { listSchedules } from '../../store/dispatch/schedules.ts'
import type { EventType } from '../../store/journal/events.ts'
import { countPending } from '../../store/runs/approvals.ts'
import type { Cli } from '../cli.ts'
import { eventLine } from '../look/event-line.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { Interrupt } from '../terminal/interrupt.ts'
import { withRuntime } from '../terminal/project-runtime.ts'
import { openWeb, tellWeb, type WebOptions } from './web.ts'

/** What is worth a line while a project is served; `show` has the rest. */
const told: EventType[] = [
  'run-started',
  'run-succeeded',
  'run-failed',
  'run-stuck',
  'run-cancelled',
  'run-released',
  'run-retried',
  'run-continued',
  'run-forked',
  'approval-requested',
  'approval-decided',
  'effect-unknown',
  'timer-set',
  'signal-awaited',
  'signal-refused',
  'step-retrying',
  'effect-retrying',
  'question-retrying',
]

const pollMs = 50

/** Serves a project: drives its runs and schedules until Ctrl-C, and tells what happens. */
export async function dev(cli: Cli, options: WebOptions): Promise<ExitCode> {
  return withRuntime(
    cli,
    async (runtime, onStop) => {
      const { terminal } = cli
      const interrupt = new Interrupt(
        terminal,
        'Nothing is lost: what is under way goes on at the next start.',
        () => runtime.hurry(),
      )
      const { database } = internalsOf(runtime)
      const feed = await EventFeed.open(database, database.clock ?? systemClock, { types: told })
      const web = await openWeb(cli, runtime, options)
      onStop(() => web.close())
      await runtime.start()
      await greet(cli, runtime, web)
      tellWeb(cli, web, options)
      void tellKnowledge(cli, runtime)
      for (;;) {
        const stopping = interrupt.signal.aborted
        const events = await feed.read()
        for (const event of events) tell(cli, event)
        if (stopping) return exitCodes.done
        if (events.length === 0)
          await delay(pollMs, undefined, { signal: interrupt.signal }).catch(() => undefined)
      }
    },
    options.sandbox ? { sandbox: true } : {},
  )
}

async function greet(cli: Cli, runtime: Runtime, { url, signIn }: Page): Promise<void> {
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
    url,
    ...(signIn && { signIn }),
  })
  terminal.line(`${bold('reeve')} serves ${project.folder} ${dim(`(data in ${database.place})`)}`)
  terminal.line(`workflows: ${workflows.join(', ') || 'none; add a file to workflows/'}`)
  for (const { name, workflow, next_at } of schedules) {
    terminal.line(`schedule ${name}: ${workflow}, next at ${next_at === null ? 'no time' : moment(next_at)}`)
  }
  for (const { route, solver, error } of runtime.unusableSolvers) {
    terminal.line(`${yellow('!')} route ${route} goes on without ${solver}: ${safeLine(error.message)}`)
  }
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
  const { run, workflow, type, name, seq, at, words, approval } = event
  if (terminal.json) {
    terminal.valueLine({ at, run, workflow, seq, event: type, name, words })
    return
  }
  terminal.line(
    `${colors.dim(moment(Date.parse(at)).slice(11))} ${run} ${workflow} ${eventLine(event, colors)}`,
  )
  if (approval === null) return
  // The line above does not show what is asked; from there it can be decided.
  terminal.line(`           ${colors.cyan(cli.command('approvals', approval))}`)
}
