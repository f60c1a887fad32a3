import { ReeveError } from '../../base/errors.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { moment } from '../../base/time/time.ts'
import { actingAs } from '../../server/local-actor.ts'
import { checkSecretValue, resealSecrets } from '../../store/secrets/change-secrets.ts'
import { addSealingKey, readSealingKeys, type SealingKeys } from '../../store/secrets/key/key-file.ts'
import { howToMake } from '../../store/secrets/key/sealing-key.ts'
import { checkSecretName, listSealed } from '../../store/secrets/sealed-rows.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { readHidden } from '../terminal/hidden.ts'
import { table } from '../terminal/table.ts'
import { type Workspace, withChangeableWorkspace } from '../terminal/workspace.ts'

/** Keeps a value under a name. It is read from standard input, or asked for without showing it. */
export function set(cli: Cli, _options: object, name: string, more: string[]): Promise<ExitCode> {
  return keep(cli, name, more, false)
}

/** Puts another value, or with `--key` another sealing key, in the place of the one in use. */
export function rotate(
  cli: Cli,
  { key = false }: { key?: boolean },
  name: string | undefined,
  more: string[],
): Promise<ExitCode> {
  if (key) return rotateKey(cli, name)
  if (name === undefined)
    throw new ReeveError(
      'bad-option',
      'Name the secret that gets another value, or write --key for another sealing key.',
    )
  return keep(cli, name, more, true)
}

async function keep(cli: Cli, given: string, more: string[], mustExist: boolean): Promise<ExitCode> {
  if (more.length > 0)
    throw new ReeveError(
      'bad-option',
      'A value on the command line is not taken: it stays in the history of the shell, and other users of this machine could read it meanwhile. If it was a real one, take a new one at its service. Pipe it in, or write none and be asked for it. Nothing was changed.',
    )
  const name = checkSecretName(given)
  return withBackend(cli, async (backend) => {
    const value = checkSecretValue(await readHidden(`The value of ${name} (it is not shown)`))
    const { version, usedBy } = await backend.setSecret(name, value, mustExist)
    const { terminal } = cli
    terminal.value({ name, version })
    const tick = terminal.colors.green('✓')
    terminal.line(
      version === 1
        ? `${tick} ${name} is kept, sealed; in code: secret('${name}')`
        : `${tick} ${name} has a new value (version ${version}); running workers use it from their next call on`,
    )
    if (usedBy?.length === 0) terminal.line(terminal.colors.dim('No tool of the project names it yet.'))
    return exitCodes.done
  })
}

/** Lists what is kept: never a value. */
export function list(cli: Cli): Promise<ExitCode> {
  return withBackend(
    cli,
    async (backend) => {
      const secrets = await backend.secrets()
      const { terminal } = cli
      terminal.value({ secrets })
      if (secrets.length === 0)
        terminal.line(`There are no secrets. Set one with: ${cli.command('secrets', 'set', 'NAME')}`)
      const cells = secrets.map(({ name, version, setAt, setBy, usedAt, usedBy }) => [
        name,
        String(version),
        `${moment(Date.parse(setAt))} by ${safeLine(setBy)}`,
        usedAt === null ? 'never' : moment(Date.parse(usedAt)),
        safeLine(usedBy?.join(', ') ?? ''),
      ])
      if (secrets.length > 0)
        for (const line of table(['secret', 'version', 'set', 'last use', 'used by'], cells))
          terminal.line(line)
      return exitCodes.done
    },
    'code',
  )
}

/** Removes a secret with all its values. @throws `unknown-secret` */
export function remove(cli: Cli, _options: object, given: string): Promise<ExitCode> {
  const name = checkSecretName(given)
  return withBackend(cli, async (backend) => {
    await backend.deleteSecret(name)
    cli.terminal.value({ name, deleted: true })
    cli.terminal.line(
      `${name} is deleted: calls that need it fail from now on, and say so. It counts at its service until you revoke it there.`,
    )
    return exitCodes.done
  })
}

function rotateKey(cli: Cli, name: string | undefined): Promise<ExitCode> {
  if (name !== undefined)
    throw new ReeveError(
      'bad-option',
      'The sealing key is one for all secrets: leave out the name with --key.',
    )
  if (cli.server)
    throw new ReeveError(
      'not-remote',
      `The sealing key is where the workers of ${cli.server.url} run: rotate it there. Nothing was changed.`,
    )
  return withChangeableWorkspace(cli, async (workspace) => {
    const { database, actor } = workspace
    const source = await keysForReseal(workspace)
    const { values, resealed } = await database.transaction((session) =>
      resealSecrets(session, source, actingAs(actor, database)),
    )
    const { id } = source.keys[0]!
    cli.terminal.value({ key: id, place: source.place, values, resealed })
    cli.terminal.line(
      `${cli.terminal.colors.green('✓')} ${resealed} of ${values} values were sealed again; all are under the key ${id} (${source.place})`,
    )
    if (source.keys.length > 1)
      cli.terminal.line(
        cli.terminal.colors.dim(
          'Older keys stay there for older backups. Remove them when you will not restore such a backup.',
        ),
      )
    return exitCodes.done
  })
}

/** A new key first, unless one is there already that not everything is sealed with: a rotation that did not end goes on. */
async function keysForReseal({ database, environment }: Workspace): Promise<SealingKeys> {
  const source = readSealingKeys(environment)
  const [current] = source.keys
  const rows = await listSealed(database)
  if (current && rows.some(({ key_id }) => key_id !== current.id)) return source
  if (source.file !== undefined) return { ...source, keys: addSealingKey(source.file, source.keys) }
  throw new ReeveError(
    'secrets-key-in-environment',
    `The sealing key comes from ${source.place}, and everything is sealed with it. Make a new one (${howToMake}), put it before the others in REEVE_SECRETS_KEY, separated by a comma, restart every worker, then do this again. Nothing was changed.`,
  )
}
