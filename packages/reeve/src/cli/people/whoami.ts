import { readEnvironment } from '../../base/config.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { createClient } from '../../client/index.ts'
import { listPrincipals } from '../../store/identity/principals.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { withWorkspace } from '../terminal/workspace.ts'

/** Says who acts: at the server that REEVE_URL names, or at the project's own database. */
export async function whoami(cli: Cli): Promise<ExitCode> {
  const { server, user } = readEnvironment('.')
  if (server) {
    const client = createClient({
      url: server.url,
      ...(server.token === undefined ? {} : { token: server.token }),
    })
    const { principal, role } = await client.session()
    return tell(cli, { principal, role, at: server.url })
  }
  return withWorkspace(cli, async ({ database }) => {
    const known = (await listPrincipals(database)).find(({ name }) => name === user)
    return tell(cli, { principal: user, role: known?.role ?? null, at: database.place })
  })
}

function tell(cli: Cli, who: { principal: string; role: string | null; at: string }): ExitCode {
  cli.terminal.value(who)
  const may = who.role ?? 'no principal of the server; whoever can open the database may do everything here'
  cli.terminal.line(`${safeLine(who.principal)} (${may}) at ${who.at}`)
  return exitCodes.done
}
