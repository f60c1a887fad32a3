import { ReeveError } from '../../base/errors.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { type Role, roles } from '../../store/identity/principals.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { table } from '../terminal/table.ts'
import type { PrincipalChange } from './principals-backend.ts'

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
  const { why, localUser } = options
  const shared = { name, why, localUser }
  const change: PrincipalChange =
    act === 'add'
      ? { act, ...shared, kind: options.service ? 'service' : 'person', role: toRole(options.role) }
      : act === 'role'
        ? { act, ...shared, role: toRole(options.role) }
        : { act, ...shared }
  return withBackend(cli, async (backend) => {
    await backend.changePrincipal(change)
    cli.terminal.value({ principal: name, done: act })
    cli.terminal.line(`${safeLine(name)}: ${act} is done`)
    return exitCodes.done
  })
}

function list(cli: Cli): Promise<ExitCode> {
  return withBackend(cli, async (backend) => {
    const rows = await backend.principals()
    cli.terminal.value({ principals: rows })
    const cells = rows.map((row) => [
      safeLine(row.name),
      row.kind,
      row.role ?? '',
      row.removedAt === null ? '' : `removed ${row.removedAt}`,
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
