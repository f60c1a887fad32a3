import { spanOfAgent, spanOfCall } from '../base/trace-context.ts'
import type { Database } from '../store/database.ts'
import { definitionOf, type EventDefinition, errorIfSound, payloadIfSound } from '../store/journal/events.ts'
import type { TailEvent } from '../store/journal/tail.ts'
import { callSignals } from './call-signals.ts'
import { type KnownRun, RunMemory } from './run-memory.ts'
import type { Attributes, Signals, SpanRecord } from './signals.ts'

const ends: Readonly<Record<string, string>> = {
  'run-succeeded': 'succeeded',
  'run-failed': 'failed',
  'run-cancelled': 'cancelled',
}

/**
 * Makes spans and measurements of events, in their order. A run is a span below whoever asked for it; its agents and its calls
 * are spans below it, and what an agent does is below the agent.
 */
export class SignalsOfEvents {
  readonly #memory: RunMemory
  readonly #withContent: boolean

  constructor(database: Database, withContent: boolean) {
    this.#memory = new RunMemory(database)
    this.#withContent = withContent
  }

  async of(events: readonly TailEvent[]): Promise<Signals> {
    const signals: Signals = { spans: [], measurements: [] }
    for (const event of events) {
      const run = await this.#memory.of(event)
      this.#add(signals, event, run)
      run.lastMs = event.at
      if (event.type in ends) this.#memory.forget(event.run)
    }
    return signals
  }

  #add(signals: Signals, event: TailEvent, run: KnownRun): void {
    const status = ends[event.type] ?? (event.type === 'run-stuck' ? 'stuck' : undefined)
    if (status !== undefined) addRun(signals, event, run, status)
    else if (event.type === 'agent-finished' || event.type === 'agent-stopped') addAgent(signals, event, run)
    else {
      const meaning = definitionOf(event.type)
      if (event.step === null || meaning?.call === undefined) return
      if (meaning.role === 'settlement') this.#addCall(signals, event, run, meaning)
      else noteOpen(event, run)
    }
  }

  #addCall(signals: Signals, event: TailEvent, run: KnownRun, meaning: EventDefinition): void {
    const step = event.step!
    const made = callSignals(event, run, { kind: meaning.call!, withContent: this.#withContent })
    run.open.delete(step)
    const { traceId, spanId, isSampled } = run.trace
    const error = meaning.shape === 'error' ? (errorIfSound(event)?.code ?? 'unknown') : undefined
    signals.spans.push({
      name: made.name,
      kind: made.spanKind,
      traceId,
      isSampled,
      spanId: spanOfCall(event.run_id, step),
      parentSpanId: made.agent === undefined ? spanId : agentSpan(event, run, made.agent, made.startMs),
      startMs: made.startMs,
      endMs: event.at,
      attributes: { ...made.attributes, 'reeve.run.id': event.run_id, 'reeve.call': step },
      error,
    })
    for (const measured of made.measurements) {
      const attributes =
        error === undefined ? measured.attributes : { ...measured.attributes, 'error.type': error }
      signals.measurements.push({ ...measured, attributes })
    }
  }
}

function noteOpen(event: TailEvent, run: KnownRun): void {
  const { step, at } = event
  const open = run.open.get(step!) ?? {
    atMs: event.type.endsWith('-retrying') ? run.lastMs : at,
    attempts: 0,
  }
  run.open.set(step!, open)
  const intended = payloadIfSound(event, 'effect-intended')
  if (!intended) return
  open.attempts = intended.attempt
  if (intended.class !== undefined) open.class = intended.class
  if (intended.agent !== undefined) open.agent = intended.agent
  open.args = intended.args
}

function addRun(signals: Signals, event: TailEvent, run: KnownRun, status: string): void {
  const { trace } = run
  const ofWorkflow = { 'gen_ai.operation.name': 'invoke_workflow', 'gen_ai.agent.name': event.workflow }
  signals.measurements.push({
    name: 'reeve.runs',
    value: 1,
    attributes: { 'reeve.workflow': event.workflow, 'reeve.run.status': status },
  })
  // A person will look, and the run goes on or is ended then.
  if (status === 'stuck') return
  const error = status === 'failed' ? (errorIfSound(event)?.code ?? 'unknown') : undefined
  const attributes: Attributes = {
    ...ofWorkflow,
    'reeve.run.id': event.run_id,
    'reeve.run.status': status,
    'reeve.workflow.version': run.version,
    'reeve.principal': run.principal,
    ...(run.channel === undefined ? {} : { 'reeve.channel': run.channel }),
  }
  const span: SpanRecord = {
    name: `invoke_workflow ${event.workflow}`,
    kind: 'internal',
    traceId: trace.traceId,
    isSampled: trace.isSampled,
    spanId: trace.spanId,
    parentSpanId: trace.parentSpanId,
    startMs: run.startedMs,
    endMs: event.at,
    attributes,
    error,
  }
  signals.spans.push(span)
  signals.measurements.push({
    name: 'gen_ai.invoke_agent.duration',
    value: (event.at - run.startedMs) / 1000,
    attributes: error === undefined ? ofWorkflow : { ...ofWorkflow, 'error.type': error },
  })
}

/** The span that an agent will have when it ends; it begins with the first thing that it does. */
function agentSpan({ run_id }: TailEvent, run: KnownRun, agent: string, startMs: number): string {
  const known = run.agents.get(agent) ?? { no: 0, sinceMs: undefined }
  known.sinceMs = Math.min(known.sinceMs ?? startMs, startMs)
  run.agents.set(agent, known)
  return spanOfAgent(run_id, agent, known.no)
}

function addAgent(signals: Signals, event: TailEvent, run: KnownRun): void {
  const told = payloadIfSound(event, 'agent-finished', 'agent-stopped')
  if (!told) return
  const known = run.agents.get(told.agent) ?? { no: 0, sinceMs: undefined }
  const startMs = known.sinceMs ?? run.lastMs
  const error = event.type === 'agent-stopped' ? 'agent-stopped' : undefined
  const ofAgent = { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': told.agent }
  signals.spans.push({
    name: `invoke_agent ${told.agent}`,
    kind: 'internal',
    traceId: run.trace.traceId,
    isSampled: run.trace.isSampled,
    spanId: spanOfAgent(event.run_id, told.agent, known.no),
    parentSpanId: run.trace.spanId,
    startMs,
    endMs: event.at,
    attributes: { ...ofAgent, 'reeve.run.id': event.run_id, 'reeve.agent.turns': told.turns },
    error,
  })
  signals.measurements.push({
    name: 'gen_ai.invoke_agent.duration',
    value: (event.at - startMs) / 1000,
    attributes: error === undefined ? ofAgent : { ...ofAgent, 'error.type': error },
  })
  run.agents.set(told.agent, { no: known.no + 1, sinceMs: undefined })
}
