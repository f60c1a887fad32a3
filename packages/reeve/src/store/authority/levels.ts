import type { Session } from '../database.ts'
import { type Acting, record } from './acting.ts'
import { noteAuthorityChange } from './version.ts'

/** A version of the schema, never edited once released: how far agents and workflows are trusted. */
export const levelTables: string[] = [
  `create table levels (
    principal text primary key,
    level text not null,
    evals text,
    set_by text not null,
    set_at bigint not null
  )`,
]

/** How far an agent or workflow is trusted: what an owner gave, or where it fell to. */
export interface LevelRow {
  /** `agent:NAME` or `workflow:NAME`. */
  principal: string
  level: string
  /** What its evals said last: `green` or `red`. */
  evals: string | null
  set_by: string
  set_at: number
}

export function listLevels(session: Session): Promise<LevelRow[]> {
  return session.all<LevelRow>('select * from levels order by principal')
}

export function readLevel(session: Session, principal: string): Promise<LevelRow | undefined> {
  return session.get<LevelRow>('select * from levels where principal = ?', [principal])
}

/** In a transaction that changes it: the row is locked until it ends, so that two do not judge beside one another. */
export async function lockLevel(session: Session, principal: string): Promise<LevelRow | undefined> {
  return session.get<LevelRow>('select * from levels where principal = ? {lock}', [principal])
}

/** In a transaction: running work obeys at its next call. */
export async function setLevel(
  session: Session,
  { principal, before, level }: { principal: string; before: string; level: string },
  acting: Acting,
): Promise<void> {
  await session.run(
    `insert into levels (principal, level, set_by, set_at) values (?, ?, ?, ?)
     on conflict (principal) do update set level = excluded.level, set_by = excluded.set_by, set_at = excluded.set_at`,
    [principal, level, acting.by, acting.at],
  )
  await noteAuthorityChange(session)
  await record(session, acting, 'level-changed', principal, { before, level })
}

/** Keeps what evals said, for later judgements; of one that has no level yet, too. */
export async function noteEvals(
  session: Session,
  { principal, level, evals }: { principal: string; level: string; evals: 'green' | 'red' },
  { by, at }: Acting,
): Promise<void> {
  await session.run(
    `insert into levels (principal, level, evals, set_by, set_at) values (?, ?, ?, ?, ?)
     on conflict (principal) do update set evals = excluded.evals`,
    [principal, level, evals, by, at],
  )
}
