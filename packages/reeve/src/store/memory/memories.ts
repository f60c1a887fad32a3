import type { Bulk, Row, Session, Value } from '../database.ts'

/**
 * What was remembered, one row an item, never overwritten:
 *
 *   current → superseded (another item stands in its place) | retracted
 *
 * An ended item is kept and no longer found. An item outlives the run that it came from.
 */
export interface MemoryItem {
  no: number
  id: string
  /** A path such as `customers/ada`; empty: found by unscoped searches only. */
  scope: string
  title: string
  text: string
  /** Of the text alone. */
  hash: string
  source: string
  /** Whether it came from outside: then it may hold instructions, which are data. */
  untrusted: boolean
  /** The id of the run that remembered it, and the number of its call. */
  run: string | null
  step: number | null
  at: number
}

/** An item on its way into the table, with the vector that it is found by. */
export interface NewMemory extends Omit<MemoryItem, 'no'> {
  /** What made the vector: only vectors of one embedder are compared. */
  embedder: string
  /** Of length 1; null where the text gave the embedder nothing to go by. */
  vector: Float32Array | null
  /** Whether the table has pgvector's column, and the vector is to stand in it too. */
  placed: boolean
}

const columns = {
  id: 'text',
  scope: 'text',
  title: 'text',
  text: 'text',
  hash: 'text',
  embedder: 'text',
  dimensions: 'int',
  vector: 'bytes',
  source: 'text',
  untrusted: 'int',
  run: 'text',
  step: 'int',
  at: 'int',
} as const

const names = Object.keys(columns).join(', ')
const given = Object.keys(columns)
  .map((name) => `:${name}`)
  .join(', ')

export const insertMemories: Bulk = {
  columns,
  sql: `insert into memories (${names}) select ${given} {from}`,
}

/** The same where pgvector is: its own cast from numbers applies, whichever schema it lives in. */
export const insertPlacedMemories: Bulk = {
  columns: { ...columns, embedding: 'text' },
  sql: `insert into memories (${names}, embedding) select ${given}, cast(:embedding as real[]) {from}`,
}

export function memoryValues(memory: NewMemory): Value[] {
  const { vector } = memory
  const values: Value[] = [
    memory.id,
    pathOf(memory.scope),
    memory.title,
    memory.text,
    memory.hash,
    memory.embedder,
    vector?.length ?? null,
    vector && bytesOf(vector),
    memory.source,
    memory.untrusted ? 1 : 0,
    memory.run,
    memory.step,
    memory.at,
  ]
  if (memory.placed) values.push(vector && numbersOf(vector))
  return values
}

export function memoryRow(memory: NewMemory): Row {
  return { statement: memory.placed ? insertPlacedMemories : insertMemories, values: memoryValues(memory) }
}

/** Scopes are stored with a slash at their end, so that one with all below it is one stretch of an index. */
export function pathOf(scope: string): string {
  return scope === '' ? '' : `${scope}/`
}

/** 32-bit floats, the lowest byte first. */
function bytesOf(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
}

export function vectorOf(bytes: Uint8Array): Float32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4)
}

/** As Postgres reads an array of numbers. */
export function numbersOf(vector: Float32Array): string {
  return `{${vector.join(',')}}`
}

type MemoryRow = Omit<MemoryItem, 'untrusted'> & { untrusted: number }

/** Items by their numbers, in no order; those that are not there are left out. */
export async function readMemories(session: Session, numbers: number[]): Promise<MemoryItem[]> {
  if (numbers.length === 0) return []
  const rows = await session.all<MemoryRow>(
    `select no, id, scope, title, text, hash, source, untrusted, run, step, at from memories
     where no in (${numbers.map(() => '?').join(', ')})`,
    numbers,
  )
  return rows.map((row) => ({ ...row, scope: row.scope.slice(0, -1), untrusted: row.untrusted === 1 }))
}

export async function countMemories(session: Session): Promise<number> {
  const row = await session.get<{ count: number }>(
    'select count(*) as count from memories where ended_at is null',
  )
  return row?.count ?? 0
}
