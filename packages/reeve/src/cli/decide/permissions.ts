import { briefValue, safeLine } from '../../base/text/one-line.ts'
import { moment } from '../../base/time/time.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { moreLine, toLimit } from '../terminal/listing.ts'
import { table } from '../terminal/table.ts'

/** Lists the decisions that hold for later calls too, the newest first. */
export function permissions(cli: Cli, options: { all?: boolean; limit: string }): Promise<ExitCode> {
  const limit = toLimit(options.limit)
  return withBackend(cli, async (backend) => {
    const { permissions: shown, more } = await backend.permissions({ all: options.all ?? false, limit })
    const { terminal } = cli
    terminal.value({ permissions: shown, more })
    if (shown.length === 0) terminal.line('Nothing is remembered: a person is asked each time.')
    else
      for (const line of table(
        ['permission', 'whose calls', 'tool', 'with', 'by', 'until'],
        shown.map((each) => [
          each.id,
          safeLine(each.agent ?? `workflow ${each.workflow}`),
          safeLine(each.tool),
          `${briefValue(each.arguments, 60)}${each.isExact ? '' : ' …'}`,
          safeLine(each.grantedBy),
          each.endedAt === null
            ? moment(Date.parse(each.expiresAt))
            : `revoked by ${safeLine(each.endedBy ?? '')}`,
        ]),
      ))
        terminal.line(line)
    if (more) terminal.line(moreLine(`the newest ${limit}`, limit))
    return exitCodes.done
  })
}

/** @throws `unknown-permission` `may-not-decide` */
export function revoke(cli: Cli, { why }: { why?: string }, id: string): Promise<ExitCode> {
  return withBackend(cli, async (backend) => {
    const by = await backend.revokePermission(id, why)
    cli.terminal.value({ permissionId: id, revokedBy: by })
    cli.terminal.line(`revoked: from now on a person is asked (${safeLine(id)})`)
    return exitCodes.done
  })
}
