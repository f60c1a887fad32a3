import { once } from 'node:events'
import { DatabaseSync } from 'node:sqlite'

/** Holds the lock of a database from the moment it says so until it is told to let go: `lock-holder.ts FILE MODE`. */
const [file, mode] = process.argv.slice(2)
const database = new DatabaseSync(file!)
if (mode === 'exclusive') database.exec('pragma locking_mode = exclusive')
database.exec(`begin ${mode}`)
if (mode === 'exclusive') database.exec('create table if not exists held (a integer)')
console.log('held')
await once(process.stdin, 'data')
database.exec('commit')
database.close()
process.exit(0)
