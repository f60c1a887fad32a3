import { readEnvironment } from '../../base/config.ts'
import { ReeveError } from '../../base/errors.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { checkText } from '../../base/text/text.ts'
import { type Duration, moment, toMs } from '../../base/time/time.ts'
import { defaultPort } from '../../server/open-page.ts'
import { type Role, roles } from '../../store/identity/principals.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { moreLine, toLimit } from '../terminal/listing.ts'
import { table } from '../terminal/table.ts'

interface CreateOptions {
  for?: string
  role?: string
  expires?: string
}

/** Makes a token and shows it, once. @throws `unknown-principal` `bad-option` `bad-text` `bad-duration` */
export function create(cli: Cli, options: CreateOptions, name: string): Promise<ExitCode> {
  const called = checkText(name, 'The name of a token')
  const role = toRole(options.role)
  if (options.expires !== undefined) toMs(options.expires as Duration, '--expires')
  return withBackend(cli, async (backend) => {
    const wanted = { name: called, principal: options.for, role, expiresIn: options.expires }
    const made = await backend.createToken(wanted)
    const { id, principal, secret } = made
    const { terminal } = cli
    terminal.value({ id, principal, role: made.role, token: secret })
    terminal.line(`token ${id} of ${safeLine(principal)}, as ${made.role}; it is shown this once:`)
    terminal.line(secret)
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
  return withBackend(cli, async (backend) => {
    const { tokens: rows, more } = await backend.tokens(limit)
    const { terminal } = cli
    terminal.value({ tokens: rows, more })
    if (rows.length === 0)
      terminal.line(`There are no tokens. Make one with: ${cli.command('token', 'create', 'NAME')}`)
    const cells = rows.map(({ id, name, principal, role, expiresAt, usedAt, revokedAt }) => [
      id,
      safeLine(name),
      safeLine(principal),
      role,
      usedAt === null ? 'never used' : `used ${momentOf(usedAt)}`,
      revokedAt !== null
        ? `revoked ${momentOf(revokedAt)}`
        : expiresAt === null
          ? ''
          : `until ${momentOf(expiresAt)}`,
    ])
    if (rows.length > 0)
      for (const line of table(['token', 'name', 'of', 'role', 'last use', ''], cells)) terminal.line(line)
    if (more) terminal.line(terminal.colors.dim(moreLine(`the newest ${limit} tokens`, limit)))
    return exitCodes.done
  })
}

/** @throws `unknown-token` */
export function revoke(cli: Cli, _options: object, id: string): Promise<ExitCode> {
  return withBackend(cli, async (backend) => {
    const name = await backend.revokeToken(id)
    cli.terminal.value({ id, revoked: true })
    cli.terminal.line(`token ${id} (${safeLine(name)}) is revoked: it is invalid from the next request on`)
    return exitCodes.done
  })
}

/** Makes a link that signs a browser in, once. @throws `unknown-principal` */
export function signIn(cli: Cli, options: { at?: string }, principal?: string): Promise<ExitCode> {
  return withBackend(cli, async (backend) => {
    const path = await backend.signInPath(principal)
    const { server, port = String(defaultPort) } = readEnvironment('.')
    const at = options.at ?? cli.server?.url ?? server?.url ?? `http://127.0.0.1:${port}`
    const url = `${at.replace(/\/+$/, '')}${path}`
    cli.terminal.value({ signIn: url })
    cli.terminal.line(`open within 15 minutes, once: ${cli.terminal.colors.cyan(safeLine(url))}`)
    return exitCodes.done
  })
}

function momentOf(iso: string): string {
  return moment(Date.parse(iso))
}

/** @throws `bad-option` */
function toRole(text: string | undefined): Role | undefined {
  const role = roles.find((known) => known === text)
  if (text === undefined || role) return role
  throw new ReeveError('bad-option', `There is no role "${text}". The roles: ${roles.join(', ')}.`)
}
