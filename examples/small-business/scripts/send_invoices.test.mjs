import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runWith } from '../test/outside.mjs'

const run = (answers, given) => runWith(new URL('./send_invoices.mjs', import.meta.url), answers, given)

const order = { id: 'o-1', amount: 4900, description: 'Care', customer: { email: 'ada@x.example' } }

test('each order gets its invoice, and the customer hears of it', async () => {
  const { code, sent, result } = await run({
    'GET /v1/orders': { orders: [order] },
    'POST /v1/invoices': { id: 'I1', due: '2026-03-20' },
  })
  assert.deepEqual([code, result], [0, { sent: 1, cents: 4900, left: 0 }])
  assert.deepEqual(sent[1], ['POST /v1/invoices', { order: 'o-1', amount: 4900 }])
  assert.match(sent[2][1].body, /\$49\.00, due on 2026-03-20/)
})

test('a service that is down is tried again later', async () => {
  assert.equal((await run({ 'GET /v1/orders': { status: 503 } })).code, 75)
})
