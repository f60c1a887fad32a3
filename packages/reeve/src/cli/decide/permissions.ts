import { briefValue, safeLine } from '../../base/text/one-line.ts'
import { moment, systemClock } from '../../base/time/time.ts'
import { revokePermission } from '../../engine/deciding/remember.ts'
import { permissionView } from '../../inspect/approvals/permission-view.ts'
import { listPermissions } from '../../store/approvals/permissions.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { moreLine, toLimit } from '../terminal/listing.ts'
import { table } from '../terminal/table.ts'
import { withChangeableWorkspace, withWorkspace } from '../terminal/workspace.ts'

/** Lists the decisions that hold for later calls too, the newest first. */
export function permissions(cli: Cli, options: { all?: boolean; limit: string }): Promise<ExitCode> {
  const limit = toLimit(options.limit)
  return withWorkspace(cli, async ({ database }) => {
    const now = (database.clock ?? systemClock).now()
    const rows = await listPermissions(database, { limit: limit + 1, now: options.all ? undefined : now })
    const shown = rows.slice(0, limit).map(permissionView)
    const more = rows.length > limit
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
export function revoke(cli: Cli, { note }: { note?: string }, id: string): Promise<ExitCode> {
  return withChangeableWorkspace(cli, async ({ database, actor }) => {
    const at = (database.clock ?? systemClock).now()
    const act = { by: actor.principal, proof: actor.proof, at, note } as const
    await database.transaction((session) => revokePermission(session, id, act))
    cli.terminal.value({ permission: id, revokedBy: actor.principal })
    cli.terminal.line(`revoked: from now on a person is asked (${safeLine(id)})`)
    return exitCodes.done
  })
}
