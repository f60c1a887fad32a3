import { setImmediate } from 'node:timers/promises'
import type { Bulk, Database, Session, Value } from '../database.ts'
import { insertItems, insertPlacedItems, itemValues, type NewItem } from './items.ts'

/** A document as it was last taken in. */
export interface KnownDocument {
  id: string
  /** Which of the project's places it comes from, and the file there. */
  place: string
  file: string
  hash: string
}

/** A passage as it stands, with what spares another embedding of the same words. */
export interface KnownPassage {
  no: number
  id: string
  version: number
  title: string
  heading: string
  text: string
  scope: string
  source: string
  place: string | null
  untrusted: boolean
  embedder: string
  vector: Uint8Array | null
  isCurrent: boolean
}

export async function readDocuments(
  session: Session,
  ids: readonly string[],
): Promise<Map<string, KnownDocument>> {
  if (ids.length === 0) return new Map()
  const rows = await session.all<KnownDocument>(
    `select id, place, file, hash from documents where id in (${ids.map(() => '?').join(', ')})`,
    [...ids],
  )
  return new Map(rows.map((row) => [row.id, row]))
}

/** The documents of a place in the order of their ids, a page at a time. */
export function documentsOf(
  session: Session,
  place: string,
  after: string,
  most: number,
): Promise<KnownDocument[]> {
  return session.all<KnownDocument>(
    'select id, place, file, hash from documents where place = ? and id > ? order by id limit ?',
    [place, after, most],
  )
}

export async function documentIdsOf(session: Session, place: string, file: string): Promise<string[]> {
  const rows = await session.all<{ id: string }>('select id from documents where place = ? and file = ?', [
    place,
    file,
  ])
  return rows.map(({ id }) => id)
}

/** Those of these documents that have passages, of whatever version. */
export async function withPassages(session: Session, documents: readonly string[]): Promise<Set<string>> {
  if (documents.length === 0) return new Set()
  const rows = await session.all<{ document: string }>(
    `select distinct document from items where document in (${documents.map(() => '?').join(', ')})`,
    [...documents],
  )
  return new Set(rows.map(({ document }) => document))
}

/** The last version of each passage of a document. */
export async function passagesOf(session: Session, document: string): Promise<KnownPassage[]> {
  const rows = await session.all<
    Omit<KnownPassage, 'isCurrent' | 'untrusted'> & { ended_at: number | null; untrusted: number }
  >(
    `select no, id, version, title, heading, text, scope, source, place, untrusted, embedder, vector, ended_at from items
     where document = ? and version = (select max(version) from items as later where later.id = items.id)`,
    [document],
  )
  return rows.map(({ ended_at, untrusted, ...row }) => ({
    ...row,
    untrusted: untrusted === 1,
    scope: row.scope.slice(0, -1),
    isCurrent: ended_at === null,
  }))
}

/** What is to stand in the place of what a document held. */
export interface DocumentChange {
  document: KnownDocument
  /** Its hash as it was read; undefined: it was not there. */
  before: string | undefined
  /** The rows that end. */
  ended: readonly number[]
  added: readonly NewItem[]
  /** Those that stand as they did, but elsewhere in the document. */
  moved: readonly { no: number; place: string }[]
}

const endPassages: Bulk = {
  columns: { no: 'int', at: 'int', why: 'text' },
  sql: `update items set ended_at = :at, ended_as = 'replaced', ended_by = 'knowledge', ended_why = :why {from}
    where items.no = :no and items.ended_at is null`,
}

const movePassages: Bulk = {
  columns: { no: 'int', place: 'text' },
  sql: 'update items set place = :place {from} where items.no = :no',
}

/**
 * Takes documents in, all in one transaction. What another process took in meanwhile stays as it is.
 * @returns the ids of those that were written
 */
export function writeDocuments(
  database: Database,
  changes: readonly DocumentChange[],
  at: number,
): Promise<string[]> {
  return database.transaction(async (session) => {
    const taken = await take(session, changes, at)
    const written = changes.filter(({ document }) => taken.has(document.id))
    const ended = written.flatMap(({ ended, document }): Value[][] =>
      ended.map((no) => [no, at, `${document.file} changed`]),
    )
    for (const page of pagesOf(ended)) {
      await session.bulk(endPassages, page)
      await setImmediate()
    }
    const moved = written.flatMap(({ moved }) => moved.map(({ no, place }): Value[] => [no, place]))
    for (const page of pagesOf(moved)) {
      await session.bulk(movePassages, page)
      await setImmediate()
    }
    const added = written.flatMap((change) => change.added)
    const statement = added[0]?.placed ? insertPlacedItems : insertItems
    for (const page of pagesOf(added)) {
      await session.bulk(statement, page.map(itemValues))
      await setImmediate()
    }
    return written.map(({ document }) => document.id)
  })
}

/** So many rows with their words are written before others have their turn. */
const rowsAtOnce = 48

function* pagesOf<T>(rows: readonly T[]): Generator<T[]> {
  for (let from = 0; from < rows.length; from += rowsAtOnce) yield rows.slice(from, from + rowsAtOnce)
}

const addDocuments: Bulk = {
  columns: { id: 'text', place: 'text', file: 'text', hash: 'text', at: 'int' },
  sql: `insert into documents (id, place, file, hash, at) select :id, :place, :file, :hash, :at {from}
    where true on conflict (id) do nothing returning id`,
}

const changeDocuments: Bulk = {
  columns: { id: 'text', place: 'text', file: 'text', hash: 'text', at: 'int', before: 'text' },
  sql: `update documents set place = :place, file = :file, hash = :hash, at = :at {from}
    where documents.id = :id and documents.hash = :before returning documents.id`,
}

/** @returns the ids of those that stand as they were read */
async function take(session: Session, changes: readonly DocumentChange[], at: number): Promise<Set<string>> {
  const added: Value[][] = []
  const changed: Value[][] = []
  for (const { document, before } of changes) {
    const { id, place, file, hash } = document
    if (before === undefined) added.push([id, place, file, hash, at])
    else changed.push([id, place, file, hash, at, before])
  }
  const rows = [
    ...(await session.bulk<{ id: string }>(addDocuments, added)),
    ...(await session.bulk<{ id: string }>(changeDocuments, changed)),
  ]
  return new Set(rows.map(({ id }) => id))
}

/** A document is gone: its passages end. */
export function removeDocuments(database: Database, ids: readonly string[], at: number): Promise<void> {
  return database.transaction(async (session) => {
    for (const id of ids) {
      await session.run(
        `update items set ended_at = ?, ended_as = 'replaced', ended_by = 'knowledge', ended_why = 'the document is gone'
         where document = ? and ended_at is null`,
        [at, id],
      )
      await session.run('delete from documents where id = ?', [id])
    }
  })
}

export async function readMarks(session: Session, place: string): Promise<Map<string, string>> {
  const rows = await session.all<{ file: string; mark: string }>(
    'select file, mark from document_files where place = ?',
    [place],
  )
  return new Map(rows.map(({ file, mark }) => [file, mark]))
}

/** Undefined: the file is to be read again. */
export async function markFile(
  session: Session,
  place: string,
  file: string,
  mark: string | undefined,
): Promise<void> {
  if (mark === undefined) {
    await session.run('delete from document_files where place = ? and file = ?', [place, file])
    return
  }
  await session.run(
    `insert into document_files (place, file, mark) values (?, ?, ?)
     on conflict (place, file) do update set mark = excluded.mark`,
    [place, file, mark],
  )
}

export async function countKnowledge(session: Session): Promise<{ documents: number; passages: number }> {
  const row = await session.get<{ documents: number; passages: number }>(
    `select (select count(*) from documents) as documents,
       (select count(*) from items where ended_at is null and document is not null) as passages`,
  )
  return row!
}
