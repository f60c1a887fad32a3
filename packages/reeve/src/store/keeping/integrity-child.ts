// Runs in a process of its own, which can be ended in the middle of a statement: that is the only way to let the log go.
import { DatabaseSync } from 'node:sqlite'

const [file, table] = process.argv.slice(2)
const database = new DatabaseSync(file!, { readOnly: true, timeout: 5000 })
const of = table === undefined ? '' : `("${table.replaceAll('"', '""')}")`
const lines = database.prepare(`pragma integrity_check${of}`).all() as { integrity_check: string }[]
process.stdout.write(
  JSON.stringify(lines.map((line) => line.integrity_check).filter((line) => line !== 'ok')),
)
