import type { Counter, Histogram, Meter } from '@opentelemetry/api'
import type { MeterProvider } from '@opentelemetry/sdk-metrics'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'
import { ReeveError } from '../base/errors.ts'
import { importOptional } from '../base/optional-package.ts'
import { readManifest } from '../base/package-files.ts'
import type { Destination, TelemetrySettings } from './settings.ts'
import { type InstrumentName, instruments, type Measurement, type SpanRecord } from './signals.ts'

const use = 'OTEL_EXPORTER_OTLP_ENDPOINT is set: traces and metrics'
const closeWithinMs = 5_000

/** Sends spans and metrics over OTLP, with OpenTelemetry's own packages, which are loaded when there is something to send to. */
export class Otlp {
  readonly #settings: TelemetrySettings
  readonly #instance: string
  #traces: SpanExporter | undefined
  #resource: ReadableSpan['resource'] | undefined
  #meters: MeterProvider | undefined
  #instruments = new Map<InstrumentName, Histogram | Counter>()

  /** @param instance names this process among those of the service */
  constructor(settings: TelemetrySettings, instance: string) {
    this.#settings = settings
    this.#instance = instance
  }

  /** @throws `missing-package` */
  async open(): Promise<void> {
    const { traces, metrics, serviceName, resource, metricsMs } = this.#settings
    const { resourceFromAttributes } = await optional('resources', () => import('@opentelemetry/resources'))
    this.#resource = resourceFromAttributes({
      ...resource,
      'service.name': serviceName,
      'service.instance.id': this.#instance,
      'telemetry.sdk.name': 'opentelemetry',
      'telemetry.sdk.language': 'nodejs',
    }) as ReadableSpan['resource']
    if (traces) this.#traces = await spanExporter(traces)
    if (!metrics) return
    const { MeterProvider, PeriodicExportingMetricReader } = await optional(
      'sdk-metrics',
      () => import('@opentelemetry/sdk-metrics'),
    )
    const exporter = await metricExporter(metrics)
    const reader = new PeriodicExportingMetricReader({
      exporter,
      exportIntervalMillis: metricsMs,
      exportTimeoutMillis: Math.min(metricsMs, 30_000),
    })
    this.#meters = new MeterProvider({ resource: this.#resource as never, readers: [reader] })
    this.#makeInstruments(this.#meters.getMeter('reeve', readManifest().version))
  }

  /** Resolves when the collector has them. @throws `telemetry-refused` */
  async sendSpans(spans: readonly SpanRecord[]): Promise<void> {
    const wanted = spans.filter(({ isSampled }) => isSampled)
    const exporter = this.#traces
    if (!exporter || wanted.length === 0) return
    await new Promise<void>((resolve, reject) =>
      exporter.export(
        wanted.map((span) => this.#readable(span)),
        ({ code, error }) => (code === 0 ? resolve() : reject(refused(error))),
      ),
    )
  }

  measure(measurements: readonly Measurement[]): void {
    for (const { name, value, attributes } of measurements) {
      const instrument = this.#instruments.get(name)
      if (!instrument) continue
      if ('record' in instrument) instrument.record(value, attributes)
      else instrument.add(value, attributes)
    }
  }

  /** Sends what is measured; a collector that does not answer holds nothing up. */
  async close(): Promise<void> {
    const ended = [this.#meters?.shutdown({ timeoutMillis: closeWithinMs }), this.#traces?.shutdown()]
    await Promise.allSettled(ended)
  }

  #makeInstruments(meter: Meter): void {
    for (const [name, [kind, unit, description]] of Object.entries(instruments)) {
      const made =
        kind === 'histogram'
          ? meter.createHistogram(name, { unit, description })
          : meter.createCounter(name, { unit, description })
      this.#instruments.set(name as InstrumentName, made)
    }
  }

  #readable(span: SpanRecord): ReadableSpan {
    const { traceId, spanId, parentSpanId, startMs, endMs, attributes, error } = span
    const context = (id: string) => ({ traceId, spanId: id, traceFlags: 1 })
    return {
      name: span.name,
      kind: span.kind === 'client' ? 2 : 0,
      spanContext: () => context(spanId),
      ...(parentSpanId === undefined
        ? {}
        : { parentSpanContext: { ...context(parentSpanId), isRemote: false } }),
      startTime: hrTime(startMs),
      endTime: hrTime(endMs),
      duration: hrTime(Math.max(0, endMs - startMs)),
      status: error === undefined ? { code: 0 } : { code: 2, message: error },
      attributes: error === undefined ? attributes : { ...attributes, 'error.type': error },
      links: [],
      events: [],
      ended: true,
      resource: this.#resource!,
      instrumentationScope: { name: 'reeve', version: readManifest().version },
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    }
  }
}

function optional<T>(name: string, load: () => Promise<T>): Promise<T> {
  return importOptional([`@opentelemetry/${name}`, '@opentelemetry/api'], use, load)
}

async function spanExporter({ url, headers, protocol }: Destination): Promise<SpanExporter> {
  const options = { url, headers: { ...headers } }
  const { OTLPTraceExporter } =
    protocol === 'http/json'
      ? await optional('exporter-trace-otlp-http', () => import('@opentelemetry/exporter-trace-otlp-http'))
      : await optional('exporter-trace-otlp-proto', () => import('@opentelemetry/exporter-trace-otlp-proto'))
  return new OTLPTraceExporter(options)
}

async function metricExporter({ url, headers, protocol }: Destination) {
  const options = { url, headers: { ...headers } }
  const { OTLPMetricExporter } =
    protocol === 'http/json'
      ? await optional(
          'exporter-metrics-otlp-http',
          () => import('@opentelemetry/exporter-metrics-otlp-http'),
        )
      : await optional(
          'exporter-metrics-otlp-proto',
          () => import('@opentelemetry/exporter-metrics-otlp-proto'),
        )
  return new OTLPMetricExporter(options)
}

function hrTime(ms: number): [number, number] {
  const seconds = Math.floor(ms / 1000)
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)]
}

function refused(error: Error | undefined): ReeveError {
  return new ReeveError(
    'telemetry-refused',
    `The collector did not take the spans: ${error?.message ?? 'it did not say why'}. They are sent again; look at OTEL_EXPORTER_OTLP_ENDPOINT.`,
    { retryable: true, ...(error && { cause: error }) },
  )
}
