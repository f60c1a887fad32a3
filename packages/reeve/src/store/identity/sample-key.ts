import { randomBytes } from 'node:crypto'
import type { Database } from '../database.ts'

const name = 'sample-key'

/** By what samples of runs are drawn: made once, and kept from everybody who cannot read the database. */
export async function sampleKeyOf(database: Database): Promise<string> {
  const find = () => database.get<{ value: string }>('select value from meta where name = ?', [name])
  const found = await find()
  if (found) return found.value
  const key = randomBytes(32).toString('hex')
  await database.transaction((session) =>
    session.run('insert into meta (name, value) values (?, ?) on conflict (name) do nothing', [name, key]),
  )
  return (await find())?.value ?? key
}
