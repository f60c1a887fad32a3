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

function writeTraceparent({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-0${isSampled ? 1 : 0}`
}

/**
 * 16 bytes as hexadecimal digits, spread evenly over texts: the same text gives the same ones in every process. For ids of
 * traces, which need not be hard to guess, at a tenth of what a digest costs.
 */
function spreadText(text: string): string {
  let [one, two, three, four] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0xdeadbeef]
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    one = two ^ Math.imul(one ^ code, 0x85ebca6b)
    two = three ^ Math.imul(two ^ code, 0xc2b2ae35)
    three = four ^ Math.imul(three ^ code, 0x27d4eb2f)
    four = one ^ Math.imul(four ^ code, 0x165667b1)
  }
  return mixed(one ^ (three >>> 7)) + mixed(two ^ (four >>> 5)) + mixed(three ^ one) + mixed(four ^ two)
}

/** The finaliser of MurmurHash3 (Austin Appleby): each bit of the result depends on all of the word's. */
function mixed(word: number): string {
  let bits = word
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return ((bits ^ (bits >>> 16)) >>> 0).toString(16).padStart(8, '0')
}

/** The trace that a run belongs to, and its own span there. The same in every process. */
export interface RunTrace {
  traceId: string
  spanId: string
  /** Of whoever asked for the run. */
  parentSpanId: string | undefined
  isSampled: boolean
}

/** `traceparent`: what the start came with; without it the run has a trace of its own. */
export function traceOfRun(runId: string, traceparent: string | undefined): RunTrace {
  const given = readTraceparent(traceparent)
  return {
    traceId: given?.traceId ?? spreadText(`trace ${runId}`),
    spanId: spreadText(`run ${runId}`).slice(0, 16),
    parentSpanId: given?.spanId,
    isSampled: given?.isSampled ?? true,
  }
}

/** The span of one call of a run. */
export function spanOfCall(runId: string, call: number): string {
  return spreadText(`call ${call} ${runId}`).slice(0, 16)
}

/** What goes along with what a call sends: whoever gets it adds its spans below that of the call. */
export function traceparentOfCall(runId: string, call: number, traceparent: string | undefined): string {
  const { traceId, isSampled } = traceOfRun(runId, traceparent)
  return writeTraceparent({ traceId, spanId: spanOfCall(runId, call), isSampled })
}

/** The span of an agent in a run; `no`: 0 for the first time that it is called there. */
export function spanOfAgent(runId: string, agent: string, no: number): string {
  return spreadText(`agent ${no} ${agent} ${runId}`).slice(0, 16)
}
