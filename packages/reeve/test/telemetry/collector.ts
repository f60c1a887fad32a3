import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

type Value = { stringValue?: string; intValue?: number | string; doubleValue?: number; boolValue?: boolean }
type Pairs = { key: string; value: Value }[]

export interface CollectedSpan {
  name: string
  kind: number
  traceId: string
  spanId: string
  parentSpanId: string | undefined
  startMs: number
  endMs: number
  status: number
  attributes: Record<string, unknown>
  resource: Record<string, unknown>
}

export interface CollectedPoint {
  metric: string
  unit: string
  attributes: Record<string, unknown>
  /** Of a histogram its sum, of a counter its value. */
  value: number
  count: number | undefined
}

export interface Collector {
  url: string
  spans: CollectedSpan[]
  /** Of the last export of metrics. */
  points: CollectedPoint[]
  requests: { path: string; type: string; headers: Record<string, unknown>; bytes: Buffer }[]
  /** What it answers from now on. */
  status: number
}

/** A collector of OTLP over HTTP, on loopback. */
export async function startCollector(): Promise<Collector> {
  const collector: Collector = { url: '', spans: [], points: [], requests: [], status: 200 }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const bytes = Buffer.concat(chunks)
    const { url: path = '', headers } = request
    const type = headers['content-type'] ?? ''
    collector.requests.push({ path, type, headers, bytes })
    if (collector.status === 200 && type.includes('json'))
      collect(collector, path, JSON.parse(bytes.toString()))
    response.writeHead(collector.status, { 'content-type': type }).end(type.includes('json') ? '{}' : '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  collector.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return collector
}

// biome-ignore lint/suspicious/noExplicitAny: OTLP's JSON as it comes over the wire.
function collect(collector: Collector, path: string, body: any): void {
  if (path.endsWith('/v1/traces')) {
    for (const { resource, scopeSpans } of body.resourceSpans) {
      for (const { spans } of scopeSpans)
        for (const span of spans) collector.spans.push(spanOf(span, resource))
    }
    return
  }
  collector.points = []
  for (const { scopeMetrics } of body.resourceMetrics) {
    for (const { metrics } of scopeMetrics) {
      for (const metric of metrics) {
        for (const point of (metric.histogram ?? metric.sum).dataPoints) {
          collector.points.push({
            metric: metric.name,
            unit: metric.unit,
            attributes: attributesOf(point.attributes),
            value: point.sum ?? Number(point.asInt ?? point.asDouble),
            count: point.count === undefined ? undefined : Number(point.count),
          })
        }
      }
    }
  }
}

// biome-ignore lint/suspicious/noExplicitAny: OTLP's JSON as it comes over the wire.
function spanOf(span: any, resource: any): CollectedSpan {
  return {
    name: span.name,
    kind: span.kind,
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId || undefined,
    startMs: Number(BigInt(span.startTimeUnixNano) / 1_000_000n),
    endMs: Number(BigInt(span.endTimeUnixNano) / 1_000_000n),
    status: span.status?.code ?? 0,
    attributes: attributesOf(span.attributes),
    resource: attributesOf(resource.attributes),
  }
}

function attributesOf(pairs: Pairs): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map(({ key, value }) => {
      const { stringValue, intValue, doubleValue, boolValue } = value
      return [key, stringValue ?? (intValue === undefined ? (doubleValue ?? boolValue) : Number(intValue))]
    }),
  )
}
