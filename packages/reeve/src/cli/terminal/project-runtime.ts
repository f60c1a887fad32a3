import { readEnvironment } from '../../base/config.ts'
import { lineLog } from '../../base/log.ts'
import { loadProject, type Project } from '../../project/load.ts'
import { internalsOf, Runtime, type RuntimeOptions } from '../../runtime/runtime.ts'
import type { LocalActor } from '../../server/local-actor.ts'
import type { Cli } from '../cli.ts'
import { actorFor, projectFolder, refuseAbsent } from './workspace.ts'

/**
 * Loads the project and opens its runtime for as long as `body` takes; nothing is driven until `body` starts it. What
 * `body` hands to `onStop` ends before the runtime does.
 */
export async function withRuntime<T>(
  cli: Cli,
  body: (runtime: Runtime, onStop: (end: () => Promise<void>) => void, actor: LocalActor) => Promise<T>,
  { graceMs, ...options }: Pick<RuntimeOptions, 'capacity' | 'sandbox'> & { graceMs?: number } = {},
): Promise<T> {
  const runtime = await openRuntime(cli, await loadProject(projectFolder(cli)), options)
  const ends: (() => Promise<void>)[] = []
  try {
    const actor = await actorFor(cli, internalsOf(runtime).database, runtime.environment)
    return await body(runtime, (end) => ends.push(end), actor)
  } finally {
    try {
      for (const end of ends) await end()
    } finally {
      await runtime.stop(graceMs)
    }
  }
}

/** Opens the runtime of a project that was loaded; its log goes to the terminal. */
export async function openRuntime(
  cli: Cli,
  project: Project,
  { capacity, sandbox }: { capacity?: number; sandbox?: boolean | undefined } = {},
): Promise<Runtime> {
  const { terminal, verbose } = cli
  const write = (line: string) => terminal.remark(line.trimEnd())
  // Behind a service manager programs read it, at a terminal people.
  const makeLog = terminal.json ? (await import('../../runtime/json-log.ts')).jsonLog : lineLog
  const log = makeLog(write, verbose)
  const environment = readEnvironment(project.folder)
  refuseAbsent(cli, environment, project.folder)
  // The configuration alone says that something is real: a command can only make it less so.
  const chosen = { ...(capacity !== undefined && { capacity }), ...(sandbox && { sandbox }) }
  return Runtime.open({ project, environment, log, ...chosen })
}
