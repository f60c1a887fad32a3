import { request } from 'node:http'
import { expect, test } from 'vitest'
import { errorCodes } from '../../src/base/error-codes/error-codes.ts'
import { contentSecurityPolicy } from '../../src/server/auth/security-headers.ts'
import { statusOf } from '../../src/server/http/problem.ts'
import { serve } from '../../src/server/listen.ts'
import { addPrincipal } from '../../src/store/identity/principals.ts'
import { startServer } from './server-harness.ts'

interface Answer {
  status: number
  type: string
  headers: Record<string, string | string[] | undefined>
  body: { code?: string; detail?: string; type?: string; status?: number }
}

/** Headers as they are given: `fetch` would not send them. */
function raw(
  url: string,
  options: { method?: string; path: string; headers: Record<string, string>; body?: string },
) {
  return new Promise<Answer>((resolve, reject) => {
    const { method = 'GET', path, headers, body } = options
    const asked = request(`${url}${path}`, { method, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.on('end', () => {
        const type = response.headers['content-type'] ?? ''
        const json = type.includes('json') ? (JSON.parse(text) as Answer['body']) : {}
        resolve({ status: response.statusCode!, type, headers: response.headers, body: json })
      })
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

async function asker() {
  const server = await startServer({ serve: { mostBodyBytes: 10_000 } })
  const authorization = `Bearer ${await server.tokenOf('operator')}`
  const ask = (
    path: string,
    options: { method?: string; headers?: Record<string, string>; body?: string } = {},
  ) => raw(server.url, { path, ...options, headers: { authorization, ...options.headers } })
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    ask(path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })
  return { server, ask, post }
}

test('every refusal is a problem with a code, what to do, and a link that is there', async () => {
  const { server, ask } = await asker()
  const { status, type, body } = await ask('/api/runs/nothing')
  expect({ status, type }).toEqual({ status: 404, type: 'application/problem+json' })
  expect(body).toMatchObject({ code: 'unknown-run', status: 404, type: '/docs/api#code-unknown-run' })
  expect((await fetch(`${server.url}/docs/api`)).status).toBe(200)
})

test.each([
  ['malformed', '{"workflow": ', 'not-json', 400],
  ['of another encoding', Buffer.from([0x7b, 0xff, 0x7d]).toString('latin1'), 'not-json', 400],
  ['with a key that stands twice', '{"workflow":"greet","workflow":"fail"}', 'inexact-json', 400],
  [
    'with a number that would be rounded',
    '{"workflow":"greet","input":9007199254740993}',
    'inexact-json',
    400,
  ],
  ['with a field that is not known', '{"workflow":"greet","inputs":{}}', 'invalid-input', 422],
  ['that is not an object', '[]', 'invalid-input', 422],
  ['without what is needed', '{}', 'invalid-input', 422],
  ['for a workflow that is not there', '{"workflow":"nothing"}', 'unknown-workflow', 404],
  ['whose input does not fit the workflow', '{"workflow":"greet","input":{"name":7}}', 'invalid-input', 422],
  [
    'that is deep',
    `{"workflow":"greet","input":${'['.repeat(4000)}${']'.repeat(4000)}}`,
    'invalid-input',
    422,
  ],
  ['that is large', `{"workflow":"greet","input":"${'x'.repeat(10_000)}"}`, 'request-too-large', 413],
])('a body %s is refused', async (_what, body, code, status) => {
  const { server, post } = await asker()
  const answer = await post('/api/runs', body)
  expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code })
  expect(await server.internals.database.all('select id from runs')).toEqual([])
})

test('a body that says it is small and is not is cut off', async () => {
  const { post } = await asker()
  const body = `{"workflow":"greet","input":"${'x'.repeat(20_000)}"}`
  const { status } = await post('/api/runs', body, { 'transfer-encoding': 'chunked' })
  expect(status).toBe(413)
})

test.each([
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/jsonp',
  'application/json; charset=latin1',
])('a body of type %s is refused', async (type) => {
  const { post } = await asker()
  const { status, body } = await post('/api/runs', '{"workflow":"await-go"}', { 'content-type': type })
  expect([status, body.code]).toEqual([415, 'bad-media-type'])
})

test.each(['evil.example', 'evil.example:80', '127.0.0.1'])('a Host of %j is not served', async (host) => {
  const { ask } = await asker()
  const { status, body } = await ask('/api/runs', { headers: { host } })
  expect([status, body.code]).toEqual([421, 'host-not-served'])
})

test('a page of elsewhere may neither read nor write; the own pages may', async () => {
  const { server, ask } = await asker()
  for (const origin of [
    'https://evil.example',
    'null',
    'http://127.0.0.1',
    server.url.replace('http', 'https'),
  ]) {
    const { status, body } = await ask('/api/runs', { headers: { origin } })
    expect([status, body.code]).toEqual([403, 'foreign-origin'])
  }
  expect((await ask('/api/runs', { headers: { origin: server.url } })).status).toBe(200)
})

test('headers of a proxy count only where the proxy is trusted', async () => {
  const { ask } = await asker()
  const forwarded = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }
  const answer = await ask('/api/runs', { headers: forwarded })
  expect(answer.status).toBe(200)
  expect(answer.headers['strict-transport-security']).toBeUndefined()
  const behind = await startServer({ serve: { trustProxy: true, publicUrl: 'https://desk.example' } })
  expect(behind.url).toBe('https://desk.example')
  const at = `http://127.0.0.1:${behind.port}`
  const headers = { host: '127.0.0.1:1', 'x-forwarded-host': 'desk.example', 'x-forwarded-proto': 'https' }
  const page = await raw(at, { path: '/sign-in', headers })
  expect([page.status, page.headers['strict-transport-security']]).toEqual([200, 'max-age=31536000'])
  const other = await raw(at, {
    path: '/sign-in',
    headers: { ...headers, 'x-forwarded-host': 'x, evil.example' },
  })
  expect(other.status).toBe(421)
})

test.each([
  ['/api/runs?limit=0', 400],
  ['/api/runs?limit=x', 400],
  ['/api/runs?nothing=1', 400],
  ['/api/runs?status=odd', 400],
  ['/api/runs?cursor=%00', 400],
  ["/api/runs?cursor=id-x'--", 400],
  ['/api/approvals?cursor=e30', 400],
  ['/api/events?after=x', 400],
  ['/api/runs/%00', 404],
  ['/api/runs/%E0%A4%A', 404],
  ['/api/nothing', 404],
  ['/nothing', 404],
  ['/api/approvals/nothing', 404],
  ['/api/bulk/nothing', 404],
  ['/api/workflows/nothing', 404],
])('%s is answered with %i and a reason', async (path, status) => {
  const { ask } = await asker()
  const answer = await ask(path)
  expect([answer.status, answer.type]).toEqual([status, 'application/problem+json'])
  expect(answer.body.detail!.length).toBeGreaterThan(20)
})

test('a method that a path does not have is told with those that it has', async () => {
  const { ask } = await asker()
  const { status, body, headers } = await ask('/api/runs', { method: 'DELETE' })
  expect([status, body.code, headers.allow]).toEqual([405, 'method-not-served', 'GET, POST'])
})

test('looking never decides: every way to write is no GET', async () => {
  const { server, ask } = await asker()
  const operator = await server.as('operator')
  await operator.runs.start({ query: { wait: '20s' }, body: { workflow: 'decide', input: { what: 'x' } } })
  const [asked] = (await operator.approvals.list()).items
  const { status } = await ask(`/api/approvals/${asked!.id}/decide?verdict=approve&hash=${asked!.hash}`)
  expect(status).toBe(405)
  expect((await operator.approvals.list()).items).toHaveLength(1)
})

test('every answer has the headers that keep a browser from what is foreign', async () => {
  const { server } = await asker()
  for (const path of ['/sign-in', '/docs/api', '/openapi.json', '/api/runs', '/nothing', '/healthz']) {
    const { headers } = await fetch(server.url + path)
    expect(headers.get('content-security-policy')).toBe(contentSecurityPolicy)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-frame-options')).toBe('DENY')
  }
  expect(contentSecurityPolicy).toContain(`script-src 'self'`)
})

test('a code in a link is written into the page as nothing but a code', async () => {
  const { server } = await asker()
  const page = await fetch(`${server.url}/sign-in?code=${encodeURIComponent('"><script>alert(1)</script>')}`)
  expect(await page.text()).toContain('value="scriptalert1script"')
})

test('a port in use is told with what to do', async () => {
  const { server } = await asker()
  const port = Number(new URL(server.url).port)
  await expect(serve(server.runtime, { port })).rejects.toMatchObject({
    code: 'port-in-use',
    message: expect.stringContaining('--port'),
  })
})

test('another host than loopback is refused until there is an owner', async () => {
  const server = await startServer({ isIdle: true })
  const open = { host: '0.0.0.0', port: 0 }
  await expect(serve(server.runtime, open)).rejects.toMatchObject({ code: 'no-owner' })
  const { database } = server.internals
  await database.transaction((session) =>
    addPrincipal(
      session,
      { name: 'ada', kind: 'person', role: 'owner' },
      { by: 'test', proof: 'local-user', at: 0 },
    ),
  )
  const served = await serve(server.runtime, open)
  await served.close()
})

test('of a run that was pruned the answer says that it is not there', async () => {
  const { server, ask } = await asker()
  const operator = await server.as('operator')
  const { id } = await operator.runs.start({
    query: { wait: '20s' },
    body: { workflow: 'greet', input: { name: 'Ada' } },
  })
  const { database } = server.internals
  await database.run('delete from runs where id = ?', [id])
  const { status, body } = await ask(`/api/runs/${id}`)
  expect([status, body.code]).toEqual([404, 'unknown-run'])
})

test('what is wrong with the database or its keys is no fault of whoever asks; what does not fit the state is a conflict', () => {
  const codes = Object.keys(errorCodes)
  const wrong = (pattern: RegExp, right: (status: number) => boolean) =>
    codes.filter((code) => pattern.test(code) && !right(statusOf(code)))
  expect(
    wrong(
      /^(database|journal|integrity|audit-key-(foreign|missing)|secrets-key-missing|commit-)/,
      (status) => status >= 500,
    ),
  ).toEqual([])
  expect(wrong(/^unknown-/, (status) => status === 404)).toEqual([])
  expect(wrong(/-too-large$/, (status) => status === 413 || status === 502)).toEqual(['response-too-large'])
  expect(
    wrong(/^(cannot-(retry|undo)|already-|not-revoked|.*-changed$)/, (status) => status === 409),
  ).toEqual(['mcp-changed', 'script-changed'])
  expect(wrong(/^bad-(cursor|query|request|start|option)$/, (status) => status === 400)).toEqual([])
})
