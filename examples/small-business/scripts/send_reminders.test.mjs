import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runWith } from '../test/outside.mjs'

const run = (answers, given) => runWith(new URL('./send_reminders.mjs', import.meta.url), answers, given)

const late = { id: 'I1', email: 'ada@x.example', due: '2026-03-01', amount: 4900, reminders: 0 }
const open = (invoices) => ({ 'GET /v1/invoices?state=open': { today: '2026-03-05', invoices } })

test('who is late is reminded, and who is not is left alone', async () => {
  const { sent, result } = await run(open([late, { ...late, id: 'I2', due: '2026-03-09' }]))
  assert.deepEqual(result, { reminded: 1 })
  assert.equal(sent.filter(([name]) => name === 'POST /v1/messages').length, 1)
})

test('nobody is reminded a fourth time, or twice in a week', async () => {
  const { result } = await run(
    open([
      { ...late, reminders: 3 },
      { ...late, reminders: 1 },
    ]),
  )
  assert.deepEqual(result, { reminded: 0 })
})
