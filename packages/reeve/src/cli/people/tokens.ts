import { ReeveError } from '../../base/errors.ts'
import { createIds } from '../../base/ids.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { checkText } from '../../base/text/text.ts'
import { type Duration, moment, toMs } from '../../base/time/time.ts'
import { signInPath } from '../../server/first-owner.ts'
import { actingAs } from '../../server/local-actor.ts'
import { defaultPort } from '../../server/open-page.ts'
import { lesser, type Role, requirePrincipal, roles } from '../../store/identity/principals.ts'
import { refuseBorrowed, refuseMightier, tokensSeenBy } from '../../store/identity/token-rights.ts'
import { issueToken, listTokens, requireToken, revokeToken } from '../../store/identity/tokens.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { moreLine, toLimit } from '../terminal/listing.ts'
import { table } from '../terminal/table.ts'
import { withChangeableWorkspace, withWorkspace } from '../terminal/workspace.ts'

interface CreateOptions {
  for?: string
  role?: string
  expires?: string
}

/** Makes a token and shows it, once. @throws `unknown-principal` `bad-option` `bad-text` `bad-duration` */
export function create(cli: Cli, options: CreateOptions, name: string): Promise<ExitCode> {
  const called = checkText(name, 'The name of a token')
  const role = toRole(options.role)
  return withChangeableWorkspace(cli, async ({ database, actor }) => {
    const acting = actingAs(actor, database)
    const id = createIds(() => acting.at)()
    const expires =
      options.expires === undefined ? null : acting.at + toMs(options.expires as Duration, '--expires')
    const made = await database.transaction(async (session) => {
      const of = await requirePrincipal(session, options.for ?? actor.principal)
      const most = of.name === actor.principal ? lesser(actor.role, of.role) : of.role
      const token = { id, kind: 'access', principal: of.name, name: called, role: role ?? most } as const
      refuseBorrowed(actor, token.principal, token.role)
      return { ...token, secret: await issueToken(session, { ...token, expires_at: expires }, acting) }
    })
    const { terminal } = cli
    terminal.value({ id, principal: made.principal, role: made.role, token: made.secret })
    terminal.line(`token ${id} of ${safeLine(made.principal)}, as ${made.role}; it is shown this once:`)
    terminal.line(made.secret)
    terminal.line(
      terminal.colors.dim(
        `send it as "Authorization: Bearer …"; revoke it with: ${cli.command('token', 'revoke', id)}`,
      ),
    )
    return exitCodes.done
  })
}

/** Lists the tokens of programs, with what became of them. */
export function list(cli: Cli, options: { limit: string }): Promise<ExitCode> {
  const limit = toLimit(options.limit)
  return withWorkspace(cli, async ({ database, actor }) => {
    const principal = tokensSeenBy(actor)
    const all = await listTokens(database, {
      limit: limit + 1,
      ...(principal !== undefined && { principal }),
    })
    const rows = all.slice(0, limit)
    const { terminal } = cli
    terminal.value({
      tokens: rows.map(({ id, name, principal, role, created_at, expires_at, used_at, ended_at }) => ({
        id,
        name,
        principal,
        role,
        createdAt: timeOf(created_at),
        expiresAt: timeOf(expires_at),
        usedAt: timeOf(used_at),
        revokedAt: timeOf(ended_at),
      })),
      more: all.length > limit,
    })
    if (rows.length === 0)
      terminal.line(`There are none. Make one with: ${cli.command('token', 'create', 'NAME')}`)
    const cells = rows.map((row) => [
      row.id,
      safeLine(row.name),
      safeLine(row.principal),
      row.role,
      row.used_at === null ? 'never used' : `used ${moment(row.used_at)}`,
      row.ended_at !== null
        ? `revoked ${moment(row.ended_at)}`
        : row.expires_at === null
          ? ''
          : `until ${moment(row.expires_at)}`,
    ])
    if (rows.length > 0)
      for (const line of table(['token', 'name', 'of', 'role', 'last use', ''], cells)) terminal.line(line)
    if (all.length > limit) terminal.line(terminal.colors.dim(moreLine(`the newest ${limit} tokens`, limit)))
    return exitCodes.done
  })
}

/** @throws `unknown-token` */
export function revoke(cli: Cli, _options: object, id: string): Promise<ExitCode> {
  return withChangeableWorkspace(cli, async ({ database, actor }) => {
    const found = await requireToken(database, id, tokensSeenBy(actor))
    const { name } = found
    refuseMightier(actor, found)
    await database.transaction((session) => revokeToken(session, found, actingAs(actor, database)))
    cli.terminal.value({ id, revoked: true })
    cli.terminal.line(`token ${id} (${safeLine(name)}) counts no more`)
    return exitCodes.done
  })
}

/** Makes a link that signs a browser in, once. @throws `unknown-principal` */
export function signIn(cli: Cli, options: { at?: string }, principal?: string): Promise<ExitCode> {
  return withChangeableWorkspace(cli, async ({ database, environment, actor }) => {
    const { server, port = String(defaultPort) } = environment
    const acting = actingAs(actor, database)
    const link = { id: createIds(() => acting.at)(), principal: principal ?? actor.principal }
    refuseBorrowed(actor, link.principal, actor.role)
    const path = await database.transaction((session) => signInPath(session, link, acting))
    const at = options.at ?? server?.url ?? `http://127.0.0.1:${port}`
    const url = `${at.replace(/\/+$/, '')}${path}`
    cli.terminal.value({ signIn: url })
    cli.terminal.line(`open within 15 minutes, once: ${cli.terminal.colors.cyan(safeLine(url))}`)
    return exitCodes.done
  })
}

function timeOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

/** @throws `bad-option` */
function toRole(text: string | undefined): Role | undefined {
  const role = roles.find((known) => known === text)
  if (text === undefined || role) return role
  throw new ReeveError('bad-option', `There is no role "${text}". The roles: ${roles.join(', ')}.`)
}
