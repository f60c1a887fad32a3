import { ReeveError } from '../../base/errors.ts'
import type { Mark } from '../../base/schema/marked.ts'
import type { Bulk, Row, Session, Value } from '../database.ts'
import type { SealingKey } from '../secrets/key/sealing-key.ts'
import { boundText, withNonce } from './bound-text.ts'
import { forgedText, openText, sealText } from './sealed-text.ts'

/** A text that stands where a schema has a mark, apart from the journals that refer to it. */
export interface MarkedValue {
  /** Of the text and a nonce (`bound-text.ts`); of the run's salt `saltId`. */
  id: string
  mark: Mark
  /** Null: it was erased, or cannot be opened. */
  text: string | null
  /** What its id was made with (`bound-text.ts`); absent where that binds nothing. */
  nonce?: string
  /** Why it cannot be opened by this process. */
  locked?: ReeveError
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

/** A version of the schema of its own: rows of before are plain. */
export const sealedMarkTables: string[] = [
  // Which key the text is sealed with; null: it is plain, for there was none.
  'alter table marked_values add column key_id text',
  'create index marked_values_plain on marked_values (run) where key_id is null and text is not null',
  'create index marked_values_kept on marked_values (mark, run) where text is not null',
]

/** Its rows are sealed on their way into the database (`sealedRow`), where that has a key. */
export const insertMarked: Bulk = {
  columns: { run: 'int', id: 'text', mark: 'text', text: 'text', key_id: 'text' },
  sql: `insert into marked_values (run, id, mark, text, key_id) select :run, :id, :mark, :text, :key_id {from}
    where true on conflict (run, id) do nothing`,
}

export function markedRow(run: number, { id, mark, text, nonce }: MarkedValue): Row {
  const kept = text === null ? null : withNonce(text, nonce)
  return { statement: insertMarked, values: [run, id, mark, kept, null] }
}

/** The values of a row of `insertMarked`, as they are kept. */
export function sealedRow(values: Value[], key: SealingKey): Value[] {
  const [run, id, mark, text, keyId] = values as [number, string, string, string | null, string | null]
  if (text === null || keyId !== null) return values
  const sealed = sealText(key, { run, id }, text)
  return [run, id, mark, sealed.text, sealed.keyId]
}

/** Whether a row of `insertMarked` has a text that is not sealed. */
export function isPlainRow([_run, _id, _mark, text, keyId]: Value[]): boolean {
  return text !== null && keyId === null
}

interface KeptRow {
  run: number
  id: string
  mark: Mark
  text: string | null
  key_id: string | null
}

/** What a process cannot open is `locked`. */
export async function readMarked(session: Session, run: number): Promise<MarkedValue[]> {
  const rows = await session.all<KeptRow>(
    'select run, id, mark, text, key_id from marked_values where run = ?',
    [run],
  )
  return rows.map((row) => opened(row, session))
}

function opened({ run, id, mark, text, key_id }: KeptRow, { marksKey }: Session): MarkedValue {
  if (text === null) return { id, mark, text }
  try {
    const bound = boundText(id, key_id === null ? text : openText(marksKey, { run, id, text, key_id }))
    if (!bound) throw forgedText(id)
    return { id, mark, ...bound }
  } catch (error) {
    if (error instanceof ReeveError) return { id, mark, text: null, locked: error }
    throw error
  }
}

/** Rows after a place, in the order of their key; at most `limit`. For whoever looks through all of them. */
export async function markedAfter(
  session: Session,
  { run, id }: { run: number; id: string },
  limit: number,
): Promise<(MarkedValue & { run: number })[]> {
  const rows = await session.all<KeptRow>(
    `select run, id, mark, text, key_id from marked_values
     where run > ? or (run = ? and id > ?) order by run, id limit ?`,
    [run, run, id, limit],
  )
  return rows.map((row) => ({ ...opened(row, session), run: row.run }))
}

/** Seals at most `slice` texts of before there was a key. Answers how many. */
export async function sealPlain(session: Session, slice: number): Promise<number> {
  const { marksKey } = session
  if (!marksKey) return 0
  const rows = await session.all<Pick<KeptRow, 'run' | 'id' | 'text'>>(
    'select run, id, text from marked_values where key_id is null and text is not null order by run limit ?',
    [slice],
  )
  for (const { run, id, text } of rows) {
    const sealed = sealText(marksKey, { run, id }, text!)
    await session.run(
      'update marked_values set text = ?, key_id = ? where run = ? and id = ? and key_id is null and text is not null',
      [sealed.text, sealed.keyId, run, id],
    )
  }
  return rows.length
}

/**
 * Empties at most `slice` runs' texts of a mark whose run ended before (ms): their runs can go on no more. Answers how many runs.
 * Those of which a person must still say what became of an effect keep them: they are shown what it was.
 */
export async function dropMarked(
  session: Session,
  mark: Mark,
  before: number,
  slice: number,
): Promise<number> {
  const runs = await session.all<{ run: number }>(
    `select distinct m.run from marked_values m join runs r on r.no = m.run
     where m.mark = ? and m.text is not null and m.id <> '${saltId}' and r.ended_at < ? and not exists (
       select 1 from approvals a where a.run = r.no and a.kind = 'outcome' and a.status = 'pending')
     order by m.run limit ?`,
    [mark, before, slice],
  )
  if (runs.length === 0) return 0
  await session.run(
    `update marked_values set text = null, key_id = null
     where mark = ? and id <> '${saltId}' and run in (${runs.map(() => '?').join(', ')})`,
    [mark, ...runs.map(({ run }) => run)],
  )
  return runs.length
}

/** What a run is told of another: it may open what that refers to. @throws `secrets-key-missing` `secret-forged` */
export async function shareMarked(session: Session, from: number, to: number): Promise<void> {
  await giveMarked(session, from, to, (id) => id !== saltId)
}

/** A fork shares its origin's journal, and what that refers to. @throws `secrets-key-missing` `secret-forged` */
export async function copyMarked(session: Session, from: number, to: number): Promise<void> {
  await giveMarked(session, from, to, () => true)
}

/** Each is sealed for one run: another has it sealed anew. */
async function giveMarked(
  session: Session,
  from: number,
  to: number,
  isGiven: (id: string) => boolean,
): Promise<void> {
  const rows = await session.all<KeptRow>(
    'select run, id, mark, text, key_id from marked_values where run = ?',
    [from],
  )
  const given = rows
    .filter(({ id }) => isGiven(id))
    .map(({ id, mark, text, key_id, run }) => {
      const plain =
        text === null || key_id === null ? text : openText(session.marksKey, { run, id, text, key_id })
      return [to, id, mark, plain, null]
    })
  if (given.length > 0) await session.bulk(insertMarked, given)
}
