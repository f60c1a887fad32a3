import { existsSync } from 'node:fs'
import { type Environment, ownDatabase, readEnvironment } from '../../base/config.ts'
import { ReeveError } from '../../base/errors.ts'
import { createIds } from '../../base/ids.ts'
import { secretsOf } from '../../base/secrets/known-secrets.ts'
import { systemClock } from '../../base/time/time.ts'
import { Control } from '../../engine/outside/control.ts'
import { findProject } from '../../project/load.ts'
import { actorOf, type LocalActor, refuseLowRole } from '../../server/local-actor.ts'
import { type AuditKeys, missingKey } from '../../store/audit/key/audit-keys.ts'
import { bindKeys } from '../../store/audit/key/bind-keys.ts'
import { readKeys } from '../../store/audit/key/key-file.ts'
import type { Database } from '../../store/database.ts'
import { liveWorkers, removeDeadWorkers, type WorkerRow } from '../../store/dispatch/workers.ts'
import { refuseMoved } from '../../store/identity/moved.ts'
import { marksKeyOf } from '../../store/marks/marks-key.ts'
import { migrate } from '../../store/migrations.ts'
import { RunNumbers } from '../../store/numbers.ts'
import { openDatabase } from '../../store/open.ts'
import type { AuditKeySlot } from '../../store/redacting.ts'
import { readSealingKeys } from '../../store/secrets/key/key-file.ts'
import { describeTightened } from '../../store/sqlite/private-files.ts'
import type { Cli } from '../cli.ts'

/** A project's data without its code: looking and deciding work even while a workflow's file is broken. */
export interface Workspace {
  folder: string
  environment: Environment
  database: Database
  control: Control
  /** As whom the command acts. Of one that acts as nobody it must not be asked. */
  actor: LocalActor
  /** Why this process has no keys for what the database has sealed; undefined: it has them, or needs none. */
  keyProblem: string | undefined
}

/** Opens the database of the project for as long as `body` takes. */
export async function withWorkspace<T>(cli: Cli, body: (workspace: Workspace) => Promise<T>): Promise<T> {
  const folder = projectFolder(cli)
  const environment = readEnvironment(folder)
  refuseAbsent(cli, environment, folder)
  const slot: AuditKeySlot = {}
  const database = openDatabase(environment.database, systemClock, {
    secrets: secretsOf(environment),
    slot,
    onTightened: (paths) => cli.terminal.remark(describeTightened(paths)),
  })
  try {
    const clock = database.clock ?? systemClock
    const newId = createIds(() => clock.now())
    await migrate(database, newId)
    const { keys, problem: keyProblem } = await presentKeys(database, environment)
    slot.keys = keys
    // What it cannot open is shown as a reference.
    Object.assign(slot, await marksKeyOf(database, readSealingKeys(environment)))
    const services = { clock, numbers: new RunNumbers(database), newId }
    // Workers see the change themselves: they watch the database.
    const control = new Control(database, services, async (schema, value) => {
      const { jsonSchemaIssues } = await import('../../tools/json-schema/json-schema.ts')
      return jsonSchemaIssues(schema, value)
    })
    const actor = await actorFor(cli, database, environment)
    return await body({ folder, environment, database, control, actor, keyProblem })
  } finally {
    await database.close()
  }
}

/**
 * A command that only reads makes no database where one is named and none is: the name may be misspelt.
 * @throws `database-unusable`
 */
export function refuseAbsent(cli: Cli, { database }: Environment, folder: string): void {
  if (cli.role !== 'viewer' || database.kind !== 'sqlite' || database.file === ':memory:') return
  if (database.file === ownDatabase(folder) || existsSync(database.file)) return
  throw new ReeveError(
    'database-unusable',
    `There is no database at ${database.file}, which DATABASE_URL names. Correct the path, or begin one there: ${cli.command('dev')}`,
  )
}

/** @throws `role-too-low`, and what `actorOf` throws */
export async function actorFor(cli: Cli, database: Database, environment: Environment): Promise<LocalActor> {
  if (cli.role === undefined) return nobody
  const actor = await actorOf(database, environment)
  refuseLowRole(actor, cli.role)
  return actor
}

const nobody: LocalActor = { principal: 'reeve', role: 'viewer', proof: 'started-by-reeve' }

/** Who has not the keys of the database can look at it, and write nothing that must be sealed. */
async function presentKeys(
  database: Database,
  environment: Environment,
): Promise<{ keys: AuditKeys | 'missing' | undefined; problem?: string }> {
  const now = (database.clock ?? systemClock).now()
  try {
    const keys = await bindKeys(database, readKeys(environment), {
      now,
      by: environment.user,
      mayChange: false,
    })
    return keys === 'missing' ? { keys, problem: missingKey().message } : { keys }
  } catch (error) {
    if (error instanceof ReeveError && error.code === 'audit-key-foreign')
      return { keys: 'missing', problem: error.message }
    throw error
  }
}

/** The same to change something in it. @throws `database-moved` */
export function withChangeableWorkspace<T>(cli: Cli, body: (workspace: Workspace) => Promise<T>): Promise<T> {
  return withWorkspace(cli, async (workspace) => {
    await refuseMoved(workspace.database, workspace.database.place)
    return body(workspace)
  })
}

/** @throws `no-project` */
export function projectFolder(cli: Cli): string {
  return findProject(cli.project ?? process.cwd())
}

/** Workers that drive runs now. Those of this machine whose process is gone are signed off first. */
export async function presentWorkers(database: Database): Promise<WorkerRow[]> {
  return database.transaction(async (session) => {
    await removeDeadWorkers(session, 0)
    return liveWorkers(session)
  })
}
