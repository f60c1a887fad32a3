import { messageOf } from '../../base/errors.ts'
import type { Session } from '../database.ts'

/**
 * Reads every table from end to end, so that a page that fails its checksum is found, and checks every index against
 * its table where the `amcheck` extension is there. Answers what was found.
 */
export async function checkPostgres(database: Pick<Session, 'all' | 'get'>): Promise<string[]> {
  const problems: string[] = []
  const tables = await database.all<{ name: string }>(
    'select tablename as name from pg_tables where schemaname = current_schema() order by tablename',
  )
  for (const { name } of tables) {
    await collect(problems, name, () => database.all(`select count(*) from ${name} where ${name}::text = ''`))
  }
  const amcheck = await database.get(`select 1 as there from pg_extension where extname = 'amcheck'`)
  if (!amcheck) return problems
  const indexes = await database.all<{ name: string }>(
    `select c.relname as name from pg_class c join pg_index i on i.indexrelid = c.oid join pg_am a on a.oid = c.relam
     where c.relnamespace = current_schema()::regnamespace and a.amname = 'btree' order by c.relname`,
  )
  for (const { name } of indexes) {
    await collect(problems, name, () => database.all('select bt_index_check(?::regclass, true)', [name]))
  }
  return problems
}

async function collect(problems: string[], name: string, check: () => Promise<unknown>): Promise<void> {
  try {
    await check()
  } catch (error) {
    problems.push(`${name}: ${messageOf(error)}`)
  }
}
