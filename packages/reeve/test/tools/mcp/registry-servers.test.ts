import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { toJsonSchema } from '../../../src/base/schema/schema.ts'
import type { Clock } from '../../../src/base/time/time.ts'
import { type McpServer, type McpServerDefinition, mcpServer } from '../../../src/tools/mcp/index.ts'
import { callTool } from '../tool-call.ts'
import { expiringServer } from './expiring-server.ts'
import { testFolder } from './hostile.ts'

const everything = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-everything/dist/index.js'))
const memory = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-memory/dist/index.js'))

let remote: ChildProcess
let remoteUrl: string

beforeAll(async () => {
  const port = await freePort()
  remote = await startRemote(port)
  remoteUrl = `http://127.0.0.1:${port}/mcp`
})

afterAll(() => stop(remote))

/** Starts server-everything over streamable HTTP. */
async function startRemote(port: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, [everything, 'streamableHttp'], {
    env: { PATH: process.env.PATH, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const [line] = (await once(child.stderr!, 'data')) as [Buffer]
  expect(line.toString()).toContain('listening')
  return child
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** A server with all that it offers pinned. */
async function pinned(definition: McpServerDefinition, edges: { clock?: Clock } = {}): Promise<McpServer> {
  const server = mcpServer({ ...definition, pins: join(testFolder(), 'mcp-pins.json') }, edges)
  onTestFinished(() => server.close())
  await server.pin()
  return server
}

const ways: [string, () => McpServerDefinition][] = [
  ['stdio', () => ({ name: 'everything', command: process.execPath, args: [everything, 'stdio'] })],
  ['streamable HTTP', () => ({ name: 'everything', url: remoteUrl })],
]

test.each(ways)('server-everything over %s: tools, prompts and resources', async (_way, definition) => {
  const server = await pinned(definition())
  expect(server.tools().length).toBeGreaterThan(10)
  const sum = server.tool('get-sum')
  expect(sum).toMatchObject({ name: 'everything.get-sum', effect: 'once', risk: 'high' })
  expect(toJsonSchema(sum.input, 'input')).toMatchObject({ required: ['a', 'b'] })
  await expect(callTool(sum, { a: 2, b: 40 })).resolves.toMatchObject({
    source: 'everything',
    text: 'The sum of 2 and 40 is 42.',
  })
  await expect(callTool(sum, { a: 2, b: 'many' })).rejects.toMatchObject({ code: 'invalid-input' })
  await expect(
    callTool(server.tool('get-structured-content'), { location: 'New York' }),
  ).resolves.toMatchObject({ structured: { conditions: expect.any(String) }, failed: false })
  const image = await callTool(server.tool('get-tiny-image'), {})
  expect(image.parts).toEqual([
    { type: 'image', mimeType: 'image/png', base64: expect.stringMatching(/^iVBOR/) },
  ])
  const prompt = await callTool(server.prompt('args-prompt'), { city: 'Porto' })
  expect(prompt.text).toContain('Porto')
  const { list, read } = server.resources()
  const { structured } = await callTool(list, {})
  const [first] = (structured as { resources: { uri: string }[] }).resources
  const document = await callTool(read, { uri: first!.uri })
  expect(document.text).toMatch(/^# Everything Server/)
})

test('what server-everything sees of the environment is what was allowed', async () => {
  const server = await pinned({
    ...(ways[0]![1]() as McpServerDefinition),
    env: { GREETING: 'hello' },
  } as never)
  const { text } = await callTool(server.tool('get-env'), {})
  const names = Object.keys(JSON.parse(text))
  expect(names).toContain('GREETING')
  expect(names.filter((name) => !['GREETING', 'HOME', 'PATH', 'TMPDIR'].includes(name))).toEqual([])
})

test('server-everything over streamable HTTP: a call that is given up', async () => {
  const server = await pinned({ name: 'everything', url: remoteUrl })
  const given = new AbortController()
  const slow = callTool(
    server.tool('trigger-long-running-operation'),
    { duration: 60, steps: 60 },
    { signal: given.signal },
  )
  given.abort(new Error('given up'))
  await expect(slow).rejects.toThrow('given up')
  await expect(callTool(server.tool('echo'), { message: 'still here' })).resolves.toMatchObject({
    text: 'Echo: still here',
  })
})

test('a web server that was started anew forgot the session: the call is made in another one', async () => {
  const port = await freePort()
  const first = await startRemote(port)
  const server = await pinned({ name: 'everything', url: `http://127.0.0.1:${port}/mcp` })
  await stop(first)
  const second = await startRemote(port)
  onTestFinished(() => stop(second))
  const echo = server.tool('echo')
  await expect(callTool(echo, { message: 'again' })).resolves.toMatchObject({ text: 'Echo: again' })
})

test.each([404, 410])('a session that ended with HTTP %i is opened anew, however often', async (status) => {
  const expiring = expiringServer(status)
  expiring.server.listen(0, '127.0.0.1')
  await once(expiring.server, 'listening')
  onTestFinished(() => {
    expiring.server.closeAllConnections()
    expiring.server.close()
  })
  const { port } = expiring.server.address() as AddressInfo
  const headers = { authorization: 'Bearer canary-0123456789' }
  const server = await pinned({ name: 'notes', url: `http://127.0.0.1:${port}/mcp`, headers })
  const texts = Array.from({ length: 12 }, (_, index) => `note ${index}`)
  for (const text of texts) {
    expiring.expire()
    const result = await callTool(server.tool('note'), { text })
    expect(result).toMatchObject({ text: 'noted for [secret]' })
  }
  expect(expiring.done).toEqual(texts)
  expect(expiring.sessions).toBe(13)
})

test('server-memory over stdio keeps what it is told', async () => {
  const file = join(testFolder(), 'memory.jsonl')
  const server = await pinned({
    name: 'memory',
    command: process.execPath,
    args: [memory],
    env: { MEMORY_FILE_PATH: file },
    tools: { read_graph: { effect: 'read', risk: 'low', approval: 'never' } },
  })
  expect(server.tool('read_graph').needsApproval({})).toBe(false)
  expect(server.tool('create_entities').needsApproval({})).toBe(true)
  const entities = [{ name: 'Ada', entityType: 'person', observations: ['writes programs'] }]
  await callTool(server.tool('create_entities'), { entities })
  await expect(callTool(server.tool('read_graph'), {})).resolves.toMatchObject({ structured: { entities } })
  expect(existsSync(file)).toBe(true)
})

/** A server that answers everything alike. */
async function web(body: string, type: string, status: number): Promise<string> {
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(status, { 'content-type': type, location: 'http://127.0.0.1:1/' })
    response.end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
}

const refused = [
  [
    'floods with one event',
    'text/event-stream',
    200,
    'x'.repeat(70_000),
    /a message of more than 65536 bytes/,
  ],
  [
    'floods with one event of many lines',
    'text/event-stream',
    200,
    'data: x\n'.repeat(20_000),
    /more than 65536 bytes/,
  ],
  [
    'streams many small events',
    'text/event-stream',
    200,
    `${'data: {"jsonrpc":"2.0","method":"x"}\n\n'.repeat(5000)}data: {"jsonrpc":"2.0","id":78,"result":{}}\n\n`,
    /\(id 78\)/,
  ],
  [
    'floods with JSON',
    'application/json',
    200,
    `"${'x'.repeat(70_000)}"`,
    /a message of more than 65536 bytes/,
  ],
  ['answers no JSON', 'application/json', 200, '<html>', /not a JSON-RPC message/],
  ['answers no JSON-RPC', 'application/json', 200, '{"hello":1}', /not a JSON-RPC message/],
  ['streams no JSON-RPC', 'text/event-stream', 200, 'data: {"hello":1}\n\n', /not a JSON-RPC message/],
  [
    'answers for another',
    'text/event-stream',
    200,
    'data: {"jsonrpc":"2.0","id":77,"result":{}}\n\n',
    /\(id 77\)/,
  ],
  ['sends elsewhere', 'text/plain', 307, 'over there', /HTTP 307/],
  ['wants credentials', 'text/plain', 401, 'who are you?', /HTTP 401.*who are you/],
] as const

test.each(refused)('a web server that %s is refused', async (_what, type, status, body, message) => {
  const url = await web(body, type, status)
  const server = mcpServer({ name: 'web', url, maxMessage: 65_536, pins: join(testFolder(), 'pins.json') })
  onTestFinished(() => server.close())
  await expect(server.offers()).rejects.toMatchObject({
    code: 'not-applied',
    message: expect.stringMatching(message),
  })
})

test('a web server that is not there, or at an address that was not meant, is not asked', async () => {
  const gone = mcpServer({ name: 'gone', url: `http://127.0.0.1:${await freePort()}/mcp` })
  await expect(gone.offers()).rejects.toThrow('could not be reached')
  const inside = mcpServer({ name: 'inside', url: 'https://169.254.169.254/mcp', private: true })
  await expect(inside.offers()).rejects.toThrow('is at 169.254.169.254')
  const near = mcpServer({ name: 'near', url: 'https://10.0.0.1/mcp' })
  await expect(near.offers()).rejects.toThrow('not a public address')
})

async function freePort(): Promise<number> {
  const probe = createTcpServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
