import { safeLine } from '../../base/text/one-line.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'

/** Says who acts: at a server, or at the project's own database. */
export function whoami(cli: Cli): Promise<ExitCode> {
  return withBackend(cli, async (backend) => {
    const { principal, role, proof, localUser } = await backend.whoami()
    cli.terminal.value({ principal, role, proof, at: backend.place, localUser })
    const how = localUser === null ? `by a ${proof}` : `as the local user ${safeLine(localUser)}`
    cli.terminal.line(`${safeLine(principal)} (${role}) at ${backend.place}, ${how}`)
    return exitCodes.done
  })
}
