import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadProject, Runtime, readEnvironment } from 'reeve'

const folder = join(import.meta.dirname, '..')

test('a large refund is paid as the person approved it, and the letter says so', {
  timeout: 30_000,
}, async (t) => {
  const environment = readEnvironment(folder, { DATABASE_URL: ':memory:' })
  const runtime = await Runtime.open({ project: await loadProject(folder), environment })
  t.after(() => runtime.stop())
  await runtime.start()
  const run = await runtime.startRun('refund', { userId: 'user_123', request: 'Please pay me back.' })

  const asked = await nextApproval(runtime)
  assert.partialDeepStrictEqual(asked.shown, { args: { amountUsd: 149 } })
  await runtime.decide(asked.id, { verdict: 'approve', by: 'me', answer: { amountUsd: 20 } })

  const rested = (await run.result()) as { status: string; output: { message: string } }
  assert.equal(rested.status, 'succeeded')
  const [, id] = /Your refund of \$20 has been paid \(([\w-]+)\)/.exec(rested.output.message) ?? []
  const file = join(folder, 'paid', `${id}.json`)
  assert.match(readFileSync(file, 'utf8'), /"amountUsd":20/)
  rmSync(file)
})

test('a purchase of long ago is not paid back', { timeout: 30_000 }, async (t) => {
  const environment = readEnvironment(folder, { DATABASE_URL: ':memory:' })
  const runtime = await Runtime.open({ project: await loadProject(folder), environment })
  t.after(() => runtime.stop())
  await runtime.start()
  const run = await runtime.startRun('refund', { userId: 'user_456', request: 'Please pay me back.' })
  const rested = (await run.result()) as { output: { outcome: string } }
  assert.match(rested.output.outcome, /within 30 days/)
})

async function nextApproval(runtime: Runtime) {
  for (;;) {
    const [pending] = await runtime.listApprovals()
    if (pending) return pending
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
