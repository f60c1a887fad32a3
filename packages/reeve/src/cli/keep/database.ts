import { existsSync } from 'node:fs'
import { databaseAt, type Environment, readEnvironment } from '../../base/config.ts'
import { ReeveError } from '../../base/errors.ts'
import { createIds } from '../../base/ids.ts'
import { systemClock } from '../../base/time/time.ts'
import { loadProject } from '../../project/load.ts'
import { claimantOf } from '../../project/name.ts'
import { handKeysOn } from '../../store/audit/key/key-file.ts'
import type { Database } from '../../store/database.ts'
import { reopen as takeFenceAway } from '../../store/identity/moved.ts'
import { adoptDatabase, readOwner } from '../../store/identity/ownership.ts'
import { type CopyProgress, copyDatabase } from '../../store/keeping/copy.ts'
import { migrate as migrateDatabase, versionOf } from '../../store/migrations.ts'
import { openDatabase } from '../../store/open.ts'
import { placeOf as placeOfPostgres } from '../../store/postgres/connect.ts'
import { prepareVectors } from '../../store/postgres/pgvector.ts'
import { handSealingKeysOn } from '../../store/secrets/key/key-file.ts'
import type { Cli } from '../cli.ts'
import { canAsk, confirmed } from '../terminal/confirm.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { projectFolder } from '../terminal/workspace.ts'
import { needsYes } from './backup.ts'

/** Brings the project's database to this version. Every command does so by itself where its role may. */
export async function migrate(cli: Cli): Promise<ExitCode> {
  const { database: place } = readEnvironment(projectFolder(cli))
  return withDatabase(place, async (database) => {
    const from = await versionOf(database)
    await migrateDatabase(
      database,
      createIds(() => systemClock.now()),
    )
    const to = await versionOf(database)
    // The extension may have come to the server since.
    const column = await prepareVectors(database)
    const { terminal } = cli
    terminal.value({ database: database.place, from, to, pgvector: column !== undefined })
    if (from === to) terminal.line(`${database.place} has schema version ${to} already`)
    else if (from === 0) terminal.line(`${database.place} was empty and has schema version ${to} now`)
    else terminal.line(`${database.place} had schema version ${from} and has ${to} now`)
    if (column) terminal.line('pgvector compares the vectors of memory')
    return exitCodes.done
  })
}

/**
 * Copies one database into another, empty one, and proves that nothing is missing. From then on the first one is fenced,
 * so somebody must have said that this is wanted. @throws `needs-yes`
 */
export async function copy(
  cli: Cli,
  options: { yes?: boolean },
  from: string,
  to: string,
): Promise<ExitCode> {
  const sourcePlace = databaseAt(from, process.cwd(), 'FROM')
  const targetPlace = databaseAt(to, process.cwd(), 'TO')
  if (sourcePlace.kind === 'sqlite' && !existsSync(sourcePlace.file)) {
    throw new ReeveError('copy-source', `FROM is ${from}, and there is no file ${sourcePlace.file}.`)
  }
  if (!options.yes) {
    const question = `This moves the work: ${placeOf(sourcePlace)} can only be read from then on, and its workers and commands are refused; its runs continue at ${placeOf(targetPlace)}. For a copy only, use reeve backup. Move it?`
    if (!canAsk(cli.terminal)) throw needsYes(question, cli.command('db', 'copy', '--yes', 'FROM', 'TO'))
    if (!(await confirmed(question))) {
      cli.terminal.line('Nothing was copied.')
      return exitCodes.done
    }
  }
  return withDatabase(sourcePlace, (source) =>
    withDatabase(targetPlace, async (target) => {
      const { rows, runs, events, inFlight } = await copyDatabase(source, target, progressOn(cli))
      const { terminal } = cli
      terminal.value({ from: source.place, to: target.place, runs, events, inFlight, rows })
      const going = Object.entries(inFlight).map(([status, count]) => `${count} ${status}`)
      const { green } = terminal.colors
      terminal.line(
        `${green('✓')} ${target.place} holds all of ${source.place}: ${runs} runs with ${events} events; every row is the same and every chain holds`,
      )
      terminal.line(going.length > 0 ? `${going.join(', ')}: they continue there` : 'no run was in progress')
      terminal.line(
        'Set DATABASE_URL to it and start the workers. The old one can still be read, and is refused for all else.',
      )
      const keys = handKeysOn(sourcePlace, targetPlace)
      if (keys !== undefined)
        terminal.line(`Give its workers the audit key too: REEVE_AUDIT_KEY, with the keys that ${keys} has.`)
      const { configFolder } = readEnvironment('.')
      const sealing = handSealingKeysOn(
        { database: sourcePlace, configFolder },
        { database: targetPlace, configFolder },
      )
      if (sealing !== undefined)
        terminal.line(
          `Give its workers the key for secrets too: REEVE_SECRETS_KEY, with the keys that ${sealing} has.`,
        )
      return exitCodes.done
    }),
  )
}

/** Lets work go on in a database although it was copied to another. */
export async function reopen(cli: Cli): Promise<ExitCode> {
  const { database: place } = readEnvironment(projectFolder(cli))
  return withDatabase(place, async (database) => {
    await versionOf(database)
    const copy = await takeFenceAway(database)
    const { terminal } = cli
    terminal.value({ database: database.place, reopened: copy !== undefined, copy: copy ?? null })
    terminal.line(
      copy === undefined
        ? `${database.place} is open: it was not copied to another`
        : `${database.place} is open again. Start no worker on its copy ${copy}: both would act.`,
    )
    return exitCodes.done
  })
}

/** Lets the project use a database that has belonged to it under another name. */
export async function adopt(cli: Cli): Promise<ExitCode> {
  const folder = projectFolder(cli)
  const environment = readEnvironment(folder)
  const claimant = claimantOf(await loadProject(folder), environment.database)
  return withDatabase(environment.database, async (database) => {
    await migrateDatabase(
      database,
      createIds(() => systemClock.now()),
    )
    const before = (await readOwner(database))?.names ?? []
    const { names } = await adoptDatabase(database, claimant)
    const { terminal } = cli
    terminal.value({ database: database.place, project: claimant.name, names })
    const said = before.includes(claimant.name) ? 'belongs already to' : 'belongs now to'
    const others = names.filter((name) => name !== claimant.name)
    terminal.line(
      `${database.place} ${said} the project "${claimant.name}"${others.length > 0 ? `, known before as ${others.map((name) => `"${name}"`).join(', ')}` : ''}`,
    )
    return exitCodes.done
  })
}

async function withDatabase<T>(
  place: Environment['database'],
  body: (database: Database) => Promise<T>,
): Promise<T> {
  const database = openDatabase(place, systemClock)
  try {
    return await body(database)
  } finally {
    await database.close()
  }
}

function placeOf(place: Environment['database']): string {
  return place.kind === 'sqlite' ? place.file : placeOfPostgres(place.url)
}

const remarkEveryMs = 2000

/** A remark for each table of some size when it is through, and every now and then before. */
function progressOn({ terminal }: Cli): CopyProgress {
  let last = systemClock.now()
  return (table, copied, total) => {
    const now = systemClock.now()
    if (copied < total && now - last < remarkEveryMs) return
    last = now
    terminal.remark(`${table}: ${copied} of ${total}`)
  }
}
