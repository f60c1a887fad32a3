import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadProject, Runtime, readEnvironment } from 'reeve'

const folder = join(import.meta.dirname, '..')

test('a customer gets the reply that the person approved', { timeout: 30_000 }, async (t) => {
  const environment = readEnvironment(folder, { DATABASE_URL: ':memory:' })
  const runtime = await Runtime.open({ project: await loadProject(folder), environment })
  t.after(() => runtime.stop())
  await runtime.start()
  const ticket = JSON.parse(readFileSync(join(folder, 'examples/ticket.json'), 'utf8')) as object
  const run = await runtime.startRun('support-triage', ticket)

  const asked = await nextApproval(runtime)
  assert.match(JSON.stringify(asked.shown), /ana@example\.com.*five working days/)
  await runtime.decide(asked.id, { verdict: 'approve', by: 'me', answer: { body: 'It is paid back.' } })

  const rested = (await run.result()) as { status: string; output: { sent: { file: string }; facts: object } }
  assert.equal(rested.status, 'succeeded')
  assert.partialDeepStrictEqual(rested.output.facts, { category: 'billing', orderId: 'A-12345' })
  const { file } = rested.output.sent
  assert.match(readFileSync(file, 'utf8'), /It is paid back\./)
  rmSync(file)
})

async function nextApproval(runtime: Runtime) {
  for (;;) {
    const [pending] = await runtime.listApprovals()
    if (pending) return pending
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
