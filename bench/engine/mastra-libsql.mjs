import { join } from 'node:path'
import { Sqlite3Client } from '@libsql/client/sqlite3'
import { LibSQLStore } from '@mastra/libsql'
import { createSixSteps } from './mastra-workflow.mjs'
import { closedLoop, measure, versionsOf } from './measure.ts'

// Its store sets synchronous to NORMAL on one of its connections, which loses acknowledged steps when the power fails.
const execute = Sqlite3Client.prototype.execute
Sqlite3Client.prototype.execute = function (statement, args) {
  const normal = typeof statement === 'string' && /pragma\s+synchronous\s*=\s*normal/i.test(statement)
  return execute.call(this, normal ? 'PRAGMA synchronous = FULL' : statement, args)
}

/** The setting on as many of the pool's connections as it hands out at once. */
async function readSynchronous(client) {
  const transactions = []
  const levels = new Set()
  try {
    for (let index = 0; index < 10; index++) transactions.push(await client.transaction('read'))
    for (const transaction of transactions) {
      const { rows } = await transaction.execute('PRAGMA synchronous')
      levels.add(rows[0].synchronous)
    }
  } finally {
    for (const transaction of transactions) transaction.close()
  }
  return [...levels].join(' and ')
}

await measure(async (spec) => {
  const storage = new LibSQLStore({ id: 'bench', url: `file:${join(spec.dataFolder, 'mastra.db')}` })
  const workflow = await createSixSteps(spec, storage)
  const { client } = storage
  const journal = await client.execute('PRAGMA journal_mode')
  const count = async () => {
    const { rows } = await client.execute({
      sql: `select count(*) as found from mastra_workflow_snapshot
            where json_extract(snapshot, '$.status') = 'success'
              and json_extract(snapshot, '$.context."step-' || ? || '".status') = 'success'`,
      args: [String(spec.steps)],
    })
    return Number(rows[0].found)
  }
  return {
    versions: versionsOf('.', '@mastra/core', '@mastra/libsql', '@libsql/client'),
    durability: `journal_mode=${journal.rows[0].journal_mode} synchronous=${await readSynchronous(client)} (2 is FULL)`,
    drive: closedLoop((number) => workflow(number)),
    count,
  }
})
