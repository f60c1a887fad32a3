import assert from 'node:assert/strict'
import { test } from 'node:test'
import { projectOf, Runtime, readEnvironment } from 'reeve'
import config from '../reeve.config.ts'
import orderQuestion from '../workflows/order-question.ts'

test('a customer gets the answer that the person approved', { timeout: 30_000 }, async (t) => {
  orderQuestion.name = 'order-question'
  const environment = readEnvironment('.', { DATABASE_URL: ':memory:' })
  const runtime = await Runtime.open({ project: projectOf(config, [orderQuestion]), environment })
  t.after(() => runtime.stop())
  await runtime.start()
  const run = await runtime.startRun(orderQuestion, { message: 'Where is A-12345?' })

  const edited = { order: 'A-12345', text: 'It comes tomorrow.' }
  await runtime.decide(await nextApproval(runtime), { verdict: 'approve', by: 'me', answer: edited })

  assert.partialDeepStrictEqual(await run.result(), {
    status: 'succeeded',
    output: { answered: true, ...edited },
  })
})

async function nextApproval(runtime: Runtime): Promise<string> {
  for (;;) {
    const [pending] = await runtime.listApprovals()
    if (pending) return pending.id
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
