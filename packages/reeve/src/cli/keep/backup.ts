import { constants, copyFileSync, existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readEnvironment } from '../../base/config.ts'
import { ReeveError } from '../../base/errors.ts'
import { createIds } from '../../base/ids.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { moment, systemClock } from '../../base/time/time.ts'
import { localUserOf } from '../../server/local-actor.ts'
import { liveWorkers, removeDeadWorkers } from '../../store/dispatch/workers.ts'
import { backup as backUp, restore as restoreBackup } from '../../store/keeping/backup.ts'
import { migrate } from '../../store/migrations.ts'
import { openDatabase } from '../../store/open.ts'
import { makePrivate } from '../../store/sqlite/private-files.ts'
import { type Cli, operands } from '../cli.ts'
import { canAsk, confirmed } from '../terminal/confirm.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { writing } from '../terminal/input.ts'
import { projectFolder } from '../terminal/workspace.ts'

/** Writes all of the project's database into one new file. Workers go on meanwhile. @throws `backup-postgres` */
export async function backup(cli: Cli, _options: object, file?: string): Promise<ExitCode> {
  const folder = projectFolder(cli)
  const { database } = readEnvironment(folder)
  if (database.kind === 'postgres') {
    throw new ReeveError(
      'backup-postgres',
      'Back a Postgres database up with its own tools, which copy a server at work as it is at one moment: pg_dump --format=custom --file=reeve.dump, with the connection of DATABASE_URL.',
    )
  }
  const place = file === undefined ? placeFor(folder) : resolve(file)
  const report = await writing(place, () => backUp(database.file, place, systemClock))
  const { terminal } = cli
  terminal.value({ of: database.file, ...report })
  const proof =
    report.events === null
      ? 'it is of another version, so its chains were not recomputed'
      : 'every chain holds'
  terminal.line(
    `${terminal.colors.green('✓')} ${safeLine(report.file)} holds ${report.runs} runs${report.events === null ? '' : ` with ${report.events} events`} (${report.bytes} bytes); ${proof}`,
  )
  terminal.line(
    `To restore it: stop every process, move ${database.file} with its -wal and -shm away, then: ${cli.command('db', 'restore', report.file)}`,
  )
  return exitCodes.done
}

/** Of the runs that are paused, how many a program is told of. */
const mostHeld = 1000

function placeFor(folder: string): string {
  const now = new Date(systemClock.now()).toISOString().replace(/[-:]|\.\d+/g, '')
  return join(folder, '.reeve/backups', `reeve-${now}.db`)
}

/**
 * Makes a backup the project's database. Without a file: the one that stands in its place already.
 * @throws `restore-target` `restore-busy` `not-a-backup` `needs-yes`
 */
export async function restore(cli: Cli, options: { yes?: boolean }, file?: string): Promise<ExitCode> {
  const folder = projectFolder(cli)
  const environment = readEnvironment(folder)
  const { database: place } = environment
  const { terminal } = cli
  if (place.kind === 'postgres') {
    throw new ReeveError('restore-target', 'DATABASE_URL is a Postgres database. Restore it with pg_restore.')
  }
  const question = `Make ${file ?? place.file} the database of this project? It gets a new identity; every run that had not ended is paused until a person resumes it, because what it did since the backup is not known here. Every token and session is revoked.`
  if (!options.yes) {
    if (!canAsk(cli.terminal))
      throw needsYes(
        question,
        cli.command('db', 'restore', '--yes', ...operands(...(file === undefined ? [] : [file]))),
      )
    if (!(await confirmed(question))) {
      terminal.line('Nothing was changed.')
      return exitCodes.done
    }
  }
  if (file !== undefined) bringIn(resolve(file), place.file)
  const database = openDatabase(place, systemClock)
  try {
    const newId = createIds(() => systemClock.now())
    await migrate(database, newId)
    await database.transaction(async (session) => {
      await removeDeadWorkers(session, 0)
      const [worker] = await liveWorkers(session)
      if (worker)
        throw new ReeveError('restore-busy', `${place.file} is being worked on by process ${worker.pid}.`)
    })
    // Whoever has the file may restore it: on another machine, nobody is known yet.
    const { id: by } = localUserOf(database, environment)
    const acting = { by, proof: 'local-user', at: systemClock.now() } as const
    const { origin, held, revoked } = await restoreBackup(database, newId, acting)
    const at = new Date(origin.at).toISOString()
    const first = held.slice(0, mostHeld)
    terminal.value({ database: place.file, of: origin.of, at, held: first, paused: held.length, revoked })
    terminal.line(`${place.file} continues from ${moment(origin.at)}, with a new identity`)
    terminal.line(
      `all tokens (${revoked.tokens}) and sessions (${revoked.sessions}) are revoked, for some may have been since; make new ones: ${cli.command('token', 'create', 'NAME')}`,
    )
    for (const run of held.slice(0, 20)) {
      terminal.line(
        `  paused: ${safeLine(run.workflow)} run ${run.id}; look, then: ${cli.command('resume', run.id)}`,
      )
    }
    if (held.length > 20) terminal.line(`  and ${held.length - 20} more: ${cli.command('runs')}`)
    if (held.length === 0) terminal.line('no run was in progress')
    return exitCodes.done
  } finally {
    await database.close()
  }
}

function bringIn(file: string, to: string): void {
  if (!existsSync(file)) throw new ReeveError('restore-target', `There is no file ${file}.`)
  const there = ['', '-wal', '-shm'].map((part) => to + part).filter((path) => existsSync(path))
  if (there.length > 0) {
    throw new ReeveError(
      'restore-target',
      `${there.join(', ')} ${there.length === 1 ? 'is' : 'are'} there already. Stop every process of this project and move ${there.length === 1 ? 'it' : 'them'} away first. Nothing was changed.`,
    )
  }
  makePrivate(to)
  copyFileSync(file, to, constants.COPYFILE_FICLONE)
}

/** In a script nobody can be asked. */
export function needsYes(question: string, command: string): ReeveError {
  return new ReeveError('needs-yes', `${question} Nobody can be asked here, so say it with: ${command}`)
}
