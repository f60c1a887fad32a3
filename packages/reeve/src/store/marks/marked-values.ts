import type { Mark } from '../../base/schema/marked.ts'
import type { Bulk, Row, Session } from '../database.ts'

/** A text that stands where a schema has a mark, apart from the journals that refer to it. */
export interface MarkedValue {
  /** Random; of the run's salt `saltId`. */
  id: string
  mark: Mark
  /** Null: it was erased. */
  text: string | null
}

/** What a run's digests are salted with: kept, and lost, with its marked texts. */
export const saltId = 'salt'

/** A version of the schema (`schema-versions.ts`), never edited once released. */
export const markTables: string[] = [
  // A run may open what its own rows hold, and nothing else.
  `create table marked_values (
    run bigint not null,
    id text not null,
    mark text not null,
    text text,
    primary key (run, id)
  )`,
]

const insertMarked: Bulk = {
  columns: { run: 'int', id: 'text', mark: 'text', text: 'text' },
  sql: `insert into marked_values (run, id, mark, text) select :run, :id, :mark, :text {from}
    where true on conflict (run, id) do nothing`,
}

export function markedRow(run: number, { id, mark, text }: MarkedValue): Row {
  return { statement: insertMarked, values: [run, id, mark, text] }
}

export function readMarked(session: Session, run: number): Promise<MarkedValue[]> {
  return session.all<MarkedValue>('select id, mark, text from marked_values where run = ?', [run])
}

/** What a run is told of another: it may open what that refers to. */
export async function shareMarked(session: Session, from: number, to: number): Promise<void> {
  await session.run(
    `insert into marked_values (run, id, mark, text) select ?, id, mark, text from marked_values
     where run = ? and id <> ? on conflict (run, id) do nothing`,
    [to, from, saltId],
  )
}

/** A fork shares its origin's journal, and what that refers to. */
export async function copyMarked(session: Session, from: number, to: number): Promise<void> {
  await session.run(
    'insert into marked_values (run, id, mark, text) select ?, id, mark, text from marked_values where run = ?',
    [to, from],
  )
}
