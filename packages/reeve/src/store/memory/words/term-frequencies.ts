import type { Bulk, Database, Session } from '../../database.ts'
import { indexed, lexeme } from '../items.ts'

/** Beyond this, only that a term is common is told. */
const countedUpTo = 20_000

const countHolding: Bulk = {
  columns: { term: 'text', lexeme: 'text' },
  sql: `select :term as term, (select count(*) from (
      select 1 from items where words @@ cast(:lexeme as tsquery) limit ${countedUpTo}) as holding) as count {from}`,
}

/** In how many versions of items each term stands, those that ended included. */
export async function frequenciesOf(
  session: Session,
  kind: Database['kind'],
  terms: readonly string[],
): Promise<Map<string, number>> {
  if (kind === 'postgres') {
    const rows = await session.bulk<{ term: string; count: number }>(
      countHolding,
      terms.map((term) => [term, lexeme(indexed(term))]),
    )
    return new Map(rows.map(({ term, count }) => [term, count]))
  }
  const found = new Map<string, number>()
  for (const term of terms) {
    const row = await session.get<{ count: number }>(
      'select doc as count from item_vocabulary where term = ?',
      [indexed(term)],
    )
    found.set(term, row?.count ?? 0)
  }
  return found
}

/**
 * The commonest terms, as the index has them, with the share of all versions that hold each: what Postgres's own statistics say
 * (`analyze`). To count what holds them would mean to read it all. Empty on SQLite, whose index of words counts.
 */
export async function commonTerms(database: Database): Promise<Map<string, number>> {
  if (database.kind === 'sqlite') return new Map()
  const row = await database.get<{ terms: string[] | null; shares: number[] | null }>(
    `select cast(cast(most_common_elems as text) as text[]) as terms, most_common_elem_freqs as shares from pg_stats
     where schemaname = current_schema() and tablename = 'items' and attname = 'words'`,
  )
  const { terms, shares } = row ?? {}
  return new Map(terms && shares ? terms.map((term, at) => [term, shares[at]!]) : [])
}

/**
 * After much was taken in: has Postgres look at what there is now, as it would by itself a minute later. Until then it takes some
 * indexes for narrower than they are, and knows no common words.
 */
export async function describeItems(database: Database): Promise<void> {
  if (database.kind === 'postgres') await database.run('analyze items')
}
