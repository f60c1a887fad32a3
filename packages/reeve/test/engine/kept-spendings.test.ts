import { expect, test } from 'vitest'
import { z } from 'zod'
import { workflow } from '../../src/context.ts'
import { pruneProject } from '../../src/project/prune.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import { FakeClock, settle } from '../../src/testing/fake-clock.ts'
import { tool } from '../../src/tools/tool.ts'
import { agentBench } from '../agents/agent-harness.ts'
import { openTestDatabase, rowOf, severable } from '../engine/harness.ts'

const day = 86_400_000

test('a wire that may have been sent is not sent again because its budget was tidied meanwhile', async () => {
  let sent = 0
  const wire = tool({
    name: 'bank.wire',
    description: 'Wires',
    input: z.object({ amountUsd: z.number() }),
    output: z.any(),
    effect: 'once',
    approval: 'never',
    run: () => {
      sent++
      return sent === 1 ? new Promise(() => {}) : null
    },
  })
  const flow = workflow({
    name: 'wires',
    input: z.object({ amountUsd: z.number() }),
    grants: [{ tool: 'bank.wire', budgets: [{ id: 'a day', ceiling: 500, per: '1d', adds: 'amountUsd' }] }],
    run: async (ctx, order) => ctx.call(wire, order),
  })
  const clock = new FakeClock()
  const database = await openTestDatabase(clock)
  const link = severable(database)
  let ids = 0
  const newId = () => `id${++ids}`
  const first = await agentBench([flow], {}, { database: link.database, clock, newId })
  const { id } = await first.engine.startRun(flow, { amountUsd: 200 })
  await settle()
  expect(sent).toBe(1)
  link.cut()
  await database.run('delete from workers where id = ?', [first.engine.worker.id])
  // All machines were off for longer than the budget is kept; a look at the rows comes before the run.
  await database.run('update effect_spendings set at = at - ?, until = until - ?', [40 * day, 40 * day])
  await pruneProject({ database, clock, retention: undefined })
  const second = await agentBench([flow], {}, { database, clock, newId })
  await settle()
  await clock.advance(40_000)
  expect(sent).toBe(1)
  expect(await listPending(database)).toMatchObject([{ kind: 'outcome' }])
  expect(await rowOf(database, id)).toMatchObject({ status: 'waiting' })
  await second.engine.stop()
})
