import type { Database, Session } from '../database.ts'
import { type ItemKind, indexed, marksOf } from './items.ts'

/** What made vectors that are there. */
export interface StoredEmbedder {
  name: string
  /** Of the last of them. */
  dimensions: number
}

/** The embedders whose vectors items have, by two looks each. */
export async function embeddersOf(session: Session): Promise<StoredEmbedder[]> {
  const found: StoredEmbedder[] = []
  for (let last = ''; ; ) {
    const row = await session.get<{ name: string | null }>(
      'select min(embedder) as name from items where embedder > ? and vector is not null and ended_at is null',
      [last],
    )
    if (row?.name === null || row?.name === undefined) return found
    last = row.name
    const newest = await session.get<{ dimensions: number }>(
      `select dimensions from items where embedder = ? and vector is not null order by no desc limit 1`,
      [last],
    )
    found.push({ name: last, dimensions: newest?.dimensions ?? 0 })
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

/**
 * Those that another embedder than this made, or whose terms were not read yet, in the order in which they came.
 * @param dimensions what it gives now: those of its vectors that have others are among them. Absent: none has
 */
export async function readToEmbed(
  session: Session,
  { name, dimensions }: { name: string; dimensions?: number | undefined },
  most: number,
): Promise<ToEmbed[]> {
  const others = await session.all<ToEmbed>(
    `select no, kind, title, heading, text from items
     where embedder < ? or embedder > ? order by no limit ?`,
    [name, name, most],
  )
  if (others.length > 0 || dimensions === undefined) return others
  return session.all<ToEmbed>(
    `select no, kind, title, heading, text from items
     where embedder = ? and dimensions <> ? order by no limit ?`,
    [name, dimensions, most],
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
        `select ${kept} from items where no = ? and (embedder <> ? or dimensions <> ?)`,
        [row.no, row.embedder, row.dimensions ?? 0],
      )
      if (before.length === 0) continue
      // SQLite would give the number of the last row again.
      const next =
        database.kind === 'sqlite'
          ? await session.get<{ no: number }>('select max(no) + 1 as no from items')
          : undefined
      await session.run('delete from items where no = ?', [row.no])
      await session.run(
        `insert into items (${next ? 'no, ' : ''}${kept}, marks, title_terms, heading_terms, body_terms, length, embedder, dimensions, vector${placed})
         values (${next ? '?, ' : ''}${kept
           .split(',')
           .map(() => '?')
           .join(', ')}, ?, ?, ?, ?, ?, ?, ?, ?${placed && ', cast(? as real[])'})`,
        [
          ...(next ? [next.no] : []),
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
