import { writeSync } from 'node:fs'
import { systemClock } from '../../src/base/time/time.ts'
import { insertEvents } from '../../src/store/journal/journal.ts'
import { migrate } from '../../src/store/migrations.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'

/** A process that commits ten times to the database file it is told, and says `acknowledged N` after each. */
const database = openSqlite({ file: process.argv[2]!, clock: systemClock })
await migrate(database, () => 'watched')
writeSync(1, 'begin\n')
for (let commit = 1; commit <= 10; commit++) {
  await database.transaction((session) =>
    session.bulk(insertEvents, [[1, commit, 'log-written', null, null, null, 0, null, null, String(commit)]]),
  )
  writeSync(1, `acknowledged ${commit}\n`)
}
await database.close()
