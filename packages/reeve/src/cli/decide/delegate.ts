import { safeLine } from '../../base/text/one-line.ts'
import type { Cli } from '../cli.ts'
import { withHouse } from '../house/with-house.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'

/** Asks somebody else to decide in the place of whoever is at the terminal. */
export function delegate(cli: Cli, { why }: { why?: string }, id: string, to: string): Promise<ExitCode> {
  return withHouse(cli, async (house) => {
    const { subject, by } = await house.delegate(id, to, why)
    cli.terminal.value({ approvalId: id, by, to })
    cli.terminal.line(`${safeLine(to)} may decide ${safeLine(subject)} in the place of ${safeLine(by)}`)
    return exitCodes.done
  })
}
