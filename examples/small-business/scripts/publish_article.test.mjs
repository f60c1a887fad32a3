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
  const child = spawn(process.execPath, [new URL('./publish_article.mjs', import.meta.url).pathname], { env })
  child.stdin.end(JSON.stringify(inputs))
  let out = ''
  child.stdout.on('data', (data) => {
    out += data
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  close()
  return { code, sent, result: out && JSON.parse(out) }
}

test('the address is made of topic and day', async () => {
  const { sent, result } = await run(
    { 'GET /api/status': { today: '2026-03-05' }, 'PUT /api/articles/page-speed-2026-03-05': { words: 120 } },
    { topic: 'Page speed', title: 'Speed', body: 'Words' },
  )
  assert.deepEqual(result, { slug: 'page-speed-2026-03-05', words: 120 })
  assert.deepEqual(sent[1][1], { title: 'Speed', topic: 'Page speed', body: 'Words' })
})
