/** Where telemetry goes, as the usual variables of OpenTelemetry say. */
export interface TelemetrySettings {
  traces: Destination | undefined
  metrics: Destination | undefined
  serviceName: string
  /** Of `OTEL_RESOURCE_ATTRIBUTES`. */
  resource: Readonly<Record<string, string>>
  /** Whether arguments, results and queries go along: all of them may be somebody's secret. */
  withContent: boolean
  /** Between two exports of metrics (ms). */
  metricsMs: number
}

export interface Destination {
  url: string
  protocol: 'http/protobuf' | 'http/json'
  headers: Readonly<Record<string, string>>
}

type Variables = Readonly<Record<string, string | undefined>>

const usualMetricsMs = 60_000

/** Undefined: nothing is to be sent, which is so unless an endpoint is named. @throws nothing: what cannot be read is left out */
export function telemetrySettings(variables: Variables, serviceName: string): TelemetrySettings | undefined {
  if (variables.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return undefined
  const traces = destination(variables, 'TRACES')
  const metrics = destination(variables, 'METRICS')
  if (!traces && !metrics) return undefined
  const { 'service.name': named, ...resource } = pairsIn(variables.OTEL_RESOURCE_ATTRIBUTES)
  const interval = Number(variables.OTEL_METRIC_EXPORT_INTERVAL ?? usualMetricsMs)
  return {
    traces,
    metrics,
    serviceName: variables.OTEL_SERVICE_NAME || named || serviceName,
    resource,
    withContent:
      variables.OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT?.trim().toLowerCase() === 'true',
    metricsMs: Number.isFinite(interval) && interval >= 100 ? interval : usualMetricsMs,
  }
}

function destination(variables: Variables, signal: 'TRACES' | 'METRICS'): Destination | undefined {
  if (variables[`OTEL_${signal}_EXPORTER`]?.trim() === 'none') return undefined
  const own = variables[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`]?.trim()
  const base = variables.OTEL_EXPORTER_OTLP_ENDPOINT?.trim()
  if (!own && !base) return undefined
  const url = own || `${base!.replace(/\/+$/, '')}/v1/${signal.toLowerCase()}`
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return undefined
  const named = variables[`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`] ?? variables.OTEL_EXPORTER_OTLP_PROTOCOL
  return {
    url,
    // gRPC is not spoken here: collectors that take it take this too.
    protocol: named?.trim() === 'http/json' ? 'http/json' : 'http/protobuf',
    headers: {
      ...pairsIn(variables.OTEL_EXPORTER_OTLP_HEADERS),
      ...pairsIn(variables[`OTEL_EXPORTER_OTLP_${signal}_HEADERS`]),
    },
  }
}

/** `name=value,other=value`, percent-encoded. */
function pairsIn(text = ''): Record<string, string> {
  const pairs = text.split(',').flatMap((part) => {
    const [name = '', ...rest] = part.split('=')
    if (name.trim() === '' || rest.length === 0) return []
    return [[name.trim(), decoded(rest.join('=').trim())]]
  })
  return Object.fromEntries(pairs) as Record<string, string>
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
