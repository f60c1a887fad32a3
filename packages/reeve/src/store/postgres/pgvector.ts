import type { Bulk, Database, Session } from '../database.ts'
import { lockSchema } from '../dialect.ts'
import { numbersOf, unpackVector } from '../memory/items.ts'
import { codeOf } from './errors.ts'

/**
 * The column `embedding` of `items`: a copy of each item's vector as pgvector's own type, where a Postgres has that
 * extension. The bytes in `vector` stay the truth: a copy to another database carries those, and items without
 * the copy (written by a process that knew of no column) are found by their bytes.
 */
export interface VectorColumn {
  /** The schema of the extension, quoted. */
  schema: string
  /** The numbers of dimensions whose items have an index. */
  indexed: number[]
}

/** Below this, comparing with every item is quick, and finds exactly the nearest. */
const indexFrom = 20_000
const largestIndexed = 2000
const fillPage = 500
/** The first version that goes on along the index until enough items pass the other conditions. */
const iteratesFrom = [0, 8]

interface Extension {
  schema: string
  version: string
}

/** What is there now; undefined: no pgvector. */
export async function readVectorColumn(
  session: Session,
  kind: Database['kind'],
): Promise<VectorColumn | undefined> {
  if (kind === 'sqlite') return
  const column = await session.get(
    `select 1 as there from pg_attribute
     where attrelid = to_regclass('items') and attname = 'embedding' and not attisdropped`,
  )
  const extension = column ? await readExtension(session) : undefined
  if (!extension) return
  const indexes = await session.all<{ dimensions: number }>(
    `select substring(c.relname from 12)::int as dimensions from pg_index i join pg_class c on c.oid = i.indexrelid
     where i.indrelid = to_regclass('items') and i.indisvalid and c.relname ~ '^items_near_[0-9]+$'`,
  )
  return { schema: extension.schema, indexed: indexes.map(({ dimensions }) => dimensions) }
}

/** What there is and what lacks, for people. */
export interface VectorSupport {
  column: VectorColumn | undefined
  /** Whether the server could make the extension, and whether this database has it. */
  offered: boolean
  created: boolean
  /** Items that the column lacks. */
  unplaced: number
  /** Items that are so many that they should have an index, and have none. */
  unindexed: number
}

export async function readVectorSupport(database: Database): Promise<VectorSupport> {
  const none = { column: undefined, offered: false, created: false, unplaced: 0, unindexed: 0 }
  if (database.kind === 'sqlite') return none
  const column = await readVectorColumn(database, database.kind)
  const extension = await readExtension(database)
  const offered = await database.get(`select 1 as there from pg_available_extensions where name = 'vector'`)
  const there = { ...none, column, offered: offered !== undefined, created: extension !== undefined }
  if (!column || !extension) return there
  const [missing] = await database.all<{ count: number }>(
    'select count(*) as count from items where embedding is null and vector is not null and ended_at is null',
  )
  const many = await manyOf(database, indexFrom, extension)
  const lacking = many.filter(({ dimensions }) => !column.indexed.includes(dimensions))
  const unindexed = lacking.reduce((sum, { count }) => sum + count, 0)
  return { ...there, unplaced: missing!.count, unindexed }
}

/** The numbers of dimensions that so many items have that an index pays, if this pgvector's can be relied on. */
async function manyOf(
  session: Session,
  from: number,
  { version }: Extension,
): Promise<{ dimensions: number; count: number }[]> {
  if (!isAtLeast(version, iteratesFrom)) return []
  return session.all(
    `select dimensions, count(*) as count from items where embedding is not null and dimensions <= ?
     group by dimensions having count(*) >= ? order by dimensions`,
    [largestIndexed, from],
  )
}

function readExtension(session: Session): Promise<Extension | undefined> {
  return session.get<Extension>(
    `select quote_ident(n.nspname) as schema, e.extversion as version
     from pg_extension e join pg_namespace n on n.oid = e.extnamespace
     where e.extname = 'vector' and has_schema_privilege(n.oid, 'usage')`,
  )
}

/**
 * Makes the extension, the column and the indexes as far as this role may, and fills the column. Without the right to,
 * everything stays as it is. Others go on meanwhile.
 */
export async function prepareVectors(
  database: Database,
  options: { indexFrom?: number } = {},
): Promise<VectorColumn | undefined> {
  if (database.kind === 'sqlite') return
  const made = await database.transaction(async (session) => {
    for (const statement of lockSchema.postgres) await session.all(statement)
    return makeColumn(session)
  })
  if (!made) return
  await fillColumn(database)
  await makeIndexes(database, options.indexFrom ?? indexFrom)
  return readVectorColumn(database, database.kind)
}

async function makeColumn(session: Session): Promise<boolean> {
  if (!(await readExtension(session))) {
    const offered = await session.get(`select 1 as there from pg_available_extensions where name = 'vector'`)
    if (!offered || !(await attempt(session, ['create extension if not exists vector']))) return false
  }
  if (await readVectorColumn(session, 'postgres')) return true
  const { schema } = (await readExtension(session))!
  return attempt(session, [
    `alter table items add column embedding ${schema}.vector`,
    `create index items_unplaced on items (embedder, scope, no)
       where ended_at is null and vector is not null and embedding is null`,
  ])
}

/** No right to, no such file, not on this server, or somebody else was first. */
const refusals = ['42501', '58P01', '0A000', '42710', '42P07', '23505']

/** Answers whether all of it was done; what the server refuses leaves nothing behind. */
async function attempt(session: Session, statements: string[]): Promise<boolean> {
  await session.run('savepoint attempt')
  try {
    for (const statement of statements) await session.run(statement)
    await session.run('release savepoint attempt')
    return true
  } catch (error) {
    if (!refusals.includes(codeOf(error))) throw error
    await session.run('rollback to savepoint attempt')
    return false
  }
}

const placeItems: Bulk = {
  columns: { no: 'int', embedding: 'text' },
  sql: 'update items set embedding = cast(:embedding as real[]) {from} where items.no = :no',
}

async function fillColumn(database: Database): Promise<void> {
  for (let last = 0; ; ) {
    const rows = await database.all<{ no: number; vector: Uint8Array }>(
      `select no, vector from items
       where embedding is null and vector is not null and no > ? order by no limit ?`,
      [last, fillPage],
    )
    if (rows.length === 0) return
    await database.bulk(
      placeItems,
      rows.map(({ no, vector }) => [no, numbersOf(unpackVector(vector))]),
    )
    last = rows.at(-1)!.no
  }
}

async function makeIndexes(database: Database, from: number): Promise<void> {
  const extension = (await readExtension(database))!
  const { schema } = extension
  const { indexed } = (await readVectorColumn(database, database.kind))!
  for (const { dimensions } of await manyOf(database, from, extension)) {
    if (indexed.includes(dimensions)) continue
    const name = `items_near_${dimensions}`
    try {
      // What an earlier attempt left unfinished is of no use.
      await database.all(`drop index concurrently if exists ${name}`)
      await database.all(
        `create index concurrently ${name} on items
         using hnsw ((embedding::${schema}.vector(${dimensions})) ${schema}.vector_cosine_ops)
         where dimensions = ${dimensions}`,
      )
    } catch (error) {
      if (!refusals.includes(codeOf(error))) throw error
    }
  }
}

function isAtLeast(version: string, wanted: number[]): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > wanted[0]! || (major === wanted[0]! && minor >= wanted[1]!)
}
