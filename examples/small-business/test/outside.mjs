import { spawn } from 'node:child_process'

/** In the script, before its first line: answers by `METHOD /path` in the place of `fetch`, and notes what was sent. */
function standIn(answers) {
  return `import { writeSync } from 'node:fs'
const answers = ${JSON.stringify(answers)}
globalThis.fetch = async (url, { method = 'GET', body } = {}) => {
  const name = method + ' ' + url.replace('http://outside', '')
  writeSync(3, JSON.stringify([name, body ? JSON.parse(body) : '']) + '\\n')
  const { status = 200, ...answer } = answers[name] ?? {}
  return new Response(JSON.stringify(answer), { status })
}`
}

const readAll = async (stream) => {
  let text = ''
  for await (const chunk of stream) text += chunk
  return text
}

/** Runs a script with an outside of its own. It opens no port: tests go the same where there is no network. */
export async function runWith(script, answers, { inputs = {}, args = [] } = {}) {
  const url = 'http://outside'
  const preload = `data:text/javascript,${encodeURIComponent(standIn(answers))}`
  const child = spawn(process.execPath, ['--import', preload, script.pathname, ...args], {
    env: { ...process.env, PAYMENTS_URL: url, MAIL_URL: url, SITE_URL: url },
    stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
  })
  child.stdin.end(JSON.stringify(inputs))
  const ended = new Promise((resolve) => child.on('close', resolve))
  const [out, sent] = await Promise.all([readAll(child.stdout), readAll(child.stdio[3])])
  return {
    code: await ended,
    result: out && JSON.parse(out),
    sent: sent
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  }
}
