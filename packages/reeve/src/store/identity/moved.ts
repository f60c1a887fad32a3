import { ReeveError } from '../../base/errors.ts'
import type { Database, Session } from '../database.ts'

/**
 * After a copy the source is fenced: its runs go on at the copy, and would act twice if anybody drove them here too.
 * Reading goes on, nothing else does, until a person takes the mark away.
 */
export async function markMoved(session: Session, to: string): Promise<void> {
  await session.run(
    `insert into meta (name, value) values ('moved', ?) on conflict (name) do update set value = excluded.value`,
    [to],
  )
}

/** Where the data went; undefined where it did not. */
export async function movedTo(session: Session): Promise<string | undefined> {
  const row = await session.get<{ value: string }>(`select value from meta where name = 'moved'`)
  return row?.value
}

/** Takes the fence away. Answers where the data had gone; undefined when there was no fence. */
export async function reopen(database: Database): Promise<string | undefined> {
  return database.transaction(async (session) => {
    const to = await movedTo(session)
    await session.run(`delete from meta where name = 'moved'`)
    return to
  })
}

/** Stands in `meta` of a backup, with what it is a backup of, until it is restored. */
export const backupMark = 'backup'

export interface BackupOrigin {
  /** Where the database was. */
  of: string
  /** When the backup was made (ms). */
  at: number
}

/** @throws `database-moved` `database-is-backup` */
export async function refuseMoved(session: Session, place = 'This database'): Promise<void> {
  const rows = await session.all<{ name: string; value: string }>(
    `select name, value from meta where name in ('moved', ?)`,
    [backupMark],
  )
  const backup = rows.find(({ name }) => name === backupMark)
  if (backup) throw isBackup(place, JSON.parse(backup.value) as BackupOrigin)
  const to = rows[0]?.value
  if (to === undefined) return
  throw new ReeveError(
    'database-moved',
    `${place} was copied to ${to}, where its runs go on: point DATABASE_URL there. Looking (runs, show, audit verify) still works here. To give the copy up and go on here, make sure that nobody uses it, then: reeve db reopen. Nothing was changed.`,
    { details: { to } },
  )
}

/** Whether nothing may be changed here: the database was copied elsewhere, or is a backup. */
export async function isFenced(session: Session): Promise<boolean> {
  const found = await session.get(`select name from meta where name in ('moved', ?) limit 1`, [backupMark])
  return found !== undefined
}

function isBackup(place: string, { of, at }: BackupOrigin): ReeveError {
  return new ReeveError(
    'database-is-backup',
    `${place} is a backup of ${of} as it was at ${new Date(at).toISOString()}. Looking (runs, show, audit verify) works. To restore it, stop every process that uses ${of}, then: reeve db restore. Nothing was changed.`,
    { details: { of, at } },
  )
}
