/** The values of attributes that Reeve sends. */
export type Attributes = Record<string, string | number | boolean>

/** One span, made of the journal: sent twice, it is the same. */
export interface SpanRecord {
  name: string
  kind: 'internal' | 'client'
  traceId: string
  spanId: string
  parentSpanId: string | undefined
  isSampled: boolean
  /** ms since 1970. */
  startMs: number
  endMs: number
  attributes: Attributes
  /** What went wrong: the code of the error. */
  error?: string | undefined
}

/** The instruments, by the names of OpenTelemetry's GenAI conventions where these have one. */
export const instruments = {
  'gen_ai.invoke_agent.duration': ['histogram', 's', 'How long runs of workflows and agents took'],
  'gen_ai.execute_tool.duration': ['histogram', 's', 'How long calls of tools took'],
  'gen_ai.client.inference.duration': ['histogram', 's', 'How long questions to models took'],
  'gen_ai.client.inference.usage.input_tokens': ['counter', '{token}', 'Tokens that models were given'],
  'gen_ai.client.inference.usage.output_tokens': ['counter', '{token}', 'Tokens that models wrote'],
  'gen_ai.client.inference.usage.cache_read.input_tokens': [
    'counter',
    '{token}',
    'Of the tokens given, those that came from the cache of the provider',
  ],
  'reeve.runs': ['counter', '{run}', 'Runs that ended, or are stuck'],
  'reeve.cost': ['counter', 'USD', 'What models cost'],
} as const satisfies Record<string, readonly ['histogram' | 'counter', string, string]>

export type InstrumentName = keyof typeof instruments

/** One measured value. */
export interface Measurement {
  name: InstrumentName
  value: number
  attributes: Attributes
}

/** What some events of journals come to. */
export interface Signals {
  spans: SpanRecord[]
  measurements: Measurement[]
}
