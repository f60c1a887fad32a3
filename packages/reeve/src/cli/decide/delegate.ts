import { safeLine } from '../../base/text/one-line.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { withChangeableWorkspace } from '../terminal/workspace.ts'

/** Asks somebody else to decide in the place of whoever is at the terminal. */
export function delegate(cli: Cli, { note }: { note?: string }, id: string, to: string): Promise<ExitCode> {
  return withChangeableWorkspace(cli, async ({ control, actor }) => {
    const by = actor.principal
    const asked = await control.delegate(id, {
      by,
      to,
      proof: actor.proof,
      ...(note === undefined ? {} : { note }),
    })
    cli.terminal.value({ approval: id, by, to })
    cli.terminal.line(`${safeLine(to)} may decide ${safeLine(asked.subject)} in the place of ${safeLine(by)}`)
    return exitCodes.done
  })
}
