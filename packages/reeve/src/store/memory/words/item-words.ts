import type { Database, Session, Value } from '../../database.ts'
import { type ItemKind, indexed, kindMark, lexeme, scopeMark } from '../items.ts'
import { conditionOf, type Visible } from '../visible.ts'

/** A term with what its being there says: the rarer, the more. */
export interface WeightedTerm {
  term: string
  rarity: number
}

/** How many versions a scope and kinds hold, told up to a limit. */
export async function holdsUpTo(session: Session, visible: Visible, most: number): Promise<number> {
  const { sql, parameters } = conditionOf(visible)
  const row = await session.get<{ count: number }>(
    `select count(*) as count from (select 1 from items where ${sql} limit ?) as held`,
    [...parameters, most],
  )
  return row!.count
}

/** How many items are current, counted up to a limit. */
export async function countCurrent(session: Session, most: number): Promise<number> {
  const row = await session.get<{ count: number }>(
    'select count(*) as count from (select 1 from items where ended_at is null limit ?) as current',
    [most],
  )
  return row!.count
}

/** The items that hold most of these terms, by their weight; the exact score is for who reads them. */
export async function findByWords(
  database: Database,
  terms: readonly WeightedTerm[],
  visible: Visible,
  most: number,
): Promise<number[]> {
  if (terms.length === 0) return []
  const { sql, parameters } = conditionOf(visible)
  const rows =
    database.kind === 'sqlite'
      ? await database.all<{ no: number }>(
          `select items.no from item_words join items on items.no = item_words.rowid
           where item_words match ? and ${sql} order by bm25(item_words, 3.0, 1.5, 1.0, 0.0), items.no limit ?`,
          [matchOf(terms, visible), ...parameters, most],
        )
      : await database.all<{ no: number }>(
          `select no from items where words @@ cast(? as tsquery) and ${sql}
           order by ${terms.map(() => 'case when words @@ cast(? as tsquery) then cast(? as float8) else 0 end').join(' + ')} desc, no
           limit ?`,
          [queryOf(terms, visible), ...parameters, ...terms.flatMap(weightOf), most],
        )
  return rows.map(({ no }) => no)
}

function weightOf({ term, rarity }: WeightedTerm): Value[] {
  return [lexeme(indexed(term)), String(rarity)]
}

/** For FTS5: marks first, so that little is looked at where the scope is narrow. */
function matchOf(terms: readonly WeightedTerm[], visible: Visible): string {
  const words = terms.map(({ term }) => quoted(indexed(term))).join(' OR ')
  const parts = marksOf(visible).map((marks) => `marks : (${marks.map(quoted).join(' OR ')})`)
  return [...parts, `{title_terms heading_terms body_terms} : (${words})`].join(' AND ')
}

function queryOf(terms: readonly WeightedTerm[], visible: Visible): string {
  const words = terms.map(({ term }) => lexeme(indexed(term))).join(' | ')
  const parts = marksOf(visible).map((marks) => `(${marks.map(lexeme).join(' | ')})`)
  return [...parts, `(${words})`].join(' & ')
}

/** Each list is of marks of which one must be there. */
function marksOf({ scope, kinds }: Visible): string[][] {
  const all: string[][] = []
  if (scope !== '') all.push([scopeMark(scope)])
  if (kinds.length > 0) all.push(kinds.map(kindMark))
  return all
}

const quoted = (word: string) => `"${word.replaceAll('"', '""')}"`

/** The last row of the table: another one whenever items were added. */
export interface Head {
  no: number
  id: string
  version: number
  embedder: string
}

export function readHead(session: Session): Promise<Head | undefined> {
  return session.get<Head>('select no, id, version, embedder from items order by no desc limit 1')
}

/** How many current items there are and how long they are on the mean: what BM25 weighs with. */
export async function readExtent(session: Session): Promise<{ items: number; meanLength: number }> {
  const row = await session.get<{ items: number; words: number | null }>(
    `select count(*) as items, cast(sum(length) as bigint) as words from items where ended_at is null`,
  )
  const { items, words } = row!
  return { items, meanLength: items === 0 ? 1 : Math.max(1, Number(words ?? 0) / items) }
}

/** What a candidate is weighed by. */
export interface Candidate {
  no: number
  id: string
  version: number
  /** Of its text. */
  hash: string
  titleTerms: string
  headingTerms: string
  bodyTerms: string
  length: number
  embedder: string
  vector: Uint8Array | null
}

const candidate = `no, id, version, hash, title_terms as "titleTerms", heading_terms as "headingTerms",
  body_terms as "bodyTerms", length, embedder, vector`

export async function readCandidates(session: Session, numbers: readonly number[]): Promise<Candidate[]> {
  if (numbers.length === 0) return []
  return session.all<Candidate>(
    `select ${candidate} from items where no in (${numbers.map(() => '?').join(', ')})`,
    [...numbers],
  )
}

/** From now on a deleted word leaves the index with its row. Otherwise it stays there until the index is merged. */
export async function eraseWordsAtOnce(session: Session, kind: Database['kind']): Promise<void> {
  if (kind === 'sqlite')
    await session.run(`insert into item_words (item_words, rank) values ('secure-delete', 1)`)
}

/** What a search in memory needs of a current item. */
export interface Searchable extends Candidate {
  kind: ItemKind
  scope: string
  untrusted: boolean
  validFrom: number | null
  validUntil: number | null
}

/** Current items in the order in which they came, a page at a time. */
export async function readSearchable(session: Session, after: number, most: number): Promise<Searchable[]> {
  const rows = await session.all<Omit<Searchable, 'untrusted'> & { untrusted: number }>(
    `select ${candidate}, kind, scope, untrusted, valid_from as "validFrom", valid_until as "validUntil"
     from items where no > ? and ended_at is null order by no limit ?`,
    [after, most],
  )
  return rows.map((row) => ({ ...row, scope: row.scope.slice(0, -1), untrusted: row.untrusted === 1 }))
}
