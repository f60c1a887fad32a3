import type { Bulk, Session } from '../database.ts'

export interface ScheduleRow {
  name: string
  workflow: string
  /** JSON text of its definition. */
  definition: string
  paused: number
  /** The next nominal time (ms); null when there is none. */
  next_at: number | null
}

export async function listSchedules(session: Session): Promise<ScheduleRow[]> {
  return session.all<ScheduleRow>('select * from schedules order by name')
}

/** Those that a time has come for, the longest due first. */
export function dueSchedules(session: Session, limit: number): Promise<ScheduleRow[]> {
  return session.all<ScheduleRow>(
    'select * from schedules where paused = 0 and next_at <= reeve_now() order by next_at, name limit ?',
    [limit],
  )
}

/** In a transaction: it stays so until its end. */
export function lockSchedule(session: Session, name: string): Promise<ScheduleRow | undefined> {
  return session.get<ScheduleRow>('select * from schedules where name = ? {lock}', [name])
}

export async function deleteSchedule(session: Session, name: string): Promise<void> {
  await session.run('delete from schedules where name = ?', [name])
}

export async function saveSchedule(session: Session, row: Omit<ScheduleRow, 'paused'>): Promise<void> {
  await session.run(
    `insert into schedules (name, workflow, definition, next_at) values (?, ?, ?, ?)
     on conflict (name) do update set workflow = excluded.workflow, definition = excluded.definition, next_at = excluded.next_at`,
    [row.name, row.workflow, row.definition, row.next_at],
  )
}

/** Workers sleep until the next time that they know of, so that they are told. */
const pauseSchedules: Bulk = {
  columns: { name: 'text', paused: 'int' },
  announces: 'work',
  sql: 'update schedules set paused = :paused {from} where schedules.name = :name returning schedules.name',
}

export async function setSchedulePaused(session: Session, name: string, paused: boolean): Promise<void> {
  await session.bulk(pauseSchedules, [[name, paused ? 1 : 0]])
}

/** What became of one nominal time of a schedule. */
export interface Occurrence {
  schedule: string
  nominal: number
  outcome: 'started' | 'skipped'
  reason: string | null
  /** The run that it started. */
  run: string | null
  at: number
}

/** Answers false when this nominal time was dealt with before. */
export async function recordOccurrence(session: Session, occurrence: Occurrence): Promise<boolean> {
  const { schedule, nominal, outcome, reason, run, at } = occurrence
  const changed = await session.run(
    `insert into occurrences (schedule, nominal, outcome, reason, run, at) values (?, ?, ?, ?, ?, ?)
     on conflict (schedule, nominal) do nothing`,
    [schedule, nominal, outcome, reason, run, at],
  )
  return changed === 1
}

export async function listOccurrences(
  session: Session,
  schedule: string,
  limit = 100,
): Promise<Occurrence[]> {
  return session.all<Occurrence>(
    'select * from occurrences where schedule = ? order by nominal desc limit ?',
    [schedule, limit],
  )
}
