import { safeLine } from '../../base/text/one-line.ts'
import type { Cli } from '../cli.ts'
import { withHouse } from '../house/with-house.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'

/** Says who acts: at a server, or at the project's own database. */
export function whoami(cli: Cli): Promise<ExitCode> {
  return withHouse(cli, async (house) => {
    const { principal, role, proof, localUser } = await house.whoami()
    cli.terminal.value({ principal, role, proof, at: house.place, localUser })
    const how = localUser === null ? `by a ${proof}` : `as the local user ${safeLine(localUser)}`
    cli.terminal.line(`${safeLine(principal)} (${role}) at ${house.place}, ${how}`)
    return exitCodes.done
  })
}
