import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { workflow } from '../../src/context.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import { mcpServer } from '../../src/tools/mcp/index.ts'
import { webhook } from '../../src/triggers/webhook.ts'
import { startServer } from '../server/server-harness.ts'
import { type CollectedSpan, startCollector } from './collector.ts'

// Where a W3C trace context comes in and where it goes out; tools over HTTP are in telemetry.test.ts.

const traceId = 'ab'.repeat(16)
const traceparent = `00-${traceId}-${'cd'.repeat(8)}-01`
const under = { traceId, parentSpanId: 'cd'.repeat(8) }

const hookSecret = Buffer.alloc(32, 5)
const variables = (collector: { url: string }) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  OTEL_METRICS_EXPORTER: 'none',
  HOOK_SECRET: `whsec_${hookSecret.toString('base64')}`,
})

const greet = workflow({
  name: 'greet',
  input: z.looseObject({}),
  on: [webhook({ secret: 'HOOK_SECRET' })],
  run: (ctx) => ctx.step('greeting', () => 'Hello'),
}) as unknown as Workflow

async function open(workflows: Workflow[] = [greet]) {
  const collector = await startCollector()
  const server = await startServer({ workflows, variables: variables(collector) })
  const token = await server.tokenOf('operator')
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const spanOf = async (name: string): Promise<CollectedSpan> => {
    await expect
      .poll(() => collector.spans.some((span) => span.name === name), { timeout: 20_000 })
      .toBe(true)
    return collector.spans.find((span) => span.name === name)!
  }
  return { collector, server, token, headers, spanOf }
}

test('it comes in by the header of a start over the API', async () => {
  const { server, headers, spanOf } = await open()
  const body = JSON.stringify({ workflow: 'greet', input: {} })
  await fetch(`${server.url}/api/runs`, { method: 'POST', headers: { ...headers, traceparent }, body })
  expect(await spanOf('invoke_workflow greet')).toMatchObject(under)
})

test('it comes in by the header of a webhook', async () => {
  const { server, spanOf } = await open()
  const [trigger] = (await (await server.as('viewer')).triggers.list()).items
  const [id, at, body] = ['d-1', String(Math.floor(Date.now() / 1000)), '{}']
  const signature = createHmac('sha256', hookSecret).update(`${id}.${at}.${body}`).digest('base64')
  const answer = await fetch(`${server.url}/hooks/${trigger!.name}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': at,
      'webhook-signature': `v1,${signature}`,
      traceparent,
    },
    body,
  })
  expect(answer.status).toBe(202)
  expect(await spanOf('invoke_workflow greet')).toMatchObject(under)
})

test.each([
  ['the _meta of a call', { _meta: { traceparent } }, {}, under],
  ['the header of its request, where its _meta has none', {}, { traceparent }, under],
  ['nothing, for what is no context', { _meta: { traceparent: 'x' } }, {}, { parentSpanId: undefined }],
])('it comes in over MCP by %s', async (_what, meta, more, expected) => {
  const { server, headers, spanOf } = await open()
  await fetch(`${server.url}/mcp`, {
    method: 'POST',
    headers: { ...headers, accept: 'application/json, text/event-stream', ...more },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'greet', arguments: { input: {} }, ...meta },
    }),
  })
  expect(await spanOf('invoke_workflow greet')).toMatchObject(expected)
})

test('it goes out to MCP servers by the _meta of a call: a run that another Reeve starts for it is below the call', async () => {
  const other = await open()
  const folder = mkdtempSync(join(tmpdir(), 'reeve-trace-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const remote = mcpServer({
    name: 'other',
    url: `${other.server.url}/mcp`,
    headers: { authorization: `Bearer ${other.token}` },
    pins: join(folder, 'pins.json'),
    tools: { greet: { effect: 'read', risk: 'low', approval: 'never' } },
  })
  onTestFinished(() => remote.close())
  await remote.pin()
  const asking = workflow({
    name: 'asking',
    input: z.null(),
    run: (ctx) => ctx.call(remote.tool('greet'), { input: {} }),
  }) as unknown as Workflow
  const own = await open([asking])
  const { id } = await own.server.runtime.startRun('asking', null, { traceparent })
  await own.server.runtime.result(id)
  const call = await own.spanOf('execute_tool other.greet')
  expect(call.traceId).toBe(traceId)
  expect(await other.spanOf('invoke_workflow greet')).toMatchObject({ traceId, parentSpanId: call.spanId })
})
