import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { agent } from '../../src/agents/agent.ts'
import type { Environment } from '../../src/base/config.ts'
import { silentLog } from '../../src/base/log.ts'
import { workflow } from '../../src/context.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import { projectOf } from '../../src/project/load.ts'
import { Runtime } from '../../src/runtime/runtime.ts'
import { telemetrySettings } from '../../src/telemetry/settings.ts'
import { scriptedSolver, toolCalls } from '../../src/testing/scripted.ts'
import { httpTool } from '../../src/tools/http/http.ts'
import { tool } from '../../src/tools/tool.ts'
import { sqliteFile } from '../server/server-harness.ts'
import { type CollectedSpan, type Collector, startCollector } from './collector.ts'

const secret = 'the customer said: 4711-0815'

const refund = tool({
  name: 'refund',
  description: 'refund',
  input: z.object({ order: z.string() }),
  output: z.object({ receipt: z.string() }),
  effect: 'once',
  risk: 'low',
  run: ({ order }) => ({ receipt: `R-${order}` }),
})

const broken = tool({
  name: 'broken',
  description: 'broken',
  input: z.object({}),
  output: z.object({}),
  effect: 'idempotent',
  risk: 'low',
  retry: { attempts: 1 },
  run: () => {
    throw new Error('it broke')
  },
})

const child = workflow({
  name: 'child',
  input: z.object({ order: z.string() }),
  run: (ctx, { order }) => ctx.call(refund, { order }),
})

const desk = workflow({
  name: 'desk',
  input: z.object({ text: z.string() }),
  async run(ctx) {
    await ctx.step('read', () => 1)
    const facts = await ctx.extract('facts', {
      schema: z.object({ order: z.string() }),
      from: secret,
      route: 'reading',
    })
    await ctx.sleep('30ms')
    return (await ctx.start(child, facts)).result()
  },
})

const failing = workflow({ name: 'failing', input: z.null(), run: (ctx) => ctx.call(broken, {}) })

function variablesFor({ url }: Collector, more: Record<string, string> = {}): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-team=desk%20one',
    OTEL_METRIC_EXPORT_INTERVAL: '200',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    ...more,
  }
}

async function open(
  workflows: unknown[],
  variables: Record<string, string>,
  database = sqliteFile(),
  routes = { reading: { solvers: [scriptedSolver(['{"order":"A-1"}', '{"order":"A-2"}'])] } },
): Promise<{ runtime: Runtime; stop: () => Promise<void> }> {
  const environment: Environment = { database, keys: {}, user: 'ada', ci: true, variables }
  const project = projectOf({ knowledge: [], name: 'the-desk', routes }, workflows as Workflow[])
  const runtime = await Runtime.open({ project, environment, log: silentLog })
  await runtime.start()
  let isStopped = false
  const stop = async () => {
    if (!isStopped) await runtime.stop(1000)
    isStopped = true
  }
  onTestFinished(stop)
  return { runtime, stop }
}

async function until<T>(look: () => T | undefined): Promise<T> {
  for (let round = 0; round < 1000; round++) {
    const found = look()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('it did not come')
}

const named = (collector: Collector, name: string) => () => collector.spans.find((span) => span.name === name)

describe('traces', () => {
  test('a run, its calls and its child are one trace, in the names of the conventions, without content', async () => {
    const collector = await startCollector()
    const { runtime } = await open([desk, child], variablesFor(collector))
    const run = await runtime.startRun('desk', { text: secret })
    expect(await run.result()).toMatchObject({ status: 'succeeded' })
    const root = await until(named(collector, 'invoke_workflow desk'))
    const inner = await until(named(collector, 'invoke_workflow child'))
    expect(root).toMatchObject({
      parentSpanId: undefined,
      status: 0,
      attributes: {
        'gen_ai.operation.name': 'invoke_workflow',
        'gen_ai.agent.name': 'desk',
        'reeve.run.id': run.id,
        'reeve.run.status': 'succeeded',
      },
      resource: { 'service.name': 'the-desk', 'deployment.environment.name': 'test' },
    })
    const byName = (name: string) => collector.spans.find((span) => span.name === name) as CollectedSpan
    const chat = collector.spans.find(({ attributes }) => attributes['gen_ai.operation.name'] === 'chat')!
    expect(chat).toMatchObject({ parentSpanId: root.spanId, attributes: { 'reeve.question.name': 'facts' } })
    const started = byName('child child')
    expect(started.parentSpanId).toBe(root.spanId)
    expect(inner).toMatchObject({ traceId: root.traceId, parentSpanId: started.spanId })
    expect(byName('execute_tool refund')).toMatchObject({
      traceId: root.traceId,
      parentSpanId: inner.spanId,
      attributes: {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': 'refund',
        'reeve.effect.class': 'once',
      },
    })
    const slept = collector.spans.find(({ attributes }) => attributes['reeve.call.kind'] === 'timer')!
    expect(slept.endMs - slept.startMs).toBeGreaterThanOrEqual(10)
    expect(new Set(collector.spans.map(({ spanId }) => spanId)).size).toBe(collector.spans.length)
    expect(collector.requests.every(({ headers }) => headers['x-team'] === 'desk one')).toBe(true)
    const wire = Buffer.concat(collector.requests.map(({ bytes }) => bytes)).toString()
    expect(wire).not.toContain('4711-0815')
    expect(wire).not.toContain('A-1')
  })

  test('content goes along only where it is asked for', async () => {
    const collector = await startCollector()
    const more = { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true' }
    const { runtime } = await open([child], variablesFor(collector, more))
    await (await runtime.startRun('child', { order: 'A-7' })).result()
    const called = await until(named(collector, 'execute_tool refund'))
    expect(called.attributes).toMatchObject({
      'gen_ai.tool.call.arguments': '{"order":"A-7"}',
      'gen_ai.tool.call.result': '{"receipt":"R-A-7"}',
    })
  })

  test('what failed says so', async () => {
    const collector = await startCollector()
    const { runtime } = await open([failing], variablesFor(collector))
    await (await runtime.startRun('failing', null)).result()
    const root = await until(named(collector, 'invoke_workflow failing'))
    expect(root.status).toBe(2)
    const called = await until(named(collector, 'execute_tool broken'))
    expect(called).toMatchObject({ status: 2, attributes: { 'error.type': expect.any(String) } })
  })

  test('a run that came with a trace context goes on with that trace, and its tools hand it on', async () => {
    const collector = await startCollector()
    const seen: unknown[] = []
    const receiver = createServer((request, response) => {
      seen.push(request.headers.traceparent)
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void receiver.close())
    const { port } = receiver.address() as AddressInfo
    const host = `127.0.0.1:${port}`
    const ask = httpTool({ name: 'ask', allow: [host], allowPrivate: [host] })
    const asking = workflow({
      name: 'asking',
      input: z.null(),
      run: (ctx) => ctx.call(ask, { url: `http://${host}/` }),
    })
    const { runtime } = await open([asking], variablesFor(collector))
    const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`
    await (await runtime.startRun('asking', null, { traceparent })).result()
    const root = await until(named(collector, 'invoke_workflow asking'))
    const called = await until(named(collector, 'execute_tool ask'))
    expect(root).toMatchObject({ traceId: 'ab'.repeat(16), parentSpanId: 'cd'.repeat(8) })
    expect(seen).toEqual([`00-${root.traceId}-${called.spanId}-01`])
  })

  test('one that is not sampled is not sent, and hands that on', async () => {
    const collector = await startCollector()
    const { runtime } = await open([child], variablesFor(collector))
    const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-00`
    await (await runtime.startRun('child', { order: 'no' }, { traceparent })).result()
    await (await runtime.startRun('child', { order: 'yes' })).result()
    const sent = await until(named(collector, 'invoke_workflow child'))
    expect(sent.traceId).not.toBe('ab'.repeat(16))
    expect(collector.spans.every(({ traceId }) => traceId === sent.traceId)).toBe(true)
  })
})

test('a collector that is away gets all when it is back, also from the next process; nothing waits for it', async () => {
  const collector = await startCollector()
  collector.status = 400
  const database = sqliteFile()
  const first = await open([child], variablesFor(collector), database)
  const run = await first.runtime.startRun('child', { order: 'A-1' })
  expect(await run.result()).toMatchObject({ status: 'succeeded' })
  await until(() => collector.requests.find(({ path }) => path === '/v1/traces'))
  await first.stop()
  expect(collector.spans).toEqual([])
  collector.status = 200
  await open([child], variablesFor(collector), database)
  const root = await until(named(collector, 'invoke_workflow child'))
  expect(root.attributes['reeve.run.id']).toBe(run.id)
  expect(collector.spans.filter(({ name }) => name === 'execute_tool refund')).toHaveLength(1)
})

test('metrics have the names, units and attributes of the conventions', async () => {
  const collector = await startCollector()
  const { runtime } = await open([desk, child, failing], variablesFor(collector))
  await (await runtime.startRun('desk', { text: 'x' })).result()
  await (await runtime.startRun('failing', null)).result()
  const of = (metric: string, attributes: Record<string, unknown>) =>
    collector.points.find(
      (point) =>
        point.metric === metric &&
        Object.entries(attributes).every(([key, value]) => point.attributes[key] === value),
    )
  await until(() => of('reeve.runs', { 'reeve.workflow': 'failing', 'reeve.run.status': 'failed' }))
  expect(of('reeve.runs', { 'reeve.workflow': 'desk', 'reeve.run.status': 'succeeded' })?.value).toBe(1)
  const ran = of('gen_ai.invoke_agent.duration', {
    'gen_ai.operation.name': 'invoke_workflow',
    'gen_ai.agent.name': 'desk',
  })
  expect(ran).toMatchObject({ unit: 's', count: 1 })
  expect(ran!.value).toBeGreaterThan(0.02)
  expect(of('gen_ai.execute_tool.duration', { 'gen_ai.tool.name': 'refund' })).toMatchObject({
    unit: 's',
    count: 1,
  })
  expect(
    of('gen_ai.execute_tool.duration', { 'gen_ai.tool.name': 'broken' })?.attributes['error.type'],
  ).toBeDefined()
  expect(of('gen_ai.client.inference.duration', { 'gen_ai.operation.name': 'chat' })).toMatchObject({
    unit: 's',
    count: 1,
  })
})

test('protobuf is what is spoken unless JSON is asked for', async () => {
  const collector = await startCollector()
  const variables = variablesFor(collector)
  delete variables.OTEL_EXPORTER_OTLP_PROTOCOL
  const { runtime } = await open([child], variables)
  await (await runtime.startRun('child', { order: 'A-1' })).result()
  const sent = await until(() =>
    collector.requests.find(
      ({ path, bytes }) => path === '/v1/traces' && bytes.includes('invoke_workflow child'),
    ),
  )
  expect(sent.type).toBe('application/x-protobuf')
})

test('an agent is a span, and what it does is below it', async () => {
  const collector = await startCollector()
  const writer = agent({
    name: 'writer',
    input: z.string(),
    owner: 'ada',
    instructions: 'write',
    route: 'writing',
    tools: [refund],
    grants: [{ tool: 'refund' }],
  })
  const writing = workflow({
    name: 'writing',
    input: z.null(),
    run: (ctx) => ctx.agent(writer, 'Refund the order A-3'),
  })
  const model = scriptedSolver([toolCalls(['refund', { order: 'A-3' }]), 'done'])
  const { runtime } = await open([writing], variablesFor(collector), sqliteFile(), {
    writing: { solvers: [model] },
  } as never)
  await (await runtime.startRun('writing', null, { channel: 'operator' })).result()
  const root = await until(named(collector, 'invoke_workflow writing'))
  const own = await until(named(collector, 'invoke_agent writer'))
  expect(own).toMatchObject({
    parentSpanId: root.spanId,
    attributes: { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'writer' },
  })
  const called = await until(named(collector, 'execute_tool refund'))
  expect(called.parentSpanId).toBe(own.spanId)
})

describe('settings', () => {
  test.each([
    [{}],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_SDK_DISABLED: 'true' }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'nonsense' }],
    [
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x',
        OTEL_TRACES_EXPORTER: 'none',
        OTEL_METRICS_EXPORTER: 'none',
      },
    ],
  ])('%j sends nothing', (variables) => {
    expect(telemetrySettings(variables, 'desk')).toBeUndefined()
  })

  test('an endpoint of one signal is taken as it stands, and its headers go before the common ones', () => {
    const settings = telemetrySettings(
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://all:4318/',
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces/own/path',
        OTEL_EXPORTER_OTLP_HEADERS: 'a=1,b=2',
        OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'b=3',
        OTEL_SERVICE_NAME: 'given',
      },
      'desk',
    )
    expect(settings).toMatchObject({
      traces: { url: 'https://traces/own/path', headers: { a: '1', b: '3' }, protocol: 'http/protobuf' },
      metrics: { url: 'http://all:4318/v1/metrics', headers: { a: '1', b: '2' } },
      serviceName: 'given',
      withContent: false,
    })
  })
})
