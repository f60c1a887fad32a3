import { sha256 } from '../../base/hash.ts'
import type { Bulk, Row, Session, Value } from '../database.ts'

/**
 * What Reeve knows, one row a version of an item, never overwritten:
 *
 *   current → amended (its next version stands in its place) | replaced (its document changed) | retracted | rolled-back
 *
 * A version that ended is kept, is found by searches as of a time before its end, and by no other. `redacted` alone takes
 * its words away too. An item outlives the run that it came from.
 */
export interface Item {
  no: number
  /** The same for all versions. */
  id: string
  /** From 1. */
  version: number
  kind: ItemKind
  /** A path such as `customers/ada`; empty: found by unscoped searches only. */
  scope: string
  title: string
  /** The headings above it, outermost first, a line each; of passages only. */
  heading: string
  text: string
  /** Of the text alone. */
  hash: string
  /** Where it comes from, for people: a file, a mail, a run and its call. */
  source: string
  /** The id of the document that it is a passage of. */
  document: string | null
  /** Where it stands in its source, for people: `lines 12–30`, `page 3`. Null: that is not known. */
  place: string | null
  /** Whether it came from outside: then it may hold instructions, which are data. */
  untrusted: boolean
  /** The id of the run that remembered it, and the number of its call. */
  run: string | null
  step: number | null
  /** When what it says holds (ms), where that is known. */
  validFrom: number | null
  validUntil: number | null
  /** When it was recorded (ms). */
  at: number
  endedAt: number | null
  endedAs: EndedAs | null
  /** Who ended it, and why; for people. */
  endedBy: string | null
  endedWhy: string | null
}

/** What an item is: a passage of a document, or what was remembered as a fact, a preference, an episode or a lesson. */
export const itemKinds = ['passage', 'fact', 'preference', 'episode', 'lesson'] as const
/** One of them. */
export type ItemKind = (typeof itemKinds)[number]
export type EndedAs = 'amended' | 'replaced' | 'retracted' | 'rolled-back' | 'redacted'

/** The words that an item is found by, as `termsOf` reads them, with spaces between. */
export interface ItemTerms {
  titleTerms: string
  headingTerms: string
  bodyTerms: string
  /** How many the body has. */
  length: number
}

/** An item on its way into the table. */
export interface NewItem
  extends Omit<Item, 'no' | 'endedAt' | 'endedAs' | 'endedBy' | 'endedWhy'>,
    ItemTerms {
  /** What made the vector: only vectors of one embedder are compared. */
  embedder: string
  /** Of length 1; null where the text gave the embedder nothing to go by. */
  vector: Float32Array | null
  /** Whether the table has pgvector's column, and the vector is to stand in it too. */
  placed: boolean
}

const columns = {
  id: 'text',
  version: 'int',
  kind: 'text',
  scope: 'text',
  marks: 'text',
  title: 'text',
  heading: 'text',
  text: 'text',
  hash: 'text',
  title_terms: 'text',
  heading_terms: 'text',
  body_terms: 'text',
  length: 'int',
  embedder: 'text',
  dimensions: 'int',
  vector: 'bytes',
  source: 'text',
  document: 'text',
  place: 'text',
  untrusted: 'int',
  run: 'text',
  step: 'int',
  valid_from: 'int',
  valid_until: 'int',
  at: 'int',
} as const

const names = Object.keys(columns).join(', ')
const given = Object.keys(columns)
  .map((name) => `:${name}`)
  .join(', ')

export const insertItems: Bulk = { columns, sql: `insert into items (${names}) select ${given} {from}` }

/** The same where pgvector is: its own cast from numbers applies, whichever schema it lives in. */
export const insertPlacedItems: Bulk = {
  columns: { ...columns, embedding: 'text' },
  sql: `insert into items (${names}, embedding) select ${given}, cast(:embedding as real[]) {from}`,
}

export function itemValues(item: NewItem): Value[] {
  const vector = item.vector && packVector(item.vector)
  const values: Value[] = [
    item.id,
    item.version,
    item.kind,
    pathOf(item.scope),
    marksOf(item.kind, item.scope),
    item.title,
    item.heading,
    item.text,
    item.hash,
    indexed(item.titleTerms),
    indexed(item.headingTerms),
    indexed(item.bodyTerms),
    item.length,
    item.embedder,
    item.vector?.length ?? null,
    vector,
    item.source,
    item.document,
    item.place,
    item.untrusted ? 1 : 0,
    item.run,
    item.step,
    item.validFrom,
    item.validUntil,
    item.at,
  ]
  // The same numbers in both.
  if (item.placed) values.push(vector && numbersOf(unpackVector(vector)))
  return values
}

export function itemRow(item: NewItem): Row {
  return { statement: item.placed ? insertPlacedItems : insertItems, values: itemValues(item) }
}

/** Scopes are stored with a slash at their end, so that one with all below it is one stretch of an index. */
export function pathOf(scope: string): string {
  return scope === '' ? '' : `${scope}/`
}

/** What the index of words knows beside the words: the kind, and the scope with each that it lies in. Upper case: no word is. */
export function marksOf(kind: ItemKind, scope: string): string {
  const marks = [kindMark(kind)]
  for (let end = scope.length; end > 0; end = scope.lastIndexOf('/', end - 1)) {
    marks.push(scopeMark(scope.slice(0, end)))
  }
  return marks.join(' ')
}

export const kindMark = (kind: ItemKind) => `K${kind.toUpperCase()}`
export const scopeMark = (scope: string) => `S${sha256(scope).slice(0, 20).toUpperCase()}`

/** Terms as the indexes have them: those of both databases cut words at a point, which amounts may hold. */
export const indexed = (terms: string) => terms.replaceAll('.', point)
/** Of the area for private use, whose characters count as letters. */
const point = '\ue000'

/** A word of a tsquery, whatever it holds. */
export function lexeme(word: string): string {
  return `'${word.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

/** One byte a dimension behind what a byte stands for: a cosine changes by less than a hundredth. */
export function packVector(vector: Float32Array): Uint8Array {
  const packed = new Uint8Array(4 + vector.length)
  let largest = 0
  for (const value of vector) largest = Math.max(largest, Math.abs(value))
  new DataView(packed.buffer).setFloat32(0, largest / 127, true)
  const bytes = new Int8Array(packed.buffer, 4)
  if (largest > 0)
    for (let at = 0; at < vector.length; at++) bytes[at] = Math.round((vector[at]! / largest) * 127)
  return packed
}

export function unpackVector(packed: Uint8Array): Float32Array {
  const vector = new Float32Array(packed.byteLength - 4)
  const scale = scaleOf(packed)
  for (let at = 0; at < vector.length; at++) vector[at] = ((packed[at + 4]! << 24) >> 24) * scale
  return vector
}

/** Of two vectors of length 1; with another number of dimensions nothing can be said, which counts as not near. */
export function cosineWith(packed: Uint8Array, vector: Float32Array): number {
  if (packed.byteLength !== vector.length + 4) return -1
  const bytes = packedBytes(packed)
  let sum = 0
  for (let at = 0; at < vector.length; at++) sum += bytes[at]! * vector[at]!
  return sum * scaleOf(packed)
}

/** A byte a dimension. */
export function packedBytes(packed: Uint8Array): Int8Array {
  return new Int8Array(packed.buffer, packed.byteOffset + 4, packed.byteLength - 4)
}

/** What a byte of a packed vector stands for. */
export function scaleOf(packed: Uint8Array): number {
  return new DataView(packed.buffer, packed.byteOffset).getFloat32(0, true)
}

/** As Postgres reads an array of numbers. */
export function numbersOf(vector: Float32Array): string {
  return `{${vector.join(',')}}`
}

type ItemRow = Omit<Item, 'untrusted'> & { untrusted: number }

const read = `no, id, version, kind, scope, title, heading, text, hash, source, document, place, untrusted, run, step,
  valid_from as "validFrom", valid_until as "validUntil", at, ended_at as "endedAt", ended_as as "endedAs",
  ended_by as "endedBy", ended_why as "endedWhy"`

function itemOf(row: ItemRow): Item {
  return { ...row, scope: row.scope.slice(0, -1), untrusted: row.untrusted === 1 }
}

/** Versions by their numbers, in no order; those that are not there are left out. */
export async function readItems(session: Session, numbers: readonly number[]): Promise<Item[]> {
  if (numbers.length === 0) return []
  const rows = await session.all<ItemRow>(
    `select ${read} from items where no in (${numbers.map(() => '?').join(', ')})`,
    [...numbers],
  )
  return rows.map(itemOf)
}

/** All versions in the order in which they came, a page at a time. */
export async function readItemsAfter(session: Session, no: number, most: number): Promise<Item[]> {
  const rows = await session.all<ItemRow>(`select ${read} from items where no > ? order by no limit ?`, [
    no,
    most,
  ])
  return rows.map(itemOf)
}

/** What stands now, the newest first: only of a kind, or of a scope with all below it, if they are named. */
export async function readNewest(
  session: Session,
  { kind, scope }: { kind?: ItemKind | undefined; scope?: string | undefined },
  most: number,
): Promise<Item[]> {
  const conditions = ['ended_at is null']
  const given: Value[] = []
  if (kind !== undefined) {
    conditions.push('kind = ?')
    given.push(kind)
  }
  if (scope !== undefined && scope !== '') {
    // From the scope with its slash up to what follows a slash.
    conditions.push('scope >= ? and scope < ?')
    given.push(pathOf(scope), `${scope}0`)
  }
  const rows = await session.all<ItemRow>(
    `select ${read} from items where ${conditions.join(' and ')} order by no desc limit ?`,
    [...given, most],
  )
  return rows.map(itemOf)
}

/** All versions of an item, the first one first. */
export async function readVersions(session: Session, id: string): Promise<Item[]> {
  const rows = await session.all<ItemRow>(`select ${read} from items where id = ? order by version`, [id])
  return rows.map(itemOf)
}

/** Current items, of those kinds if any are named. */
export async function countItems(session: Session, kinds: readonly ItemKind[] = []): Promise<number> {
  const among = kinds.length > 0 ? `and kind in (${kinds.map(() => '?').join(', ')})` : ''
  const row = await session.get<{ count: number }>(
    `select count(*) as count from items where ended_at is null ${among}`,
    [...kinds],
  )
  return row?.count ?? 0
}
