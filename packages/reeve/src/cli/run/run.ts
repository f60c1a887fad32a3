import { ReeveError } from '../../base/errors.ts'
import type { StartOptions } from '../../engine/starting/prepared-start.ts'
import type { Backend } from '../backend/backend.ts'
import { labelOf } from '../backend/named/named-run.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { readValue } from '../terminal/input.ts'
import { Interrupt } from '../terminal/interrupt.ts'
import { goesOn, showUntilRest } from './drive.ts'

export interface RunOptions {
  input?: string
  key?: string
  ifKeyExists?: string
  detach?: boolean
  follow?: boolean
}

/** Starts a run and shows it until it comes to rest or only waits; detached, leaves it to the workers. */
export async function run(cli: Cli, options: RunOptions, workflowName: string): Promise<ExitCode> {
  const input = options.input === undefined ? {} : await readValue(options.input, 'The input')
  const ifKeyExists = toIfKeyExists(options.ifKeyExists)
  const body = async (backend: Backend) => {
    const start = () =>
      backend.start(workflowName, input, {
        ...(options.key === undefined ? {} : { idempotencyKey: options.key }),
        ...(ifKeyExists === undefined ? {} : { ifKeyExists }),
      })
    if (options.detach) return detached(cli, backend, await start())
    const { terminal } = cli
    const hurry = () => backend.worker?.hurry()
    const interrupt = new Interrupt(terminal, `Go on with: ${cli.command('dev')}.`, hurry)
    await backend.worker?.start()
    const { id, isNew } = await start()
    const label = labelOf(await backend.run(id))
    const known = isNew ? '' : ' (this key was used already: nothing new was started)'
    terminal.line(`${terminal.colors.bold(workflowName)} run ${label}${known}`)
    const code = await showUntilRest(cli, backend, id, {
      afterSeq: 0,
      stays: options.follow === true,
      signal: interrupt.signal,
      extra: { workflow: workflowName, isNew },
    })
    if (code === exitCodes.interrupted) terminal.remark(goesOn(cli, id))
    return code
  }
  return withBackend(cli, body, 'code')
}

/** @throws `bad-option` */
function toIfKeyExists(text: string | undefined): StartOptions['ifKeyExists'] {
  if (text === undefined || text === 'sameInput' || text === 'return') return text
  throw new ReeveError('bad-option', `--if-key-exists is "${text}"; it must be sameInput or return.`)
}

async function detached(
  cli: Cli,
  backend: Backend,
  handle: { id: string; isNew: boolean },
): Promise<ExitCode> {
  const { id, isNew } = handle
  const workers = await backend.workers()
  cli.terminal.value({ runId: id, isNew, workers: workers.length })
  cli.terminal.line(
    `run ${labelOf(await backend.run(id))} ${isNew ? 'is queued' : 'was started with this key before'}`,
  )
  if (workers.length === 0) cli.terminal.line(`No worker is running. Start one: ${cli.command('dev')}`)
  cli.terminal.line(`  ${cli.command('show', id)}`)
  return exitCodes.done
}
