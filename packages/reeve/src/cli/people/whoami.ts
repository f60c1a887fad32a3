import { readEnvironment } from '../../base/config.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { createClient } from '../../client/index.ts'
import { actorOf, localUserOf } from '../../server/local-actor.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { withWorkspace } from '../terminal/workspace.ts'

/** Says who acts, and how that is known: at the server that REEVE_URL names, or at the project's own database. */
export async function whoami(cli: Cli): Promise<ExitCode> {
  const { server } = readEnvironment('.')
  if (server) {
    const client = createClient({
      url: server.url,
      ...(server.token === undefined ? {} : { token: server.token }),
    })
    const { principal, role, via } = await client.session()
    return tell(cli, { principal, role, proof: via, at: server.url, localUser: null })
  }
  return withWorkspace(cli, async ({ database, environment }) => {
    const { principal, role, proof } = await actorOf(database, environment)
    const localUser = proof === 'local-user' ? localUserOf(database, environment).id : null
    return tell(cli, { principal, role, proof, at: database.place, localUser })
  })
}

function tell(
  cli: Cli,
  who: { principal: string; role: string; proof: string; at: string; localUser: string | null },
): ExitCode {
  cli.terminal.value(who)
  const { principal, role, proof, at, localUser } = who
  const how = localUser === null ? `by a ${proof}` : `as the local user ${safeLine(localUser)}`
  cli.terminal.line(`${safeLine(principal)} (${role}) at ${at}, ${how}`)
  return exitCodes.done
}
