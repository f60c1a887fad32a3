import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { test } from 'node:test'

/** Answers by `METHOD /path`; notes what was sent. */
async function outside(answers) {
  const sent = []
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const name = `${request.method} ${request.url}`
    sent.push([name, text && JSON.parse(text)])
    const answer = answers[name] ?? {}
    response.writeHead(answer.status ?? 200, { connection: 'close' }).end(JSON.stringify(answer))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${server.address().port}`
  return { sent, url, close: () => server.close() }
}

async function run(answers, inputs = {}) {
  const { sent, url, close } = await outside(answers)
  const env = { ...process.env, PAYMENTS_URL: url, MAIL_URL: url, SITE_URL: url }
  const child = spawn(process.execPath, [new URL('./reconcile_payments.mjs', import.meta.url).pathname], {
    env,
  })
  child.stdin.end(JSON.stringify(inputs))
  let out = ''
  child.stdout.on('data', (data) => {
    out += data
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  close()
  return { code, sent, result: out && JSON.parse(out) }
}

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
