import type { Clock } from '../../src/base/time/time.ts'
import { migrate } from '../../src/store/migrations.ts'
import { PostgresDatabase } from '../../src/store/postgres/postgres.ts'
import type { TestServer } from './postgres.ts'

// What migrations put into a new schema is kept beside it, in a schema with `_new` at the end of its name.
const keepNew = `do $$ declare t text; filled boolean; begin
  execute format('create schema %I', current_schema() || '_new');
  for t in select tablename from pg_tables where schemaname = current_schema() loop
    execute format('select exists (select 1 from %I)', t) into filled;
    if filled then execute format('create table %I.%I as table %I', current_schema() || '_new', t, t); end if;
  end loop;
end $$`

const makeNew = `do $$ declare t text; filled boolean; full_ text := ''; begin
  for t in select tablename from pg_tables where schemaname = current_schema() loop
    execute format('select exists (select 1 from %I)', t) into filled;
    if filled then full_ := full_ || format(', %I', t); end if;
  end loop;
  if full_ <> '' then execute 'truncate ' || substr(full_, 3) || ' cascade'; end if;
  for t in select sequencename from pg_sequences where schemaname = current_schema() and last_value is not null loop
    execute format('alter sequence %I restart', t);
  end loop;
  for t in select tablename from pg_tables where schemaname = current_schema() || '_new' loop
    execute format('insert into %I select * from %I.%I', t, current_schema() || '_new', t);
  end loop;
end $$`

/** Answers how to open an empty, migrated database. One that was closed is emptied and given out again: tables are made once. */
export function emptied(server: () => TestServer): (clock: Clock) => Promise<PostgresDatabase> {
  const free: string[] = []
  return async (clock) => {
    const used = free.pop()
    const url = used ?? (await server().createSchema())
    if (used !== undefined) await server().query(makeNew, used)
    const database = new PostgresDatabase({ url, clock, timeFrom: 'clock' })
    if (used === undefined) {
      let count = 0
      await migrate(database, () => `identity${count++}`)
      await server().query(keepNew, url)
    }
    const close = database.close.bind(database)
    database.close = async () => {
      await close()
      free.push(url)
    }
    return database
  }
}
