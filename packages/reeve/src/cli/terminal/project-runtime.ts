import { readEnvironment } from '../../base/config.ts'
import { lineLog } from '../../base/log.ts'
import { loadProject } from '../../project/load.ts'
import { internalsOf, Runtime, type RuntimeOptions } from '../../runtime/runtime.ts'
import type { LocalActor } from '../../server/local-actor.ts'
import type { Cli } from '../cli.ts'
import { actorFor, projectFolder } from './workspace.ts'

/**
 * Loads the project and opens its runtime for as long as `body` takes; nothing is driven until `body` starts it. What
 * `body` hands to `onStop` ends before the runtime does.
 */
export async function withRuntime<T>(
  cli: Cli,
  body: (runtime: Runtime, onStop: (end: () => Promise<void>) => void, actor: LocalActor) => Promise<T>,
  { graceMs, ...options }: Pick<RuntimeOptions, 'capacity' | 'sandbox'> & { graceMs?: number } = {},
): Promise<T> {
  const folder = projectFolder(cli)
  const environment = readEnvironment(folder)
  const project = await loadProject(folder)
  const write = (line: string) => cli.terminal.remark(line.trimEnd())
  // Behind a service manager programs read it, at a terminal people.
  const makeLog = cli.terminal.json ? (await import('../../runtime/json-log.ts')).jsonLog : lineLog
  const log = makeLog(write, cli.verbose)
  const runtime = await Runtime.open({ project, environment, log, ...options })
  const ends: (() => Promise<void>)[] = []
  try {
    const actor = await actorFor(cli, internalsOf(runtime).database, environment)
    return await body(runtime, (end) => ends.push(end), actor)
  } finally {
    try {
      for (const end of ends) await end()
    } finally {
      await runtime.stop(graceMs)
    }
  }
}
