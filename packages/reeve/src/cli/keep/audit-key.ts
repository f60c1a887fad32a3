import { ReeveError } from '../../base/errors.ts'
import { systemClock } from '../../base/time/time.ts'
import { bindKeys, replaceLostKey } from '../../store/audit/key/bind-keys.ts'
import { addKey, readKeys } from '../../store/audit/key/key-file.ts'
import { readKeyRecord } from '../../store/audit/key/key-record.ts'
import type { Cli } from '../cli.ts'
import { canAsk, confirmed } from '../terminal/confirm.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { type Workspace, withChangeableWorkspace, withWorkspace } from '../terminal/workspace.ts'

interface KeyOptions {
  rotate?: boolean
  lost?: boolean
  yes?: boolean
}

/** Shows the audit key of this installation; puts a new one into use, or says that the one of before is lost. */
export function auditKey(cli: Cli, options: KeyOptions): Promise<ExitCode> {
  if (options.rotate || options.lost)
    return withChangeableWorkspace(cli, (workspace) =>
      options.rotate ? rotate(cli, workspace) : replaceLost(cli, workspace, options),
    )
  return withWorkspace(cli, (workspace) => show(cli, workspace))
}

async function show(cli: Cli, { database, environment, keyProblem }: Workspace): Promise<ExitCode> {
  const { terminal } = cli
  const { keys, place } = readKeys(environment)
  const record = await readKeyRecord(database)
  terminal.value({
    place,
    keys: keys.map(({ id, publicKey }) => ({ id, publicKey })),
    inUse: record?.key ?? null,
    problem: keyProblem ?? null,
  })
  if (keys.length === 0) terminal.line(`there is no audit key (searched in: ${place})`)
  for (const { id, publicKey } of keys)
    terminal.line(`${id}  ${publicKey}${id === record?.key ? '  in use' : ''}  (${place})`)
  if (keyProblem !== undefined) terminal.line(keyProblem)
  return keyProblem === undefined ? exitCodes.done : exitCodes.failed
}

async function rotate(cli: Cli, { database, environment, keyProblem }: Workspace): Promise<ExitCode> {
  if (keyProblem !== undefined) throw new ReeveError('audit-key-missing', keyProblem)
  const source = readKeys(environment)
  if (source.file === undefined) {
    throw new ReeveError(
      'audit-key-in-environment',
      'The audit keys come from REEVE_AUDIT_KEY. Make a new one (openssl rand -base64 32 | tr "+/" "-_" | tr -d "="), put it before the others, separated by a comma, and restart every worker: the first one starts to use it.',
    )
  }
  const keys = addKey(source.file, source.keys)
  await bindKeys(database, { ...source, keys }, bindingOf(database, environment.user))
  return told(cli, keys[0]!.id, source.place, 'older keys stay in the file, to verify what they sealed')
}

async function replaceLost(
  cli: Cli,
  { database, environment, keyProblem }: Workspace,
  { yes = false }: KeyOptions,
): Promise<ExitCode> {
  if (keyProblem === undefined)
    throw new ReeveError(
      'audit-key-present',
      'The audit key that is in use is here; to take a new one: reeve audit key --rotate',
    )
  const question = `${keyProblem}\nTake a new key, and take everything in the database as it is now?`
  if (!yes && !(canAsk(cli.terminal) && (await confirmed(question)))) {
    cli.terminal.line('Nothing was changed. To do it without a question: --yes')
    return exitCodes.failed
  }
  const source = readKeys(environment)
  if (source.keys.length === 0 && source.file === undefined) {
    throw new ReeveError(
      'audit-key-missing',
      'Set REEVE_AUDIT_KEY to a new key first: openssl rand -base64 32 | tr "+/" "-_" | tr -d "="',
    )
  }
  const keys = source.keys.length > 0 ? source.keys : addKey(source.file!, [])
  await replaceLostKey(database, keys, bindingOf(database, environment.user))
  return told(
    cli,
    keys[0]!.id,
    source.place,
    'it seals from now on; older heads are verified by the stored part of the old key',
  )
}

function bindingOf(database: Workspace['database'], by: string) {
  return { now: (database.clock ?? systemClock).now(), by, mayChange: true }
}

function told({ terminal }: Cli, key: string, place: string, more: string): ExitCode {
  terminal.value({ key, place })
  terminal.line(`${terminal.colors.green('✓')} the audit key ${key} (${place}) is in use; ${more}`)
  return exitCodes.done
}
