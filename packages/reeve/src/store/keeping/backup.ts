import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { messageOf, ReeveError } from '../../base/errors.ts'
import type { Clock } from '../../base/time/time.ts'
import { verifyAudit } from '../audit/audit.ts'
import { type Acting, record } from '../authority/acting.ts'
import { noteAuthorityChange } from '../authority/version.ts'
import type { Database, Session } from '../database.ts'
import { leavesLine } from '../dispatch/key-lines.ts'
import { type BackupOrigin, backupMark } from '../identity/moved.ts'
import { schemaVersion, versionOf } from '../migrations.ts'
import { makePrivate } from '../sqlite/private-files.ts'
import { openSqlite } from '../sqlite/sqlite.ts'

export interface BackupReport {
  file: string
  bytes: number
  runs: number
  /** Events in chains that were recomputed; null where the database is of another version than this code. */
  events: number | null
}

/**
 * Writes all of a SQLite database, as it is at one moment, into a new file. Its workers go on meanwhile. The file carries a
 * mark: nothing drives its runs before `restore`. It is whole, or it is not there.
 * @throws `backup-source` `backup-exists` `backup-failed`
 */
export async function backup(source: string, file: string, clock: Clock): Promise<BackupReport> {
  if (!existsSync(source))
    throw new ReeveError('backup-source', `There is no database ${source} to be backed up.`)
  if (existsSync(file)) {
    throw new ReeveError(
      'backup-exists',
      `${file} is there already. A backup never replaces a file: name another one.`,
    )
  }
  const draft = `${file}.partial`
  try {
    rmSync(draft, { force: true })
    makePrivate(draft)
    const origin: BackupOrigin = { of: source, at: clock.now() }
    writeDraft(source, draft, origin)
    const found = await verified(draft, clock)
    sync(draft)
    renameSync(draft, file)
    sync(dirname(file))
    return { file, bytes: statSync(file).size, ...found }
  } catch (cause) {
    for (const part of ['', '-wal', '-shm', '-journal']) rmSync(draft + part, { force: true })
    if (cause instanceof ReeveError) throw cause
    throw new ReeveError(
      'backup-failed',
      `${source} was not backed up to ${file}: ${messageOf(cause)}. Nothing was kept.`,
      {
        cause,
      },
    )
  }
}

/** One reading transaction: others write meanwhile, and none of that is in the draft. */
function writeDraft(source: string, draft: string, origin: BackupOrigin): void {
  const from = new DatabaseSync(source, { timeout: 5000 })
  try {
    from.prepare('vacuum into ?').run(draft)
  } finally {
    from.close()
  }
  const to = new DatabaseSync(draft)
  try {
    to.exec(`delete from workers; delete from meta where name = 'audit'`)
    to.prepare(
      'insert into meta (name, value) values (?, ?) on conflict (name) do update set value = excluded.value',
    ).run(backupMark, JSON.stringify(origin))
  } finally {
    to.close()
  }
}

async function verified(draft: string, clock: Clock): Promise<{ runs: number; events: number | null }> {
  const database = openSqlite({ file: draft, clock })
  try {
    const isCurrent = (await versionOf(database)) === schemaVersion
    const { integrity, faults, events } = isCurrent
      ? await verifyAudit(database)
      : { integrity: await database.integrity(), faults: [], events: null }
    const [first] = faults
    const fault = integrity[0] ?? (first && `run ${first.runId}, event ${first.seq}: ${first.problem}`)
    if (fault !== undefined) {
      throw new ReeveError(
        'backup-failed',
        `The copy does not hold (${fault}). If reeve audit verify says the same, the database itself is damaged. Nothing was kept.`,
      )
    }
    const runs = (await database.get<{ count: number }>('select count(*) as count from runs'))!.count
    return { runs, events }
  } finally {
    await database.close()
  }
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

export interface RestoreReport {
  /** What it is a backup of, and of when. */
  origin: BackupOrigin
  /** Runs that had not ended when it was made: they are paused. */
  held: { id: string; workflow: string }[]
  /** Tokens and sessions that were open when it was made: some may have been revoked since, and so all are now. */
  revoked: { tokens: number; sessions: number }
}

/**
 * Makes a backup the database that is driven from now on. What its runs did after it was made, nobody here knows: those
 * that had not ended are paused, each for a person to resume, cancel or fork, and times that schedules missed are not made
 * up for. Nobody here knows what was revoked since, either: every token and session ends, and who was removed must be removed
 * again. The database gets an identity of its own: no effect that begins here has the key of one that began there.
 * @throws `not-a-backup`
 */
export async function restore(
  database: Database,
  newIdentity: () => string,
  acting: Acting,
): Promise<RestoreReport> {
  return database.transaction(async (session) => {
    const origin = await originOf(session)
    if (!origin) {
      throw new ReeveError(
        'not-a-backup',
        `${database.place} is not a backup that reeve backup made, or was restored already. Nothing was changed.`,
      )
    }
    await session.run(`update meta set value = ? where name = 'identity'`, [newIdentity()])
    await session.run('delete from workers')
    await session.run(
      `update runs set status = 'queued', worker = null, epoch = epoch + 1 where status = 'running'`,
    )
    const held = await session.all<{ id: string; workflow: string }>(
      `select id, workflow from runs where ended_at is null and status <> 'stuck' order by no`,
    )
    await session.run(
      `update runs set paused = 1, ${leavesLine} where ended_at is null and status <> 'stuck'`,
    )
    await session.run('delete from schedules where paused = 0')
    await session.run('delete from meta where name = ?', [backupMark])
    const tokens = await session.run('update tokens set ended_at = ? where ended_at is null', [acting.at])
    const sessions = await session.run('delete from sessions')
    // It may be another machine, with other users.
    await session.run('delete from local_users')
    await noteAuthorityChange(session)
    const revoked = { tokens, sessions }
    await record(session, acting, 'backup-restored', origin.of, { madeAt: origin.at, ...revoked })
    return { origin, held, revoked }
  })
}

async function originOf(session: Session): Promise<BackupOrigin | undefined> {
  const row = await session.get<{ value: string }>('select value from meta where name = ?', [backupMark])
  return row && (JSON.parse(row.value) as BackupOrigin)
}
