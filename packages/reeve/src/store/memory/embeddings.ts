import type { Database, Session } from '../database.ts'
import { type ItemKind, indexed, marksOf } from './items.ts'

/** The embedders whose vectors items have, by one look each. */
export async function embeddersOf(session: Session): Promise<string[]> {
  const names: string[] = []
  for (let last = ''; ; ) {
    const row = await session.get<{ name: string | null }>(
      'select min(embedder) as name from items where embedder > ? and vector is not null and ended_at is null',
      [last],
    )
    if (row?.name === null || row?.name === undefined) return names
    names.push(row.name)
    last = row.name
  }
}

/** A version of an item that is to get another vector, or its terms. */
export interface ToEmbed {
  no: number
  kind: string
  title: string
  heading: string
  text: string
}

/** Those that another embedder than this made, or whose terms were not read yet, in the order in which they came. */
export function readToEmbed(session: Session, embedder: string, most: number): Promise<ToEmbed[]> {
  return session.all<ToEmbed>(
    `select no, kind, title, heading, text from items
     where embedder < ? or embedder > ? order by no limit ?`,
    [embedder, embedder, most],
  )
}

/** What becomes of a version: its words and its vector. */
export interface Embedded {
  no: number
  embedder: string
  dimensions: number | null
  vector: Uint8Array | null
  /** As `numbersOf` writes it, where pgvector's column is there. */
  embedding: string | null | undefined
  titleTerms: string
  headingTerms: string
  bodyTerms: string
  length: number
}

const kept = `id, version, kind, scope, title, heading, text, hash, source, document, place, untrusted, run, step,
  valid_from, valid_until, at, ended_at, ended_as, ended_by, ended_why`

/**
 * Gives versions new vectors: each becomes a new row, with a number beyond all others, because an index of vectors takes in
 * what has a higher number than what it has.
 */
export function replaceEmbeddings(database: Database, rows: readonly Embedded[]): Promise<void> {
  return database.transaction(async (session) => {
    for (const row of rows) {
      const placed = row.embedding === undefined ? '' : ', embedding'
      const before = await session.all<Record<string, string | number | null>>(
        `select ${kept} from items where no = ? and embedder <> ?`,
        [row.no, row.embedder],
      )
      if (before.length === 0) continue
      await session.run('delete from items where no = ?', [row.no])
      await session.run(
        `insert into items (${kept}, marks, title_terms, heading_terms, body_terms, length, embedder, dimensions, vector${placed})
         values (${kept
           .split(',')
           .map(() => '?')
           .join(', ')}, ?, ?, ?, ?, ?, ?, ?, ?${placed && ', cast(? as real[])'})`,
        [
          ...Object.values(before[0]!),
          marksOf(String(before[0]!.kind) as ItemKind, String(before[0]!.scope).slice(0, -1)),
          indexed(row.titleTerms),
          indexed(row.headingTerms),
          indexed(row.bodyTerms),
          row.length,
          row.embedder,
          row.dimensions,
          row.vector,
          ...(row.embedding === undefined ? [] : [row.embedding]),
        ],
      )
    }
  })
}

/** What was kept of the signs of vectors that no item has any more. */
export async function forgetBlocks(session: Session, current: readonly string[]): Promise<void> {
  const among = current.map(() => '?').join(', ')
  await session.run(
    `delete from item_blocks${current.length > 0 ? ` where embedder not in (${among})` : ''}`,
    [...current],
  )
}
