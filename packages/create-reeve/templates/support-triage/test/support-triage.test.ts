import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { testRuntime } from 'reeve/testing'
import ticket from '../examples/ticket.json' with { type: 'json' }

test('a customer gets the reply that the person approved', async () => {
  const sent: object[] = []
  await using desk = await testRuntime({
    project: join(import.meta.dirname, '..'),
    mocks: {
      'helpdesk.reply': (reply: object) => {
        sent.push(reply)
        return { file: 'sent.json' }
      },
    },
  })
  const run = await desk.start('support-triage', ticket)
  const [asked] = await desk.approvals()
  assert.match(JSON.stringify(asked?.shown), /ana@example\.com.*five working days/)
  await desk.approve(run, { edit: { body: 'It is paid back.' } })

  assert.partialDeepStrictEqual(await run.output(), { facts: { category: 'billing', orderId: 'A-12345' } })
  assert.partialDeepStrictEqual(sent, [{ body: 'It is paid back.' }])
})
