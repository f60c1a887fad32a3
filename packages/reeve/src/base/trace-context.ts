/** The parts of a W3C `traceparent`. */
interface TraceContext {
  /** 32 hexadecimal digits. */
  traceId: string
  /** 16 hexadecimal digits: the span that what follows belongs below. */
  spanId: string
  isSampled: boolean
}

const shape = /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/

/** Undefined for what is no context, or one of a version that is not known: whoever receives it begins a trace of its own. */
function readTraceparent(text: unknown): TraceContext | undefined {
  if (typeof text !== 'string' || text.length > 55) return undefined
  const [, traceId = '', spanId = '', flags = ''] = shape.exec(text) ?? []
  if (/^0*$/.test(traceId) || /^0*$/.test(spanId)) return undefined
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

export function isTraceparent(text: unknown): text is string {
  return readTraceparent(text) !== undefined
}
