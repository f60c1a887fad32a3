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
  const child = spawn(process.execPath, [new URL('./send_reminders.mjs', import.meta.url).pathname], { env })
  child.stdin.end(JSON.stringify(inputs))
  let out = ''
  child.stdout.on('data', (data) => {
    out += data
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  close()
  return { code, sent, result: out && JSON.parse(out) }
}

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
