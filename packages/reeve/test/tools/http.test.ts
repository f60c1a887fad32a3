import { spawn } from 'node:child_process'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { NotApplied } from '../../src/engine/calls/effect/definition.ts'
import { httpTool } from '../../src/tools/http/http.ts'
import { HttpClient } from '../../src/tools/http/http-client.ts'
import { tool } from '../../src/tools/tool.ts'
import { LoopbackServer } from './loopback-server.ts'
import { callTool } from './tool-call.ts'

const routes = new Map<string, Parameters<typeof LoopbackServer.start>[0]>()
let server: LoopbackServer
let other: LoopbackServer

beforeEach(async () => {
  routes.clear()
  const answer: Parameters<typeof LoopbackServer.start>[0] = (request, response) => {
    const route = routes.get(request.url.split('?')[0]!)
    if (route) return route(request, response)
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ path: request.url }))
  }
  server = await LoopbackServer.start(answer)
  other = await LoopbackServer.start(answer)
})

afterEach(async () => {
  await server.close()
  await other.close()
})

function client(policy: Partial<ConstructorParameters<typeof HttpClient>[0]> = {}) {
  return new HttpClient({ allow: [], allowPrivate: [server.host, other.host], ...policy })
}

function redirect(path: string, location: string, status = 302) {
  routes.set(path, (_request, response) => response.writeHead(status, { location }).end())
}

test('reads JSON from an allowed host', async () => {
  const read = httpTool({ name: 'api.read', allow: [], allowPrivate: [server.host] })
  const result = await callTool(read, { url: `http://${server.host}/orders/7` })
  expect(result).toMatchObject({ status: 200, body: { path: '/orders/7' } })
  expect([read.effect, read.risk]).toEqual(['read', 'low'])
})

test('loopback is refused unless it is allowed, and nothing is sent', async () => {
  const read = httpTool({ name: 'api.read', allow: 'public' })
  const call = callTool(read, { url: `http://127.0.0.1/` })
  await expect(call).rejects.toBeInstanceOf(NotApplied)
  await expect(call).rejects.toThrow(/not a public address/)
})

test('writing carries the key of the effect, reading does not', async () => {
  const write = httpTool({
    name: 'api.write',
    allow: [],
    allowPrivate: [server.host],
    methods: ['POST', 'GET'],
  })
  await callTool(write, { url: `http://${server.host}/a`, body: { amount: 5 } }, { key: 'run9:3' })
  await callTool(write, { url: `http://${server.host}/b`, method: 'GET' })
  const [post, get] = server.received
  expect(post).toMatchObject({ method: 'POST', body: '{"amount":5}' })
  expect(post!.headers).toMatchObject({ 'idempotency-key': 'run9:3', 'content-type': 'application/json' })
  expect(get!.headers['idempotency-key']).toBeUndefined()
  expect(write.needsApproval({ url: '', method: 'POST' })).toBe(true)
  expect(write.needsApproval({ url: '', method: 'GET' })).toBe(false)
})

test('class, risk and approval follow the method of each call', () => {
  const every = ['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE'] as const
  const rated = (options: Partial<Parameters<typeof httpTool>[0]> = {}) => {
    const all = httpTool({ name: 'api.all', allow: [server.host], methods: every, ...options })
    const ratings = every.map((method) => [
      all.effectOf({ url: '', method }),
      all.riskOf({ url: '', method }),
      all.needsApproval({ url: '', method }),
    ])
    return { declared: [all.effect, all.risk], ratings }
  }
  expect(rated()).toEqual({
    declared: ['once', 'high'],
    ratings: [
      ['read', 'low', false],
      ['read', 'low', false],
      ['once', 'medium', true],
      ['once', 'medium', true],
      ['idempotent', 'medium', true],
      ['idempotent', 'high', true],
    ],
  })
  const keyed = rated({ idempotencyHeader: 'Idempotency-Key' })
  expect(keyed.declared).toEqual(['idempotent', 'high'])
  expect(keyed.ratings.map(([effect]) => effect)).toEqual(['read', 'read', ...Array(4).fill('idempotent')])
  expect(rated({ effect: 'once', risk: 'high' }).ratings[4]).toEqual(['once', 'high', true])
  const acting = httpTool({ name: 'api.trigger', allow: [server.host], effect: 'once' })
  expect(acting.effectOf({ url: '' })).toBe('once')
  expect(() => rated({ effect: 'read' })).toThrow('cannot be a read: it allows POST, PATCH, PUT, DELETE')
})

test('a tool has the rate that it is given', () => {
  const read = httpTool({
    name: 'api.read',
    allow: 'public',
    rate: { count: 5, per: '1m', by: ({ url }) => url },
  })
  expect(read.rate).toMatchObject({ count: 5, perMs: 60_000 })
})

test('a tool cannot rate a call graver than it declares', () => {
  const open = (effect: 'read' | 'once') =>
    tool({
      name: 'door.open',
      description: '',
      input: z.object({}),
      output: z.null(),
      effect,
      effectOf: () => 'idempotent',
      run: () => null,
    })
  expect(open('once').effectOf({})).toBe('idempotent')
  expect(() => open('read').effectOf({})).toThrow('rates a call "idempotent", but declares "read"')
})

test('a name that resolves elsewhere the second time is connected to where it was judged', async () => {
  let asked = 0
  const resolve = async () => [asked++ === 0 ? '127.0.0.1' : '169.254.169.254']
  const rebound = client({ allowPrivate: [`rebind.example:${server.port}`], resolve })
  const answer = await rebound.request({ url: `http://rebind.example:${server.port}/` })
  expect(answer.status).toBe(200)
  expect(asked).toBe(1)
  expect(server.received[0]!.headers.host).toBe(`rebind.example:${server.port}`)
  await expect(rebound.request({ url: `http://rebind.example:${server.port}/` })).rejects.toMatchObject({
    code: 'refused-destination',
  })
  expect(server.received).toHaveLength(1)
})

test('every redirect is judged anew', async () => {
  for (const location of [
    'http://169.254.169.254/latest/meta-data',
    'http://2130706433:1/',
    'file:///etc/passwd',
    'http://[::ffff:127.0.0.1]/',
    '//localhost/',
  ]) {
    redirect('/start', location)
    await expect(client().request({ url: `http://${server.host}/start` })).rejects.toMatchObject({
      code: 'refused-destination',
    })
  }
})

test('follows five redirects and not six', async () => {
  for (let hop = 1; hop <= 6; hop++) redirect(`/hop${hop}`, `/hop${hop - 1}`)
  const answer = await client().request({ url: `http://${server.host}/hop5` })
  expect(answer.url).toBe(`http://${server.host}/hop0`)
  await expect(client().request({ url: `http://${server.host}/hop6` })).rejects.toMatchObject({
    code: 'refused-redirect',
  })
})

test('a redirect to another origin carries neither credentials nor own headers', async () => {
  redirect('/start', `http://${other.host}/end`)
  const origin = `http://${server.host}`
  await client({
    credentials: (asked) => (asked === origin ? { authorization: 'Bearer canary-4711' } : undefined),
    requestHeaders: ['x-customer'],
  }).request({ url: `${origin}/start`, headers: { 'x-customer': 'private', accept: 'application/json' } })
  expect(server.received[0]!.headers).toMatchObject({
    authorization: 'Bearer canary-4711',
    'x-customer': 'private',
  })
  expect(JSON.stringify(other.received[0])).not.toMatch(/canary|private/)
  expect(other.received[0]!.headers.accept).toBe('application/json')
})

test('no redirect repeats a write elsewhere; after a POST it becomes a GET without a body', async () => {
  redirect('/moved', `http://${other.host}/end`, 307)
  redirect('/seen', '/end', 303)
  const writer = client({ methods: ['POST'] })
  const moved = writer.request({ url: `http://${server.host}/moved`, method: 'POST', body: 'secret text' })
  await expect(moved).rejects.toMatchObject({ code: 'refused-redirect', details: { sent: true } })
  expect(other.received).toHaveLength(0)
  await writer.request({ url: `http://${server.host}/seen`, method: 'POST', body: 'text' })
  expect(server.received.at(-1)).toMatchObject({ method: 'GET', body: '' })
})

test('a refusal after the first hop does not claim that nothing was sent', async () => {
  redirect('/start', 'http://10.0.0.1/', 303)
  const write = httpTool({ name: 'api.write', allow: [], allowPrivate: [server.host], methods: ['POST'] })
  const call = callTool(write, { url: `http://${server.host}/start` })
  await expect(call).rejects.toMatchObject({ code: 'refused-destination', details: { sent: true } })
})

test('a secret that an answer repeats is blotted out', async () => {
  routes.set('/echo', (request, response) => {
    response.setHeader('content-type', 'text/plain').setHeader('link', `<${request.headers.authorization}>`)
    response.end(`you sent ${request.headers.authorization}`)
  })
  const answer = await client({ credentials: () => ({ Authorization: 'Bearer canary-4711' }) }).request({
    url: `http://${server.host}/echo`,
  })
  expect(server.received[0]!.headers.authorization).toBe('Bearer canary-4711')
  expect(JSON.stringify([answer, answer.bytes.toString()])).not.toContain('canary-4711')
  expect(answer.text).toBe('you sent [secret]')
})

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
])('a %s bomb stops at the cap', async (encoding, compress) => {
  const bomb = compress(Buffer.alloc(8 * 1024 * 1024))
  routes.set('/bomb', (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': encoding }).end(bomb)
  })
  routes.set('/fine', (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': encoding })
    response.end(compress(Buffer.from('fine')))
  })
  await expect(client().request({ url: `http://${server.host}/bomb` })).rejects.toMatchObject({
    code: 'response-too-large',
  })
  expect((await client().request({ url: `http://${server.host}/fine` })).text).toBe('fine')
})

test('stacked encodings, cut answers and endless headers are errors', async () => {
  routes.set('/stacked', (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip, gzip' })
    response.end(gzipSync(gzipSync('x')))
  })
  routes.set('/cut', (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '100' }).write('half', () => {
      setImmediate(() => response.destroy())
    })
  })
  routes.set('/headers', (_request, response) => {
    response.writeHead(200, { 'x-long': 'a'.repeat(40_000) }).end()
  })
  const url = `http://${server.host}`
  await expect(client().request({ url: `${url}/stacked` })).rejects.toMatchObject({
    code: 'refused-encoding',
  })
  await expect(client().request({ url: `${url}/cut` })).rejects.toMatchObject({ code: 'broken-response' })
  await expect(client().request({ url: `${url}/headers` })).rejects.toMatchObject({ code: 'unreachable' })
})

test('an answer that drips for ever ends at the deadline', async () => {
  routes.set('/slow', (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' }).write('a')
  })
  await expect(client({ timeout: 100 }).request({ url: `http://${server.host}/slow` })).rejects.toMatchObject(
    {
      code: 'http-timeout',
      retryable: true,
    },
  )
})

test('an aborted attempt ends with its own reason', async () => {
  const stop = new AbortController()
  routes.set('/slow', () => stop.abort(new Error('the run was cancelled')))
  const call = client().request({ url: `http://${server.host}/slow`, signal: stop.signal })
  await expect(call).rejects.toThrow('the run was cancelled')
})

test('deeply nested JSON and unwanted types are refused', async () => {
  routes.set('/deep', (_request, response) => {
    response.setHeader('content-type', 'application/json').end('['.repeat(200_000))
  })
  routes.set('/program', (_request, response) => {
    response.setHeader('content-type', 'application/octet-stream').end('MZ')
  })
  const read = httpTool({ name: 'api.read', allow: [], allowPrivate: [server.host] })
  await expect(callTool(read, { url: `http://${server.host}/deep` })).rejects.toMatchObject({
    code: 'json-too-deep',
  })
  await expect(callTool(read, { url: `http://${server.host}/program` })).rejects.toMatchObject({
    code: 'refused-content-type',
  })
})

test('headers of the answer are filtered', async () => {
  routes.set('/cookie', (_request, response) => {
    response.setHeader('set-cookie', 'session=1').setHeader('etag', '"7"').setHeader('server', 'x').end()
  })
  const { headers } = await client().request({ url: `http://${server.host}/cookie` })
  expect(Object.keys(headers).sort()).toEqual(['date', 'etag'])
})

test.each([
  [{ headers: { authorization: 'Bearer x' } }, /authorization/],
  [{ headers: { Host: 'inside' } }, /Host/],
  [{ headers: { accept: 'a\r\nx-injected: 1' } }, /no header may have/],
  [{ method: 'DELETE' as const }, /DELETE is not among/],
  [{ body: 'x' }, /no body/],
  [{ url: 'not a url' }, /not a URL/],
])('refuses the request %j', async (part, message) => {
  await expect(client().request({ url: `http://${server.host}/`, ...part })).rejects.toThrow(message)
  expect(server.received).toHaveLength(0)
})

test('429 and 5xx are retryable, other refusals are results', async () => {
  routes.set('/busy', (_request, response) => response.writeHead(429, { 'retry-after': '7' }).end())
  routes.set('/gone', (_request, response) => response.writeHead(410).end())
  const read = httpTool({ name: 'api.read', allow: [], allowPrivate: [server.host] })
  await expect(callTool(read, { url: `http://${server.host}/busy` })).rejects.toMatchObject({
    code: 'http-status',
    retryable: true,
    details: { status: 429, retryAfterMs: 7000 },
  })
  expect(await callTool(read, { url: `http://${server.host}/gone` })).toMatchObject({
    status: 410,
    body: null,
  })
})

test('a connection that was never made is known to have changed nothing', async () => {
  const closed = createTcpServer()
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
  const { port } = closed.address() as AddressInfo
  await new Promise((resolve) => closed.close(resolve))
  const write = httpTool({
    name: 'api.write',
    allow: [],
    allowPrivate: [`127.0.0.1:${port}`],
    methods: ['POST'],
  })
  const call = callTool(write, { url: `http://127.0.0.1:${port}/` })
  await expect(call).rejects.toBeInstanceOf(NotApplied)
  await expect(call).rejects.toMatchObject({ retryable: true })
})

test('proxies of the environment see nothing', async () => {
  const source = fileURLToPath(new URL('../../src/tools/http/http-client.ts', import.meta.url))
  const code = `
    const { HttpClient } = await import(${JSON.stringify(source)})
    const client = new HttpClient({ allow: [], allowPrivate: ['${server.host}'] })
    console.log((await client.request({ url: 'http://${server.host}/direct' })).status)`
  const proxy = `http://${other.host}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    env: { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy, http_proxy: proxy, NO_PROXY: '' },
  })
  let printed = ''
  child.stdout.on('data', (chunk) => {
    printed += chunk
  })
  await new Promise((resolve) => child.on('close', resolve))
  expect(printed.trim()).toBe('200')
  expect(other.received).toHaveLength(0)
  expect(server.received).toHaveLength(1)
})
