import { z } from 'zod'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import type { Database } from '../../src/store/database.ts'
import { noLimits, saveQueue } from '../../src/store/dispatch/queues/queues.ts'
import { listRuns } from '../../src/store/runs/runs.ts'
import { type FakeClock, settle } from '../../src/testing/fake-clock.ts'
import { testEngine } from '../engine/harness.ts'
import { lookAtEverything } from '../inspect/look-at-everything.ts'

/** Tables that grow with what was ever done or waits; all others hold what there is of queues, workers and the like. */
export const largeTables = [
  'runs',
  'events',
  'inbox',
  'approvals',
  'model_calls',
  'blobs',
  'reservations',
  'answers',
]

const child = defineWorkflow({
  name: 'child',
  input: z.unknown(),
  run: (ctx: CoreContext) => ctx.step('work', () => 'done'),
}) as Workflow

/** Indexes that hold only what is going on now, and may be walked through from their beginning. */
export const smallIndexes = ['runs_running', 'runs_freeing', 'runs_leaving_children', 'schedules_next']

/** Those that leap from one place of an index to the next may begin at its first one. */
export const leaps = /^with recursive/

/** What reads many rows because all of them are wanted, or ends by its limit. */
export const wanted = [
  // The newest runs.
  /^select \* from runs where true order by no desc limit/,
  // The journals and inboxes of the runs that were claimed.
  /select e\.run, e\.seq, .* from events e left join blobs/,
  /select inbox\.id, inbox\.run, .* from inbox/,
  // A stretch of an index from its end, or so many rows of one that holds only what is counted.
  /^select .* from runs where .* order by (id|no|available_at desc, no) desc limit (5000|1 offset 4999)/,
  /^select .* from \(select .* limit (\?|10001)\) as (counted|ended|decided)/,
  // Those that workers hold, and what people are asked by one family.
  /^select \* from runs where status = 'running' and id \|\| '' </,
  /^with recursive family\(no\) .* select \* from approvals where run in \(select no from family\)/,
]

const all = defineWorkflow({
  name: 'all',
  input: z.unknown(),
  key: () => 'one',
  async run(ctx: CoreContext) {
    const started = await ctx.start(child, {})
    await started.result()
    await ctx.sleep('5s')
    await ctx.waitFor('news', { timeout: '1h' })
    await ctx.waitFor('more')
    await ctx.approve('sure', { show: 1, timeout: '1h' })
  },
}) as Workflow

/** Has an engine do a bit of everything that a large database is full of, so that its statements can be looked at. */
export async function doEverything(database: Database, clock: FakeClock): Promise<void> {
  const first = await testEngine([child, all], { database, clock })
  const second = await testEngine([child, all], { database, clock })
  for (const name of ['keyed', 'paced']) {
    const limits =
      name === 'keyed' ? { key_concurrency: 1 } : { rate_count: 2, rate_ms: 1000, concurrency: 2 }
    await database.transaction((session) => saveQueue(session, name, { ...noLimits, ...limits }))
  }
  await first.engine.start()
  await second.engine.start()
  const pass = async () => {
    for (let turn = 0; turn < 20; turn++) {
      await settle()
      await new Promise((resolve) => setTimeout(resolve, 5))
      await first.engine.worker.tick()
      await second.engine.worker.tick()
    }
  }
  const runs = []
  for (const queue of ['default', 'keyed', 'keyed', 'paced', 'paced', 'paced']) {
    runs.push(await first.engine.startRun(all, {}, { queue }))
  }
  await first.engine.startRun(child, {}, { idempotencyKey: 'once' })
  await first.engine.startRun(child, {}, { idempotencyKey: 'once' })
  await first.engine.startRun(child, {}, { delay: '1m', priority: 3 })
  void second.engine.resultOf(runs[0]!.id)
  await pass()
  await clock.advance(6000)
  await pass()
  for (const { id } of runs) {
    await second.engine.control.signal(id, 'news', 1)
    await second.engine.control.signal(id, 'more', 2)
  }
  await pass()
  const waiting = await first.engine.startRun(all, {})
  const cancelled = await first.engine.startRun(all, {})
  await pass()
  await second.engine.control.pause(waiting.id)
  await second.engine.control.cancel(cancelled.id, 'ada')
  await listRuns(database)
  await first.engine.isQuiet()
  await clock.advance(10_000)
  await pass()
  await lookAtEverything(database, clock.now())
  await second.engine.stop()
  await first.engine.stop()
}
