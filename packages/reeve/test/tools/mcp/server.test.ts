import { request } from 'node:http'
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernHttp,
} from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { readEnvironment } from '../../../src/base/config.ts'
import { silentLog } from '../../../src/base/log.ts'
import type { Client as ReeveClient } from '../../../src/client/index.ts'
import { workflow } from '../../../src/context.ts'
import type { Workflow } from '../../../src/engine/workflow.ts'
import { listActs } from '../../../src/inspect/authority/act-list.ts'
import { projectOf } from '../../../src/project/load.ts'
import { internalsOf, Runtime } from '../../../src/runtime/runtime.ts'
import { ExactLines } from '../../../src/server/mcp/exact-requests.ts'
import { loadStdio } from '../../../src/server/mcp/load-sdk.ts'
import { mcpServers } from '../../../src/server/mcp/mcp.ts'
import type { McpServeOptions } from '../../../src/server/mcp/mcp-tools.ts'
import type { Role } from '../../../src/store/identity/principals.ts'
import { givenKey } from '../../../src/store/identity/run-keys.ts'
import { tool } from '../../../src/tools/tool.ts'
import { startServer } from '../../server/server-harness.ts'

const Tree = z.object({
  label: z.string(),
  get children() {
    return z.array(Tree).optional()
  },
})
const wired: number[] = []
const wire = tool({
  name: 'bank.wire',
  description: 'Wires money.',
  input: z.object({ amount: z.number() }),
  output: z.object({ wired: z.number() }),
  effect: 'idempotent',
  run: ({ amount }) => {
    wired.push(amount)
    return { wired: amount }
  },
})
const paying = workflow({
  name: 'pay',
  input: z.object({ amount: z.number() }),
  run: (ctx, args) => ctx.call(wire, args),
})
const flows = [
  workflow({
    name: 'greet',
    input: z.object({ name: z.string(), polite: z.boolean().default(true) }),
    run: (ctx, { name, polite }) => ctx.step('greeting', () => `${polite ? 'Dear' : 'Hi'} ${name}`),
  }),
  paying,
  workflow({ name: 'nap', input: z.object({}), run: (ctx) => ctx.sleep('1h') }),
  workflow({ name: 'hear', input: z.object({}), run: (ctx) => ctx.waitFor('go') }),
  workflow({
    name: 'team',
    input: z.object({}),
    run: async (ctx) => (await ctx.start(paying, { amount: 7 })).result(),
  }),
  workflow({ name: 'label', input: Tree, run: (_ctx, { label }) => label }),
  workflow({
    name: 'on-day',
    input: z.object({ day: z.date() }),
    run: () => 'never: a date is not JSON',
  }),
  workflow({
    name: 'visit',
    input: z.object({ url: z.string().refine((url) => new URL(url).protocol === 'https:') }),
    run: (_ctx, { url }) => url,
  }),
  workflow({
    name: 'fail',
    input: z.unknown(),
    run: () => {
      throw new Error('it broke')
    },
  }),
]

async function testRuntime(): Promise<Runtime> {
  const environment = readEnvironment('/', { DATABASE_URL: ':memory:' })
  const runtime = await Runtime.open({ project: projectOf({}, flows, '/'), environment, log: silentLog })
  onTestFinished(() => runtime.stop())
  await runtime.start()
  return runtime
}

/** The SDK's own client, connected to a project's server. */
async function connected(
  options: McpServeOptions = {},
  client = new Client({ name: 'test', version: '1' }),
): Promise<{ client: Client; runtime: Runtime }> {
  const runtime = await testRuntime()
  const [ours, theirs] = InMemoryTransport.createLinkedPair()
  const { serveStdio } = await loadStdio()
  serveStdio(await mcpServers(runtime, options), { transport: ours as never })
  await client.connect(theirs)
  onTestFinished(() => client.close())
  return { client, runtime }
}

async function call(client: Client, name: string, args: Record<string, unknown>) {
  const { structuredContent, isError, content } = await client.callTool({ name, arguments: args })
  expect(JSON.parse((content as { text: string }[])[0]!.text)).toEqual(structuredContent)
  return { isError, ...(structuredContent as Record<string, unknown>) } as Record<string, unknown>
}

async function read(client: Client, uri: string): Promise<Record<string, unknown>> {
  const { contents } = await client.readResource({ uri })
  return JSON.parse((contents[0] as { text: string }).text)
}

test('every workflow is a tool that tells its schema, its own references included', async () => {
  const { client } = await connected()
  const { tools } = await client.listTools()
  expect(tools.map(({ name }) => name)).toEqual([
    'reeve.run',
    'reeve.signal',
    'reeve.cancel',
    'fail',
    'greet',
    'hear',
    'label',
    'nap',
    'on-day',
    'pay',
    'team',
    'visit',
  ])
  const [greet, label, onDay] = ['greet', 'label', 'on-day'].map(
    (name) => tools.find((one) => one.name === name)!,
  )
  expect(greet!.inputSchema).toMatchObject({
    properties: { input: { required: ['name'] }, idempotencyKey: { type: 'string' } },
    required: ['input'],
    additionalProperties: false,
  })
  const items = (label!.inputSchema.properties!.input as { properties: { children: { items: object } } })
    .properties.children.items
  expect(items).toEqual({ $ref: expect.stringMatching(/^#\/properties\/input/) })
  expect(onDay!.inputSchema.properties!.input).toEqual({})
})

test('a call starts a run and waits for its end; the same key starts nothing twice', async () => {
  const { client, runtime } = await connected({ principal: 'the-desk' })
  const first = await call(client, 'greet', { input: { name: 'Ada' }, idempotencyKey: 'k1' })
  expect(first).toMatchObject({ status: 'succeeded', output: 'Dear Ada', isNew: true, isError: false })
  const second = await call(client, 'greet', { input: { name: 'Ada' }, idempotencyKey: 'k1' })
  expect(second).toMatchObject({ runId: first.runId, isNew: false, output: 'Dear Ada' })
  const rows = await internalsOf(runtime).database.all<{ principal: string; idempotency: string }>(
    'select principal, idempotency from runs',
  )
  expect(rows).toMatchObject([{ principal: 'the-desk' }])
  expect(givenKey(rows[0]!)).toBe('k1')
  // Nobody else's start under this key is taken for it.
  const ours = await runtime.startRun('greet', { name: 'Bo' }, { idempotencyKey: 'k1' })
  expect(ours.isNew).toBe(true)
})

test('a call whose check throws is refused by field, and the server goes on', async () => {
  const { client } = await connected()
  for (const input of [{ url: 'nope' }, { url: 'http://x.example' }, 'nope']) {
    const refused = await call(client, 'visit', { input })
    expect(refused).toMatchObject({ isError: true, error: { code: 'invalid-input' } })
  }
  const fine = await call(client, 'visit', { input: { url: 'https://x.example' } })
  expect(fine).toMatchObject({ isError: false, output: 'https://x.example' })
})

test('a run that does not end in time is answered with its id, and looked at later', async () => {
  const { client } = await connected({ maxWaitSeconds: 0 })
  const started = await call(client, 'nap', { input: {} })
  expect(started).toMatchObject({ runId: expect.any(String), isNew: true, isError: false })
  expect(started.status).not.toBe('succeeded')
  await expect(call(client, 'reeve.run', { run: started.runId })).resolves.toMatchObject({ workflow: 'nap' })
})

test('a failure of a run is told; so is what was asked wrongly', async () => {
  const { client } = await connected()
  await expect(call(client, 'fail', { input: null })).resolves.toMatchObject({
    isError: true,
    status: 'failed',
    error: { message: 'it broke' },
  })
  await expect(call(client, 'greet', { input: { name: 5 } })).resolves.toMatchObject({
    isError: true,
    error: { code: 'invalid-input', message: expect.stringContaining('name') },
  })
  await expect(call(client, 'greet', { name: 'Ada' })).resolves.toMatchObject({
    isError: true,
    error: { code: 'invalid-input' },
  })
  await expect(call(client, 'reeve.run', { run: 'none' })).resolves.toMatchObject({
    error: { code: 'unknown-run' },
  })
  await expect(client.callTool({ name: 'reeve.approve', arguments: {} })).rejects.toThrow('There is no tool')
})

test('a run that waits for a person is answered at once, and its approval is a resource', async () => {
  const { client, runtime } = await connected()
  const waiting = await call(client, 'pay', { input: { amount: 120 } })
  expect(waiting).toMatchObject({
    status: 'waiting',
    waitsFor: [{ kind: 'approval', subject: 'bank.wire', shown: { args: { amount: 120 } } }],
  })
  const { resources } = await client.listResources()
  expect(resources.map(({ uri }) => uri)).toEqual(['reeve://approvals', `reeve://runs/${waiting.runId}`])
  const { resourceTemplates } = await client.listResourceTemplates()
  expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
    'reeve://runs/{id}',
    'reeve://approvals/{id}',
  ])
  const { approvals } = await read(client, 'reeve://approvals')
  expect(approvals).toMatchObject([{ runId: waiting.runId, workflow: 'pay', argsHash: expect.any(String) }])
  expect(approvals).toMatchObject([{ context: { inputs: [{ runId: waiting.runId, workflow: 'pay' }] } }])
  const [{ approvalId: approval }] = approvals as [{ approvalId: string }]
  expect(await read(client, `reeve://approvals/${approval}`)).toMatchObject({
    status: 'pending',
    runId: waiting.runId,
  })
  await expect(read(client, 'reeve://approvals/none')).rejects.toThrow('There is no approval')
  await runtime.decide(approval, { verdict: 'approve', by: 'ada' })
  await expect(call(client, 'reeve.run', { run: waiting.runId })).resolves.toMatchObject({
    output: { wired: 120 },
  })
  const run = await read(client, `reeve://runs/${waiting.runId}`)
  expect((run.events as { type: string }[]).map(({ type }) => type)).toContain('effect-completed')
  await expect(read(client, 'reeve://runs/none')).rejects.toThrow('There is no run none')
  await expect(read(client, 'file:///etc/passwd')).rejects.toThrow('There is no resource')
})

test('a run that only somebody else can move is answered at once, as the terminal would say it rests', async () => {
  const { client, runtime } = await connected()
  expect(await call(client, 'hear', { input: {} })).toMatchObject({
    status: 'waiting',
    reason: 'signal "go"',
  })
  const team = await call(client, 'team', { input: {} })
  expect(team).toMatchObject({ status: 'waiting', waitsFor: [{ subject: 'bank.wire' }] })
  const paused = await runtime.startRun('nap', {})
  await runtime.pause(paused.id)
  expect(await call(client, 'reeve.run', { run: paused.id })).toMatchObject({ runId: paused.id })
})

test('a run is signalled to and cancelled by its key, and the log of acts says by whom', async () => {
  const { client, runtime } = await connected({ principal: 'desk', proof: 'token' })
  const [heard, napping] = await Promise.all([
    runtime.startRun('hear', {}, { key: 'R-1' }),
    runtime.startRun('nap', {}, { idempotencyKey: 'nap 1' }),
  ])
  const go = { run: 'R-1', name: 'go', payload: { usd: 9 }, id: 'bank 1' }
  expect(await call(client, 'reeve.signal', go)).toMatchObject({ status: 'succeeded', output: { usd: 9 } })
  expect(await call(client, 'reeve.signal', go)).toMatchObject({ runId: heard.id, isNew: false })
  expect(await call(client, 'reeve.cancel', { run: 'nap 1' })).toMatchObject({ status: 'cancelled' })
  const acts = listActs(internalsOf(runtime).database, { type: 'run-signalled' })
  expect(await acts).toMatchObject([{ type: 'run-signalled', by: 'desk', proof: 'token' }])
  const viewer = await connected({ mayAct: false })
  await viewer.runtime.startRun('nap', {}, { idempotencyKey: napping.id })
  for (const [name, args] of [
    ['reeve.signal', { run: napping.id, name: 'go' }],
    ['reeve.cancel', { run: napping.id }],
  ] as const)
    expect(await call(viewer.client, name, args)).toMatchObject({ error: { code: 'role-too-low' } })
})

test('nothing that speaks MCP decides: there is no such tool, and the run waits for a person', async () => {
  const { client, runtime } = await connected()
  wired.length = 0
  const waiting = await call(client, 'pay', { input: { amount: 7 } })
  const [{ approvalId: approval, argsHash }] = waiting.waitsFor as [{ approvalId: string; argsHash: string }]
  const { tools } = await client.listTools()
  const own = tools.map(({ name }) => name).filter((name) => name.startsWith('reeve.'))
  expect(own).toEqual(['reeve.run', 'reeve.signal', 'reeve.cancel'])
  for (const verdict of ['approve', 'reject', 'answer']) {
    const tried = call(client, `reeve.${verdict}`, { approval, argsHash, answer: 'yes' })
    expect(await tried.catch((error: Error) => ({ error: error.message }))).toHaveProperty('error')
  }
  expect(await call(client, 'reeve.run', { run: waiting.runId })).toMatchObject({ status: 'waiting' })
  expect(wired).toEqual([])
  await runtime.decide(approval, { verdict: 'approve', by: 'ada', hash: argsHash })
  await expect.poll(() => wired).toEqual([7])
})

test('over lines a client of 2025-11-25 is led to the page as well, once, and decides nothing', async () => {
  const led: unknown[] = []
  const old = new Client({ name: 'old', version: '1' }, { capabilities: { elicitation: { url: {} } } })
  old.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    led.push(params)
    return { action: 'accept' }
  })
  const { client } = await connected({ pageUrl: 'https://desk.example' }, old)
  const told = await call(client, 'pay', { input: { amount: 5 }, waitSeconds: 0.1 })
  expect(told).toMatchObject({ status: 'waiting', waitsFor: [{ subject: 'bank.wire' }] })
  expect(led).toEqual([
    expect.objectContaining({
      mode: 'url',
      url: expect.stringMatching(/^https:\/\/desk\.example\/inbox\?item=/),
    }),
  ])
})

test('a client that goes away stops the waiting, not the run', async () => {
  const { client, runtime } = await connected()
  const given = new AbortController()
  const started = client.callTool({ name: 'nap', arguments: { input: {} } }, undefined, {
    signal: given.signal,
  })
  await expect.poll(() => internalsOf(runtime).database.all('select id from runs')).toHaveLength(1)
  given.abort('gone')
  await expect(started).rejects.toThrow()
  const [run] = await internalsOf(runtime).database.all<{ status: string }>('select status from runs')
  expect(['running', 'waiting']).toContain(run!.status)
})

/** The project served over HTTP, with a token of a role. */
async function listening(role: Role = 'operator') {
  const server = await startServer({ workflows: flows as unknown as Workflow[] })
  const token = await server.tokenOf(role)
  return { ...server, url: `${server.url}/mcp`, authorization: `Bearer ${token}` }
}

/** A client of 2026-07-28 that can lead its user to a page, and notes where it was led. */
async function modern(
  at: { url: string; authorization: string },
  capabilities: object = {},
  visit: (url: string) => Promise<void> | void = () => undefined,
) {
  const client = new ModernClient(
    { name: 'new', version: '1' },
    { capabilities, versionNegotiation: { mode: 'auto' } },
  )
  if ('elicitation' in capabilities)
    client.setRequestHandler('elicitation/create', async ({ params }) => {
      await visit((params as { url: string }).url)
      return { action: 'accept' as const }
    })
  const requestInit = { headers: { authorization: at.authorization } }
  await client.connect(new ModernHttp(new URL(at.url), { requestInit }))
  onTestFinished(() => client.close())
  return client
}

test("over HTTP the SDK's client of 2025-11-25 starts runs and reads them", async () => {
  const { url, authorization } = await listening()
  const client = new Client({ name: 'test', version: '1' })
  const requestInit = { headers: { authorization } }
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }))
  onTestFinished(() => client.close())
  const { runId, ...rest } = await call(client, 'greet', { input: { name: 'Ada', polite: false } })
  expect(rest).toMatchObject({ status: 'succeeded', output: 'Hi Ada' })
  await expect(read(client, `reeve://runs/${runId}`)).resolves.toMatchObject({ status: 'succeeded' })
})

test('a client of 2026-07-28 is led to the page where a person decides, once, and hears what came of it', async () => {
  const at = await listening()
  wired.length = 0
  const visited: string[] = []
  const person = await at.as('approver')
  const client = await modern(at, { elicitation: { url: {} } }, async (url) => {
    visited.push(url)
    await approve(person, new URL(url).searchParams.get('item')!)
  })
  expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28')
  const answer = await client.callTool({ name: 'pay', arguments: { input: { amount: 3 } } })
  expect(answer).toMatchObject({ structuredContent: { status: 'succeeded', output: { wired: 3 } } })
  expect(visited).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/inbox\?item=/)])
  expect(wired).toEqual([3])
  expect(await at.internals.database.all('select id from runs')).toHaveLength(1)
})

test('that its user saw the page decides nothing: the run waits on, and the client hears so', async () => {
  const at = await listening()
  wired.length = 0
  const visited: string[] = []
  const client = await modern(at, { elicitation: { url: {} } }, (url) => void visited.push(url))
  const input = { amount: 4 }
  const answer = client.callTool({ name: 'pay', arguments: { input, waitSeconds: 0.2 } })
  expect((await answer).structuredContent).toMatchObject({
    status: 'waiting',
    waitsFor: [{ subject: 'bank.wire' }],
  })
  expect(visited).toHaveLength(1)
  expect(wired).toEqual([])
})

/** As a person does on the page: upon what it shows. */
async function approve(person: ReeveClient, approval: string): Promise<void> {
  const shown = await person.approvals.one({ params: { approval } })
  await person.approvals.decide({ params: { approval }, body: { verdict: 'approve', hash: shown.hash } })
}

const rawMeta = (capabilities: object) => ({
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': capabilities,
})

/** One request of 2026-07-28, exactly as given. */
async function raw(
  at: { url: string; authorization: string },
  method: string,
  params: Record<string, unknown>,
  capabilities: object = { extensions: { 'io.modelcontextprotocol/tasks': {} } },
) {
  const name = params.name ?? params.uri ?? params.taskId
  const response = await fetch(at.url, {
    method: 'POST',
    headers: {
      authorization: at.authorization,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(typeof name === 'string' && { 'mcp-name': name }),
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method,
      params: { ...params, _meta: rawMeta(capabilities) },
    }),
  })
  const { result, error } = (await response.json()) as Record<string, Record<string, unknown>>
  return { status: response.status, ...(error ? { error } : result) } as Record<string, unknown>
}

test('a run that takes long is a task: asked for by its id, ended by it, and decided by nothing', async () => {
  const at = await listening()
  wired.length = 0
  const { capabilities } = await raw(at, 'server/discover', {})
  expect(capabilities).toMatchObject({ extensions: { 'io.modelcontextprotocol/tasks': {} } })
  const soon = await raw(at, 'tools/call', { name: 'greet', arguments: { input: { name: 'Ada' } } })
  expect(soon).toMatchObject({ resultType: 'complete', structuredContent: { output: 'Dear Ada' } })
  const paying = await raw(at, 'tools/call', { name: 'pay', arguments: { input: { amount: 9 } } })
  expect(paying).toMatchObject({ resultType: 'task', status: 'working', ttlMs: null })
  const { taskId } = paying as { taskId: string }
  const both = { extensions: { 'io.modelcontextprotocol/tasks': {} }, elicitation: { url: {} } }
  const asked = (await raw(at, 'tasks/get', { taskId }, both)) as {
    status: string
    inputRequests: Record<string, { method: string; params: { mode: string; url: string } }>
  }
  const [approval, { params }] = Object.entries(asked.inputRequests)[0]!
  expect(params).toMatchObject({ mode: 'url', url: expect.stringContaining(`/inbox?item=${approval}`) })
  expect(await raw(at, 'tasks/get', { taskId })).toMatchObject({ status: 'working', resultType: 'complete' })
  const inputResponses = { [approval]: { action: 'accept', content: { verdict: 'approve' } } }
  expect(await raw(at, 'tasks/update', { taskId, inputResponses })).toMatchObject({ resultType: 'complete' })
  expect(wired).toEqual([])
  await approve(await at.as('approver'), approval)
  await expect
    .poll(() => raw(at, 'tasks/get', { taskId }))
    .toMatchObject({
      status: 'completed',
      result: { isError: false, structuredContent: { output: { wired: 9 } } },
    })
  const nap = await raw(at, 'tools/call', { name: 'nap', arguments: { waitSeconds: 0 } })
  expect(await raw(at, 'tasks/cancel', { taskId: nap.taskId })).toMatchObject({ resultType: 'complete' })
  expect(await raw(at, 'tasks/get', { taskId: nap.taskId })).toMatchObject({ status: 'cancelled' })
  expect(await raw(at, 'tasks/get', { taskId: 'none' })).toMatchObject({ error: { code: -32602 } })
})

test('a state that a client made up reads no run of another tool, and starts none', async () => {
  const at = await listening()
  const { taskId } = await raw(at, 'tools/call', { name: 'nap', arguments: { waitSeconds: 0 } })
  for (const requestState of [taskId as string, 'none', '']) {
    const tried = await raw(at, 'tools/call', {
      name: 'pay',
      arguments: { input: { amount: 1 } },
      requestState,
    })
    expect(tried).toMatchObject({ error: { code: -32602 } })
  }
  expect(await at.internals.database.all('select id from runs')).toHaveLength(1)
})

test('a viewer looks at runs, and starts and ends none', async () => {
  const at = await listening('viewer')
  const { id: taskId } = await at.runtime.startRun('nap', {})
  const start = await raw(at, 'tools/call', { name: 'nap', arguments: {} })
  expect(start).toMatchObject({ isError: true, structuredContent: { error: { code: 'role-too-low' } } })
  expect(await raw(at, 'tasks/cancel', { taskId })).toMatchObject({ error: { code: -32602 } })
  expect(
    await raw(at, 'tools/call', { name: 'reeve.run', arguments: { run: taskId, waitSeconds: 0 } }),
  ).toMatchObject({
    structuredContent: { workflow: 'nap' },
  })
  expect(await raw(at, 'resources/read', { uri: `reeve://runs/${taskId}` })).toMatchObject({
    resultType: 'complete',
  })
})

const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} })

/** One raw request, with the headers exactly as given. */
function ask(url: string, headers: Record<string, string>, method = 'POST', sent = body): Promise<number> {
  const accept = 'application/json, text/event-stream'
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const given = { accept, 'content-type': 'application/json', ...headers }
  const outgoing = request(url, { method, headers: given }, (response) => {
    resolve(response.statusCode!)
    outgoing.destroy()
  })
  outgoing.on('error', reject)
  outgoing.end(method === 'POST' ? sent : undefined)
  return promise
}

test('over HTTP nobody gets in without a token, from a web page, or under another name', async () => {
  const { url, authorization } = await listening()
  expect(await ask(url, { authorization })).toBe(200)
  expect(await ask(url, {})).toBe(401)
  expect(await ask(url, { authorization: `${authorization}x` })).toBe(401)
  expect(await ask(url, { authorization: authorization.slice(7) })).toBe(401)
  expect(await ask(url, { authorization, host: 'evil.test' })).toBe(421)
  expect(await ask(url, { authorization, origin: 'https://evil.test' })).toBe(403)
  expect(await ask(url, { authorization, origin: 'null' })).toBe(403)
  expect(await ask(url, { authorization }, 'GET')).toBe(405)
  expect(await ask(url, { authorization }, 'DELETE')).toBe(405)
  expect(await ask(url, { authorization, 'content-type': 'text/plain' })).toBe(415)
  expect(await ask(url, { authorization }, 'POST', '{"jsonrpc"')).toBe(400)
  expect(await ask(url, { authorization }, 'POST', `"${'x'.repeat(1_100_000)}"`)).toBe(413)
})

test.each([
  ['a repeated key', '{"amount":1,"amount":100}', 'gives the property \\"amount\\" twice'],
  ['a key repeated in another spelling', '{"amount":1,"\\u0061mount":100}', 'twice'],
  ['a number that would be rounded', '{"amount":9007199254740993}', '9007199254740993 would be rounded'],
])('a call with %s starts nothing and says why, over HTTP and over lines', async (_name, input, problem) => {
  const text = `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"pay","arguments":{"input":${input}}}}`
  const before = wired.length
  const { url, authorization } = await listening()
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      authorization,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    },
    body: text,
  })
  expect(response.status).toBe(400)
  const told = await response.text()
  expect(told).toContain(problem)
  expect(JSON.parse(told)).toMatchObject({ id: 7, error: { code: -32600 } })
  expect(wired).toHaveLength(before)

  const answers: string[] = []
  const lines = new ExactLines((line) => answers.push(line))
  const bytes = Buffer.from(`${body}\n${text}\nno JSON\n${body}`)
  for (let at = 0; at < bytes.length; at += 50) lines.write(bytes.subarray(at, at + 50))
  lines.end()
  expect(Buffer.concat(await Array.fromAsync(lines)).toString()).toBe(`${body}\nno JSON\n${body}`)
  expect(answers.map((line) => JSON.parse(line))).toEqual([JSON.parse(told)])
})
