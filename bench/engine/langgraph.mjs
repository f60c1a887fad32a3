import { join } from 'node:path'
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite'
import { compileSixSteps } from './langgraph-graph.mjs'
import { closedLoop, measure, versionsOf } from './measure.ts'

await measure(async (spec) => {
  const saver = SqliteSaver.fromConnString(join(spec.dataFolder, 'langgraph.db'))
  saver.setup()
  // Its SQLite driver is built with NORMAL for WAL, which loses acknowledged steps when the power fails.
  saver.db.pragma('synchronous = FULL')
  const pragma = (name) => saver.db.pragma(name, { simple: true })
  const graph = compileSixSteps(spec, saver)
  return {
    versions: versionsOf(
      '.',
      '@langchain/langgraph',
      '@langchain/langgraph-checkpoint-sqlite',
      '@langchain/core',
      'better-sqlite3',
    ),
    durability: `durability=sync journal_mode=${pragma('journal_mode')} synchronous=${pragma('synchronous')} (2 is FULL)`,
    drive: closedLoop((number) =>
      graph.invoke({ number }, { configurable: { thread_id: `run-${number}` }, durability: 'sync' }),
    ),
    // A checkpoint for the input, one before the first step, and one after each step.
    count: () =>
      saver.db
        .prepare(
          `select count(*) as found from
             (select thread_id from checkpoints group by thread_id having count(*) >= ?)`,
        )
        .get(spec.steps + 1).found,
    close: () => saver.db.close(),
  }
})
