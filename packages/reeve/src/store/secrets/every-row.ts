import type { Database } from '../database.ts'
import { listTables } from '../dialect.ts'

/** All that is stored, row by row, as JSON: for a look at whether something is there that must not be. */
export async function* everyRow(database: Database): AsyncIterable<{ table: string; row: string }> {
  for (const { name } of await database.all<{ name: string }>(listTables[database.kind])) {
    for (const row of await database.all(`select * from "${name}"`))
      yield { table: name, row: JSON.stringify(row) }
  }
}
