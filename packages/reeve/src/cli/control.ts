import { ReeveError } from '../base/errors.ts'
import { requireRun } from '../store/runs.ts'
import type { Cli } from './cli.ts'
import { carryOn } from './drive.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { readValue } from './input.ts'
import { withChangeableWorkspace } from './workspace.ts'

export function cancel(cli: Cli, _options: object, id: string): Promise<ExitCode> {
  return withChangeableWorkspace(cli, async ({ control, database, environment }) => {
    await control.cancel(id, environment.user)
    const { status } = await requireRun(database, id)
    cli.terminal.value({ run: id, status, cancelled: true })
    const ends = status === 'cancelled' ? 'is cancelled' : 'ends as soon as what it does now has finished'
    cli.terminal.line(`run ${id} ${ends}`)
    return exitCodes.done
  })
}

export function pause(cli: Cli, _options: object, id: string): Promise<ExitCode> {
  return withChangeableWorkspace(cli, async ({ control }) => {
    await control.pause(id)
    cli.terminal.value({ run: id, paused: true })
    cli.terminal.line(`run ${id} is held; go on with: ${cli.command(`resume ${id}`)}`)
    return exitCodes.done
  })
}

export function resume(cli: Cli, _options: object, id: string): Promise<ExitCode> {
  return withChangeableWorkspace(cli, async ({ control }) => {
    await control.resume(id)
    cli.terminal.value({ run: id, paused: false })
    cli.terminal.line(`run ${id} may go on; a worker takes it (${cli.command('dev')})`)
    return exitCodes.done
  })
}

export function retry(cli: Cli, options: { children?: boolean }, id: string): Promise<ExitCode> {
  return withChangeableWorkspace(cli, async (workspace) => {
    await workspace.control.retry(id, workspace.environment.user, options)
    return carryOn(cli, workspace, id, { said: `run ${id} is tried again`, value: { retried: true } })
  })
}

export function fork(cli: Cli, options: { from: string }, id: string): Promise<ExitCode> {
  return withChangeableWorkspace(cli, async (workspace) => {
    const from = Number(options.from)
    if (!Number.isInteger(from)) {
      throw new ReeveError(
        'bad-option',
        `--from is "${options.from}"; it must be the number of a call: ${cli.command(`show ${id}`)}`,
      )
    }
    const forked = await workspace.control.fork(id, from, workspace.environment.user)
    const said = `run ${forked} is run ${id} up to call ${from}, and goes its own way from there`
    return carryOn(cli, workspace, forked, { said, value: { origin: id, from } })
  })
}

export function signal(
  cli: Cli,
  options: { id?: string },
  run: string,
  name: string,
  payload: string | undefined,
): Promise<ExitCode> {
  return withChangeableWorkspace(cli, async ({ control }) => {
    const value = payload === undefined ? null : await readValue(payload, 'The payload')
    const isNew = await control.signal(run, name, value, options.id === undefined ? {} : { id: options.id })
    cli.terminal.value({ run, signal: name, isNew })
    const how = isNew ? 'is in its inbox' : 'was there already (same --id); nothing was added'
    cli.terminal.line(`signal ${name} to run ${run} ${how}`)
    return exitCodes.done
  })
}
