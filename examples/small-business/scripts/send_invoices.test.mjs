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
  const child = spawn(process.execPath, [new URL('./send_invoices.mjs', import.meta.url).pathname], { env })
  child.stdin.end(JSON.stringify(inputs))
  let out = ''
  child.stdout.on('data', (data) => {
    out += data
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  close()
  return { code, sent, result: out && JSON.parse(out) }
}

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
