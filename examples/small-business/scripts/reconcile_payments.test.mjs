import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runWith } from '../test/outside.mjs'

const run = (answers, given) => runWith(new URL('./reconcile_payments.mjs', import.meta.url), answers, given)

const invoices = { today: '2026-03-05', invoices: [{ id: 'I1', amount: 4900, name: 'Ada' }] }
const payment = (more) => ({ id: 'p1', amount: 4900, name: 'Ada', reference: 'from Ada', ...more })

test('a payment goes to the invoice that it names, else to the only one that fits', async () => {
  const { result } = await run({
    'GET /v1/payments': { payments: [payment({ reference: 'Invoice I7' }), payment({})], next: null },
    'GET /v1/invoices?state=open': invoices,
  })
  assert.deepEqual(result, { matched: 2, unclear: 0 })
})

test('what fits none is left to a person', async () => {
  const { result } = await run({
    'GET /v1/payments': { payments: [payment({ amount: 1 })], next: null },
    'GET /v1/invoices?state=open': invoices,
  })
  assert.deepEqual(result, { matched: 0, unclear: 1 })
})
