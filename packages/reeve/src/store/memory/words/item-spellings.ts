import type { Bulk, Database, Session } from '../../database.ts'
import { frequenciesOf } from './term-frequencies.ts'

const shortestTerm = 4
/** Dice's coefficient of the two sets of trigrams. One changed letter in eight leaves 0.67. */
const leastAlike = 0.5
const mostAlike = 3
/** Of the terms that share most trigrams with the one that is looked for. */
const compared = 40
const rowsAtOnce = 256
/** Rows of their trigrams that are written before others have their turn. */
const gramsAtOnce = 4_000
/** Of a process; with more than this it forgets them, and the database tells. */
const mostKnown = 100_000
const markName = 'memory-spelled'

const insertGrams: Bulk = {
  columns: { gram: 'text', term: 'text' },
  sql: 'insert into item_grams (gram, term) select :gram, :term {from} where true on conflict do nothing',
}

/** The terms of items, as what a misspelt word may have meant. */
export class Spellings {
  readonly #database: Database
  /** Terms whose trigrams are there: most of what comes in repeats them. */
  readonly #known = new Set<string>()

  constructor(database: Database) {
    this.#database = database
  }

  /**
   * Learns the terms of items that came since it was last called, some of them.
   * @returns whether there is more
   */
  async learn(): Promise<boolean> {
    const learnt = await this.#database.transaction((session) => this.#learn(session))
    if (this.#known.size + learnt.terms.length > mostKnown) this.#known.clear()
    for (const term of learnt.terms) this.#known.add(term)
    return learnt.isMore
  }

  async #learn(session: Session): Promise<{ terms: string[]; isMore: boolean }> {
    const mark = await session.get<{ value: string }>('select value from meta where name = ?', [markName])
    const rows = await session.all<{ no: number; terms: string }>(
      `select no, title_terms || ' ' || heading_terms || ' ' || body_terms as terms from items
       where no > ? order by no limit ?`,
      [Number(mark?.value ?? 0), rowsAtOnce],
    )
    if (rows.length === 0) return { terms: [], isMore: false }
    const terms = new Set<string>()
    const grams: string[][] = []
    let read = 0
    while (read < rows.length && grams.length < gramsAtOnce) {
      for (const term of rows[read++]!.terms.split(' ')) {
        if (!isWord(term) || terms.has(term) || this.#known.has(term)) continue
        terms.add(term)
        for (const gram of gramsOf(term)) grams.push([gram, term])
      }
    }
    if (grams.length > 0) await session.bulk(insertGrams, grams)
    await session.run(
      'insert into meta (name, value) values (?, ?) on conflict (name) do update set value = excluded.value',
      [markName, String(rows[read - 1]!.no)],
    )
    return { terms: [...terms], isMore: read < rows.length || rows.length === rowsAtOnce }
  }
}

/**
 * At most three terms that share most of their trigrams with this one and begin with the same letter, best first.
 */
export async function alikeTerms(session: Session, term: string): Promise<string[]> {
  if (!isWord(term)) return []
  const grams = gramsOf(term)
  const rows = await session.all<{ term: string; shared: number }>(
    `select term, count(*) as shared from item_grams where gram in (${grams.map(() => '?').join(', ')})
     group by term order by shared desc, term limit ${compared}`,
    grams,
  )
  const found = rows
    .map((row) => ({ term: row.term, alike: (2 * row.shared) / (grams.length + gramsOf(row.term).length) }))
    .filter(({ alike }) => alike >= leastAlike)
    .sort((left, right) => right.alike - left.alike || (left.term < right.term ? -1 : 1))
  const close = found.filter(({ alike }) => alike >= found[0]!.alike - 0.1)
  return close.slice(0, mostAlike).map((one) => one.term)
}

/** Terms that no item has any more are what no misspelt word may have meant: what was redacted is not to be read there. */
export async function forgetSpellings(
  session: Session,
  kind: Database['kind'],
  terms: Iterable<string>,
): Promise<void> {
  const words = [...new Set(terms)].filter(isWord)
  const held = await frequenciesOf(session, kind, words)
  for (const word of words)
    if ((held.get(word) ?? 0) === 0) await session.run('delete from item_grams where term = ?', [word])
}

/** A wrong digit makes another number, not a misspelling. */
function isWord(term: string): boolean {
  return term.length >= shortestTerm && !/[\d\p{Co}]/u.test(term)
}

/** Each behind the first letter of the term: few have both in common. */
function gramsOf(term: string): string[] {
  const [first] = term
  const padded = `^${term}$`
  const grams = new Set<string>()
  for (let at = 0; at + 3 <= padded.length; at++) grams.add(`${first}${padded.slice(at, at + 3)}`)
  return [...grams]
}
