import { ReeveError } from '../../base/errors.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { isoText } from '../../base/time/time.ts'
import { actingAs, refuseLowRole } from '../../server/local-actor.ts'
import { mapLocalUser } from '../../store/identity/local-users.ts'
import {
  addPrincipal,
  changeRole,
  checkPrincipalName,
  listAllPrincipals,
  type Role,
  reinstatePrincipal,
  removePrincipal,
  requirePrincipal,
  roles,
} from '../../store/identity/principals.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { table } from '../terminal/table.ts'
import { withChangeableWorkspace, withWorkspace } from '../terminal/workspace.ts'

interface PrincipalOptions {
  role?: string
  service?: boolean
  localUser?: string
  why?: string
}

const actions = ['add', 'role', 'map', 'remove', 'reinstate'] as const

/** Lists all who act; or adds one, changes its role, maps a user of the system to it, removes it, or brings it back. */
export function principals(
  cli: Cli,
  options: PrincipalOptions,
  action?: string,
  name?: string,
): Promise<ExitCode> {
  if (action === undefined) return list(cli)
  const act = actions.find((known) => known === action)
  if (!act || name === undefined)
    throw new ReeveError(
      'bad-option',
      `Write: reeve principals, or reeve principals ${actions.join('|')} NAME.`,
    )
  if (act === 'map' && options.localUser === undefined)
    throw new ReeveError(
      'bad-option',
      'Say which user of the system: reeve principals map NAME --local-user USER',
    )
  return withChangeableWorkspace(cli, async ({ database, actor }) => {
    refuseLowRole(actor, 'owner')
    const acting = actingAs(actor, database, options.why)
    await database.transaction(async (session) => {
      if (act === 'add') {
        const kind = options.service ? 'service' : 'person'
        await addPrincipal(
          session,
          { name: checkPrincipalName(name), kind, role: toRole(options.role) },
          acting,
        )
      } else if (act === 'role') await changeRole(session, name, toRole(options.role), acting)
      else if (act === 'remove') await removePrincipal(session, name, acting)
      else if (act === 'reinstate') await reinstatePrincipal(session, name, acting)
      if (options.localUser === undefined) return
      await requirePrincipal(session, name)
      await mapLocalUser(session, options.localUser, name, acting)
    })
    cli.terminal.value({ principal: name, done: act })
    cli.terminal.line(`${safeLine(name)}: ${act} is done`)
    return exitCodes.done
  })
}

function list(cli: Cli): Promise<ExitCode> {
  return withWorkspace(cli, async ({ database }) => {
    const rows = await listAllPrincipals(database)
    cli.terminal.value({
      principals: rows.map((row) => ({
        name: row.name,
        kind: row.kind,
        role: row.role,
        createdBy: row.created_by,
        removedAt: row.ended_at === null ? null : isoText(row.ended_at),
      })),
    })
    const cells = rows.map((row) => [
      safeLine(row.name),
      row.kind,
      row.role ?? '',
      row.ended_at === null ? '' : `removed ${isoText(row.ended_at)}`,
    ])
    for (const line of table(['principal', 'kind', 'role', ''], cells)) cli.terminal.line(line)
    return exitCodes.done
  })
}

/** @throws `bad-option` */
function toRole(text: string | undefined): Role {
  const role = roles.find((known) => known === text)
  if (role) return role
  throw new ReeveError('bad-option', `--role is ${text ?? 'missing'}. The roles: ${roles.join(', ')}.`)
}
