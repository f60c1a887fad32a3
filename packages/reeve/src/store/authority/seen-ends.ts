import type { Bulk, Session } from '../database.ts'
import { noteAuthorityChange } from './version.ts'

/**
 * Ends of rights that a worker saw come: rows of `meta`, which stay. A right whose end is among them holds no more, whatever a clock
 * is set to.
 */
export type SeenEnd =
  /** Of a change that somebody made in the database. */
  | { change: string }
  /** Of a grant in code, as its code says it (ms). */
  | { principal: string; grant: string; at: number }

const first = 'seen-end:'
/** Behind all that begin so. */
const behind = 'seen-end;'

const insertEnds: Bulk = {
  columns: { name: 'text' },
  sql: `insert into meta (name, value) select :name, '1' {from} where true on conflict (name) do nothing returning name`,
}

/** By which it is told from others. */
export function nameOfEnd(end: SeenEnd): string {
  return first + JSON.stringify('change' in end ? [end.change] : [end.principal, end.grant, end.at])
}

/** The names of those that were seen. */
export async function readSeenEnds(session: Session): Promise<ReadonlySet<string>> {
  const rows = await session.all<{ name: string }>('select name from meta where name > ? and name < ?', [
    first,
    behind,
  ])
  return new Set(rows.map(({ name }) => name))
}

/** The grants of code among them. */
export function grantsIn(seen: ReadonlySet<string>): { principal: string; grant: string; at: number }[] {
  return [...seen].flatMap((name) => {
    const parts = JSON.parse(name.slice(first.length)) as [string, string?, number?]
    const [principal, grant, at] = parts
    return grant === undefined || at === undefined ? [] : [{ principal, grant, at }]
  })
}

/** In a transaction. */
export async function noteEnds(session: Session, ends: readonly SeenEnd[]): Promise<void> {
  const noted = await session.bulk(
    insertEnds,
    ends.map((end) => [nameOfEnd(end)]),
  )
  if (noted.length > 0) await noteAuthorityChange(session)
}
