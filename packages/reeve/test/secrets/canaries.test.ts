import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { secret } from '../../src/base/secrets/secret-handle.ts'
import { systemClock } from '../../src/base/time/time.ts'
import { workflow } from '../../src/context.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import type { TextEvent } from '../../src/models/asking/text-stream.ts'
import type { Solver } from '../../src/models/solver.ts'
import { jsonLog } from '../../src/runtime/json-log.ts'
import { exportLines } from '../../src/store/audit/export.ts'
import { backup } from '../../src/store/keeping/backup.ts'
import { httpTool } from '../../src/tools/http/http.ts'
import { tool } from '../../src/tools/tool.ts'
import { sqliteFile, startServer } from '../server/server-harness.ts'
import { startCollector } from '../telemetry/collector.ts'
import { LoopbackServer } from '../tools/loopback-server.ts'
import { canary, formsOfCanary, leaksIn, leaksUnder } from './canary.ts'

const told = formsOfCanary().filter(([form]) => !form.includes('half'))

/** Hands out its secret in every way that a tool has. */
const echo = tool({
  name: 'pay.echo',
  description: 'echo',
  input: z.object({ how: z.enum(['result', 'key', 'blob', 'error', 'details']) }),
  output: z.unknown(),
  effect: 'read',
  secrets: ['PAY_KEY'],
  retry: { attempts: 1 },
  async run({ how }, { reveal }) {
    const value = await reveal('PAY_KEY')
    if (how === 'result') return formsOfCanary(value).filter(([form]) => !form.includes('half'))
    if (how === 'key') return { [value]: { [encodeURIComponent(value)]: 1 } }
    if (how === 'blob') return `${'x'.repeat(300_000)}${value}${Buffer.from(value).toString('base64')}`
    if (how === 'error') throw new Error(`the key ${value} was refused`, { cause: new Error(value) })
    throw Object.assign(new Error('refused'), { request: { headers: { authorization: value } } })
  },
})

/** What a model is asked; it repeats the secret, cut in halves as it streams. */
function parrot(prompts: string[]): Solver {
  return {
    name: 'parrot',
    kind: 'function',
    solve(question, { onText }) {
      prompts.push(JSON.stringify(question))
      for (const part of ['it is ', canary.slice(0, 9), canary.slice(9, 20), canary.slice(20), ' indeed'])
        onText?.(part)
      return { kind: 'value', value: `it is ${canary} indeed` }
    },
  }
}

test('no byte that is stored or sent has a secret, whichever way it takes', async () => {
  const service = await LoopbackServer.start(({ headers }, response) => {
    const got = headers.authorization ?? ''
    const body = { got, base64: Buffer.from(got).toString('base64'), url: encodeURIComponent(got) }
    response.setHeader('content-type', 'application/json').setHeader('x-echo', 'seen')
    response.end(JSON.stringify(body))
  })
  onTestFinished(() => service.close())
  const collector = await startCollector()
  const origin = `http://${service.host}`
  const pay = httpTool({
    name: 'pay.get',
    allow: [],
    allowPrivate: [service.host],
    credentials: { [origin]: { authorization: secret`Bearer ${secret('HTTP_KEY')}` } },
  })
  const leak = workflow({
    name: 'leak',
    input: z.object({ note: z.string() }),
    async run(ctx, { note }) {
      const seen: unknown[] = [note]
      for (const how of ['result', 'key', 'blob', 'error', 'details'] as const)
        seen.push(await ctx.call(echo, { how }).catch((error: Error) => error.message))
      seen.push(await ctx.call(pay, { url: `${origin}/` }))
      ctx.log(`the key is ${canary}`, { told })
      await ctx.step(`step ${canary}`, () => told)
      await ctx.remember(`The key of the till is ${canary}.`)
      seen.push(await ctx.recall('look', { query: `the key ${canary}` }))
      seen.push(await ctx.generate('draft', { route: 'write', with: { told } }))
      await ctx.approve('go on', { show: { told, note } })
      return seen
    },
  }) as unknown as Workflow
  const prompts: string[] = []
  const lines: string[] = []
  const heard: TextEvent[] = []
  const database = sqliteFile() as { kind: 'sqlite'; file: string }
  const server = await startServer({
    database,
    workflows: [leak],
    config: { tools: [echo, pay], routes: { write: { solvers: [parrot(prompts)] } } },
    log: jsonLog((line) => void lines.push(line), true),
    textListener: (event) => void heard.push(event),
    variables: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true',
    },
  })
  const [owner, token] = [await server.as('owner'), await server.tokenOf('owner')]
  const answers: string[] = []
  const fetched = async (path: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) }
    const response = await fetch(`${server.url}${path}`, { ...init, headers })
    answers.push(await response.text())
    return response.status
  }
  // Set while the worker runs: it needs no restart to use them, and to leave them out.
  const kept = await owner.secrets.set({ params: { secret: 'PAY_KEY' }, body: { value: canary } })
  expect(kept).toMatchObject({ name: 'PAY_KEY', version: 1, usedBy: ['pay.echo'] })
  const ascii = canary.replace('é', 'e')
  await owner.secrets.set({ params: { secret: 'HTTP_KEY' }, body: { value: ascii } })
  const sse = new AbortController()
  onTestFinished(() => sse.abort())
  const events = await fetch(`${server.url}/api/events`, {
    headers: { authorization: `Bearer ${token}` },
    signal: sse.signal,
  })
  const { id } = await owner.runs.start({
    body: { workflow: 'leak', input: { note: `use ${canary}` } },
    idempotencyKey: canary.replace('é', 'e'),
  })
  await expect.poll(async () => (await owner.approvals.list()).items.length, { timeout: 10_000 }).toBe(1)
  expect(service.received[0]!.headers.authorization).toBe(`Bearer ${ascii}`)
  const [approval] = (await owner.approvals.list()).items
  const view = `/api/approvals/${approval!.id}`
  for (const path of [
    '/api/runs',
    `/api/runs/${id}`,
    `/api/runs/${id}/story`,
    `/api/runs/${id}/events`,
    `/api/runs/${id}/input`,
    '/api/approvals',
    view,
    '/api/today',
    '/api/waiting',
    '/api/memory?query=key',
    '/api/secrets',
    '/api/costs',
    '/openapi.json',
    '/',
    `/runs/${id}`,
    '/metrics',
  ])
    expect([path, (await fetched(path)) < 500]).toEqual([path, true])
  await fetched('/api/sql', sqlFor('select * from runs'))
  await fetched('/mcp', mcpFor('reeve.run', { run: id }))
  await fetched('/api/runs', { method: 'POST', body: `{"workflow":"${canary}"` })
  const hash = approval!.hash
  await owner.approvals.decide({
    params: { approval: approval!.id },
    body: { verdict: 'approve', hash, note: `as ${canary}` },
  })
  const run = await server.runtime.getRun(id)
  await expect
    .poll(async () => (await server.runtime.getRun(id)).status, { timeout: 10_000 })
    .toBe('succeeded')
  answers.push(JSON.stringify(await server.runtime.getRun(id)), JSON.stringify(run))
  for await (const line of exportLines(server.internals.database, 1)) answers.push(line)
  const reader = events.body!.getReader()
  answers.push(Buffer.from((await reader.read()).value ?? []).toString())
  sse.abort()
  server.internals.log.error(`failed with ${canary}`, { error: String(new Error(canary)), told })
  // Telemetry follows the journal at its own pace.
  const collected = () => collector.requests.map(({ bytes }) => bytes.toString()).join()
  await expect.poll(collected, { timeout: 15_000 }).toContain('[secret]')
  const copy = join(dirname(database.file), 'copy.db')
  await backup(database.file, copy, systemClock)
  await server.close()

  // The value did go through: what stands in its place is everywhere.
  for (const where of [
    answers.join(),
    prompts.join(),
    lines.join(),
    collector.requests.map(({ bytes }) => bytes).join(),
  ])
    expect(where).toContain('[secret]')
  const streamed = heard.flatMap((event) => ('text' in event ? [event.text] : []))
  expect(streamed.join('')).toContain('it is [secret] indeed')
  for (const [what, texts] of Object.entries({ answers, prompts, lines, streamed }))
    expect([what, texts.flatMap((text) => leaksIn(text))]).toEqual([what, []])
  expect(collector.requests.flatMap(({ bytes }) => leaksIn(bytes))).toEqual([])
  expect(leaksUnder(dirname(database.file))).toEqual([])
})

function sqlFor(query: string): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query }) }
}

function mcpFor(name: string, args: object): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }),
  }
}
