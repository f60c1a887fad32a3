import { safeLine } from '../../base/text/one-line.ts'
import type { Cli } from '../cli.ts'
import { withApproval } from '../house/named/named-approval.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'

/** Asks somebody else to decide in the place of whoever is at the terminal. */
export function delegate(cli: Cli, { why }: { why?: string }, named: string, to: string): Promise<ExitCode> {
  return withApproval(cli, named, async (house, { approval: { id } }) => {
    const { subject, by } = await house.delegate(id, to, why)
    cli.terminal.value({ approvalId: id, by, to })
    cli.terminal.line(`${safeLine(to)} may decide ${safeLine(subject)} in the place of ${safeLine(by)}`)
    return exitCodes.done
  })
}
