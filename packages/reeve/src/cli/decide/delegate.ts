import { safeLine } from '../../base/text/one-line.ts'
import { withApproval } from '../backend/named/named-approval.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'

/** Asks somebody else to decide in the place of whoever is at the terminal. */
export function delegate(cli: Cli, { why }: { why?: string }, named: string, to: string): Promise<ExitCode> {
  return withApproval(cli, named, async (backend, { approval: { id } }) => {
    const { subject, by } = await backend.delegate(id, to, why)
    cli.terminal.value({ approvalId: id, by, to })
    cli.terminal.line(`${safeLine(to)} may decide ${safeLine(subject)} in the place of ${safeLine(by)}`)
    return exitCodes.done
  })
}
