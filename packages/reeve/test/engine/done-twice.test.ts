import { expect, test } from 'vitest'
import { z } from 'zod'
import { personal } from '../../src/base/schema/marked.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import { forkedInput } from '../../src/engine/starting/forked-input.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { verifyAudit } from '../../src/store/audit/audit.ts'
import { FakeClock, settle } from '../../src/testing/fake-clock.ts'
import { openTestDatabase, rowOf, testEngine } from './harness.ts'
import { doingTwice } from './twice.ts'

const greets: Workflow = defineWorkflow({
  name: 'greets',
  input: z.object({ to: personal(z.string()), plan: z.string() }),
  async run(ctx: CoreContext, { to, plan }) {
    const text = await ctx.step('write', () => `Dear ${to}: ${plan}`)
    await ctx.waitFor('go')
    return text
  },
})

async function opened() {
  const clock = new FakeClock()
  const database = doingTwice(await openTestDatabase(clock))
  const { engine } = await testEngine([greets], { clock, database })
  const waits = async (id: string) => {
    while ((await rowOf(database, id)).status !== 'waiting') {
      expect((await rowOf(database, id)).reason).toBeNull()
      await settle()
    }
  }
  return { clock, database, engine, waits }
}

test('a transaction that is done again starts a run with the marked texts of its input', async () => {
  const { clock, database, engine, waits } = await opened()
  // Queued, for nobody works yet; then put off, once and again.
  const queued = await engine.startRun('greets', { to: 'ada@example.com', plan: 'gold' })
  const debounce = { key: 'burst', delay: '1s' } as const
  const first = await engine.startRun('greets', { to: 'bo@example.com', plan: 'one' }, { debounce })
  const second = await engine.startRun('greets', { to: 'cy@example.com', plan: 'two' }, { debounce })
  expect(second.id).toBe(first.id)
  await engine.start()
  clock.advance(2000)
  for (const { id } of [queued, second]) await waits(id)
  const given = forkedInput(
    { workflows: engine.workflows, secrets: engine.services.secrets },
    await rowOf(database, queued.id),
    { to: 'di@example.com', plan: 'three' },
    { principal: 'ada', channel: 'operator' },
  )
  const forked = await engine.control.fork(queued.id, 1, 'ada', { input: given })
  await waits(forked)
  for (const id of [queued.id, second.id, forked]) await engine.control.signal(id, 'go', null)
  const outputs = await Promise.all([queued.id, second.id, forked].map((id) => engine.resultOf(id)))
  expect(outputs).toMatchObject([
    { output: 'Dear ada@example.com: gold' },
    { output: 'Dear cy@example.com: two' },
    { output: 'Dear di@example.com: three' },
  ])
  expect((await verifyAudit(database)).faults).toEqual([])
  await engine.stop()
})

test('a transaction that is done again loads several runs at once as they are', async () => {
  const { database, engine } = await opened()
  const runs = []
  for (let no = 0; no < 3; no++)
    runs.push(await engine.startRun('greets', { to: `${no}@example.com`, plan: 'gold' }))
  for (const { id } of runs) await engine.control.signal(id, 'go', null)
  await engine.start()
  for (const [no, { id }] of runs.entries())
    expect(await engine.resultOf(id)).toMatchObject({ output: `Dear ${no}@example.com: gold` })
  expect((await verifyAudit(database)).faults).toEqual([])
  await engine.stop()
})
