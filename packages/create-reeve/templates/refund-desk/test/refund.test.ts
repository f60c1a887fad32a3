import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { testRuntime } from 'reeve/testing'

const project = join(import.meta.dirname, '..')

test('a large refund is paid as the person approved it, and the letter says so', async () => {
  const paid: object[] = []
  await using desk = await testRuntime({
    project,
    mocks: {
      'payments.refund': (refund: { amountUsd: number }) => {
        paid.push(refund)
        return { id: 're-1', amountUsd: refund.amountUsd }
      },
    },
  })
  const run = await desk.start('refund', { userId: 'user_123', request: 'Please pay me back.' })
  const [asked] = await desk.approvals()
  assert.partialDeepStrictEqual(asked?.shown, { args: { amountUsd: 149 } })
  await desk.approve(run, { edit: { amountUsd: 20 } })

  assert.match(JSON.stringify(await run.output()), /Your refund of \$20 has been paid \(re-1\)/)
  assert.partialDeepStrictEqual(paid, [{ amountUsd: 20 }])
})

test('a purchase of long ago is not paid back', async () => {
  await using desk = await testRuntime({ project })
  const run = await desk.start('refund', { userId: 'user_456', request: 'Please pay me back.' })
  assert.match(JSON.stringify(await run.output()), /within 30 days/)
})
