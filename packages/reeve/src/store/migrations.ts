import { messageOf, ReeveError } from '../base/errors.ts'
import type { Database, Session } from './database.ts'
import { columnKinds, listTables, lockSchema, type Migration, postgresClock } from './dialect.ts'
import { prepareVectors } from './postgres/pgvector.ts'
import { type FreshSchema, freshSchemaOf, makeFresh } from './schema/fresh-schema.ts'
import { migrations } from './schema/schema-versions.ts'

/** The version that this code reads and writes. */
export const schemaVersion = migrations.length

/**
 * Brings the database to this code's version, in one transaction; processes that start at once do so one by one.
 * @throws `database-newer` `database-foreign` `database-incomplete` `database-unusable`
 */
export async function migrate(database: Database, newIdentity: () => string): Promise<void> {
  if ((await checkedVersion(database, database)) === schemaVersion) return
  await readable(database, 'changed', () =>
    database.transaction(async (session) => {
      for (const statement of lockSchema[database.kind]) await session.all(statement)
      const at = await checkedVersion(database, session)
      const isNewFile = at === 0 && database.kind === 'sqlite'
      if (isNewFile && fresh) await makeFresh(session, fresh)
      else await runVersions(session, at, database.kind)
      if (isNewFile) fresh ??= await freshSchemaOf(session)
      if (database.kind === 'postgres') await session.run(postgresClock)
      if (at === 0) {
        await session.run(`insert into meta (name, value) values ('identity', ?)`, [newIdentity()])
      }
      await session.run(
        `insert into meta (name, value) values ('schema', ?) on conflict (name) do update set value = excluded.value`,
        [String(schemaVersion)],
      )
    }),
  )
  await readable(database, 'changed', () => prepareVectors(database))
}

/** Of the first empty file that this process made, for those that it makes later: tests make one each. */
let fresh: FreshSchema | undefined

async function runVersions(session: Session, from: number, kind: Database['kind']): Promise<void> {
  for (const statement of migrations
    .slice(from)
    .flat()
    .flatMap((one) => ownOf(one, kind)))
    await session.run(translate(statement, kind))
}

async function checkedVersion(database: Database, session: Session): Promise<number> {
  const at = await versionOf(database, session)
  if (at > schemaVersion) {
    throw new ReeveError(
      'database-newer',
      `The database ${database.place} has schema version ${at}; this Reeve knows versions up to ${schemaVersion}. Update Reeve, or point DATABASE_URL at another database. Nothing was changed.`,
    )
  }
  return at
}

/** Stands in `meta` with where the rows come from, for as long as a copy into the database is under way. */
export const copyMark = 'copying'

/**
 * 0 for an empty database.
 * @throws `database-foreign` `database-incomplete` `database-unusable`
 */
export async function versionOf(database: Database, session: Session = database): Promise<number> {
  const tables = await readable(database, 'read', () =>
    session.all<{ name: string }>(listTables[database.kind]),
  )
  if (tables.length === 0) return 0
  if (!tables.some((table) => table.name === 'meta') || !tables.some((table) => table.name === 'runs')) {
    throw new ReeveError(
      'database-foreign',
      `${database.place} holds tables that are not Reeve's (${tables
        .slice(0, 3)
        .map((table) => table.name)
        .join(', ')}). Give Reeve a database of its own. Nothing was changed.`,
    )
  }
  const rows = await readable(database, 'read', () =>
    session.all<{ name: string; value: string }>('select name, value from meta where name in (?, ?)', [
      'schema',
      copyMark,
    ]),
  )
  const metaOf = (name: string) => rows.find((row) => row.name === name)?.value
  const from = metaOf(copyMark)
  if (from !== undefined) throw incomplete(database, from)
  return Number(metaOf('schema') ?? 0)
}

function incomplete(database: Database, from: string): ReeveError {
  const empty =
    database.kind === 'sqlite'
      ? `delete ${database.place} with its -wal and -shm files`
      : 'drop its tables, or drop the database and create it again'
  return new ReeveError(
    'database-incomplete',
    `${database.place} holds a part of ${from} only: a copy into it has not ended. If no reeve db copy is at work, empty it (${empty}) and copy again. The source is as it was.`,
  )
}

async function readable<T>(database: Database, what: 'read' | 'changed', act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (cause) {
    if (cause instanceof ReeveError) throw cause
    const said = messageOf(cause)
    throw new ReeveError(
      'database-unusable',
      `The database ${database.place} cannot be ${what}: ${said}. ${advice(database, said)} Nothing was changed.`,
      { cause },
    )
  }
}

function advice(database: Database, said: string): string {
  if (database.kind === 'sqlite') return 'If the file is damaged, move it away and restore a backup.'
  if (/permission denied|must be owner/.test(said)) {
    return 'This role lacks a right: grant it "usage, create" on the schema and all on its tables, or run reeve migrate once as their owner.'
  }
  return 'Check the server and the rights of this role.'
}

function ownOf(statement: Migration, kind: Database['kind']): readonly string[] {
  return typeof statement === 'string' ? [statement] : statement[kind]
}

function translate(statement: string, kind: Database['kind']): string {
  const kinds: Record<string, string> = columnKinds[kind]
  return statement.replace(/\{(\w+)\}/g, (token, name: string) => kinds[name] ?? token)
}

export async function identityOf(session: Session): Promise<string> {
  const row = await session.get<{ value: string }>(`select value from meta where name = 'identity'`)
  return row?.value ?? ''
}
