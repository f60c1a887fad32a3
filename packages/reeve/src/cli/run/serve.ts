import { once } from 'node:events'
import { ReeveError } from '../../base/errors.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { type Duration, toMs } from '../../base/time/time.ts'
import { internalsOf } from '../../runtime/runtime.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { Interrupt } from '../terminal/interrupt.ts'
import { withRuntime } from '../terminal/project-runtime.ts'
import { continuingLine, continuingRuns } from './continuing.ts'
import { openWeb, tellWeb, type WebOptions } from './web.ts'

interface ServeOptions extends WebOptions {
  capacity: string
  grace: string
}

/** Serves a project and drives its runs, for a service manager: one line when it is ready, and troubles. */
export function start(cli: Cli, options: ServeOptions): Promise<ExitCode> {
  return serve(cli, options, 'serving')
}

/** Drives runs beside other workers on the same database. */
export function worker(cli: Cli, options: ServeOptions): Promise<ExitCode> {
  return serve(cli, options, 'working')
}

/** Until SIGTERM, SIGINT or SIGHUP: then it claims no more, what acts may finish within the grace, and every run is given back. */
function serve(cli: Cli, options: ServeOptions, event: 'serving' | 'working'): Promise<ExitCode> {
  const capacity = toCapacity(options.capacity)
  const graceMs = toMs(options.grace as Duration)
  return withRuntime(
    cli,
    async (runtime, onStop) => {
      const { terminal } = cli
      const interrupt = new Interrupt(
        terminal,
        'Its other runs continue on another worker or at the next start.',
        () => runtime.hurry(),
      )
      const web = event === 'serving' ? await openWeb(cli, runtime, options) : undefined
      if (web) onStop(() => web.close())
      const { database, engine } = internalsOf(runtime)
      const continuing = await continuingRuns(database)
      await runtime.start()
      const { project, workflowNames: workflows } = runtime
      terminal.valueLine({
        event,
        project: project.folder,
        database: database.place,
        worker: engine.worker.id,
        capacity,
        workflows,
        continuing: continuing.count,
        ...(internalsOf(runtime).connections.isSandbox && { sandbox: true }),
        ...(web && { url: web.url }),
        ...(web?.signIn && { signIn: web.signIn }),
      })
      terminal.line(
        `reeve is ${event}: ${project.folder}, data in ${database.place}, worker ${engine.worker.id}, at most ${capacity} runs at once`,
      )
      const goesOn = continuingLine(continuing)
      if (goesOn !== undefined) terminal.line(goesOn)
      if (web) tellWeb(cli, web, options)
      for (const { route, solver, error } of runtime.unusableSolvers) {
        terminal.remark(`route ${route} works without ${solver}: ${safeLine(error.message)}`)
      }
      if (!interrupt.signal.aborted) await once(interrupt.signal, 'abort')
      return exitCodes.done
    },
    { capacity, graceMs, ...(options.sandbox && { sandbox: true }) },
  )
}

/** @throws `bad-option` */
function toCapacity(text: string): number {
  const capacity = Number(text)
  if (Number.isInteger(capacity) && capacity > 0 && capacity <= 1_000_000) return capacity
  throw new ReeveError(
    'bad-option',
    `--capacity is "${text}"; it must be a whole number from 1 to 1000000: the most runs this worker holds at once.`,
  )
}
