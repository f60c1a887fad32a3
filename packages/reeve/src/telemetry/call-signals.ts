import { type CallKind, payloadIfSound } from '../store/journal/events.ts'
import type { TailEvent } from '../store/journal/tail.ts'
import type { KnownRun } from './run-memory.ts'
import type { Attributes, Measurement } from './signals.ts'

/** What a call that has settled comes to. */
export interface CallSignals {
  name: string
  spanKind: 'internal' | 'client'
  startMs: number
  /** Whose call it is; absent: the workflow's own code, or the call itself does not say. */
  agent?: string
  attributes: Attributes
  measurements: Measurement[]
}

interface Options {
  kind: CallKind
  withContent: boolean
}

const longestContent = 8_000

export function callSignals(event: TailEvent, run: KnownRun, options: Options): CallSignals {
  switch (options.kind) {
    case 'effect':
      return toolSignals(event, run, options.withContent)
    case 'question':
      return questionSignals(event, run)
    case 'recall':
      return recallSignals(event, run, options.withContent)
    default: {
      const name = event.name ?? ''
      const attributes: Attributes = { 'reeve.call.kind': options.kind, 'reeve.call.name': name }
      return { ...plain(event, run), name: `${options.kind} ${name}`.trim(), attributes }
    }
  }
}

/** What does not say when it began, such as a step, did so at the earliest when the run last wrote something. */
function plain(event: TailEvent, run: KnownRun) {
  const startMs = run.open.get(event.step!)?.atMs ?? Math.min(run.lastMs, event.at)
  return { spanKind: 'internal' as const, startMs, measurements: [] }
}

function toolSignals(event: TailEvent, run: KnownRun, withContent: boolean): CallSignals {
  const open = run.open.get(event.step!)
  const base = plain(event, run)
  const tool = event.name ?? ''
  const ofTool = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': tool }
  const attributes: Attributes = {
    ...ofTool,
    'gen_ai.tool.type': 'function',
    'gen_ai.tool.call.id': `${event.run_id}:${event.step}`,
    ...(open?.class === undefined ? {} : { 'reeve.effect.class': open.class }),
    ...(open === undefined ? {} : { 'reeve.effect.attempts': Math.max(open.attempts, 1) }),
  }
  if (withContent) {
    if (open?.args !== undefined)
      attributes['gen_ai.tool.call.arguments'] = content(JSON.stringify(open.args))
    if (event.type === 'effect-completed')
      attributes['gen_ai.tool.call.result'] = content(event.payload ?? 'null')
  }
  return {
    ...base,
    name: `execute_tool ${tool}`,
    ...(open?.agent === undefined ? {} : { agent: open.agent }),
    attributes,
    measurements: [
      { name: 'gen_ai.execute_tool.duration', value: (event.at - base.startMs) / 1000, attributes: ofTool },
    ],
  }
}

/** Turns of an agent are questions named after it: `writer turn 3`. */
const turnOfAgent = /^(.+) turn \d+$/

function questionSignals(event: TailEvent, run: KnownRun): CallSignals {
  const answer = payloadIfSound(event, 'question-completed')
  const { solver = '', kind = '', usage, hops = [], cached } = answer ?? {}
  const measuredMs = hops.reduce((sum, { ms }) => sum + ms, 0)
  const startMs = run.open.get(event.step!)?.atMs ?? event.at - measuredMs
  const [provider = '', ...model] = solver.split('/')
  const isHosted = kind === 'hosted' || model.length > 0
  const ofModel: Attributes = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': isHosted ? provider : 'reeve',
    ...(solver === '' ? {} : { 'gen_ai.request.model': isHosted ? model.join('/') : solver }),
  }
  const attributes: Attributes = {
    ...ofModel,
    ...(usage === undefined
      ? {}
      : {
          'gen_ai.usage.input_tokens': usage.inputTokens,
          'gen_ai.usage.output_tokens': usage.outputTokens,
          'gen_ai.usage.cache_read.input_tokens': usage.cachedInputTokens ?? 0,
          'reeve.cost': usage.costUsd,
        }),
    'reeve.question.name': event.name ?? '',
    'reeve.question.hops': hops.length,
    ...(cached === undefined ? {} : { 'reeve.answer.cached': true }),
  }
  const measurements: Measurement[] = [
    { name: 'gen_ai.client.inference.duration', value: (event.at - startMs) / 1000, attributes: ofModel },
  ]
  if (usage && cached === undefined) measurements.push(...used(usage, ofModel))
  const [, agent] = turnOfAgent.exec(event.name ?? '') ?? []
  return {
    name: `chat ${isHosted ? model.join('/') : solver}`.trim(),
    spanKind: isHosted ? 'client' : 'internal',
    startMs: Math.min(startMs, event.at),
    ...(agent === undefined ? {} : { agent }),
    attributes,
    measurements,
  }
}

function used(
  usage: { inputTokens: number; outputTokens: number; cachedInputTokens?: number; costUsd: number },
  attributes: Attributes,
): Measurement[] {
  const all: Measurement[] = [
    { name: 'gen_ai.client.inference.usage.input_tokens', value: usage.inputTokens, attributes },
    { name: 'gen_ai.client.inference.usage.output_tokens', value: usage.outputTokens, attributes },
    {
      name: 'gen_ai.client.inference.usage.cache_read.input_tokens',
      value: usage.cachedInputTokens ?? 0,
      attributes,
    },
    { name: 'reeve.cost', value: usage.costUsd, attributes },
  ]
  return all.filter(({ value }) => value > 0)
}

function recallSignals(event: TailEvent, run: KnownRun, withContent: boolean): CallSignals {
  const { passages = [], audit } = payloadIfSound(event, 'recall-completed') ?? {}
  const source = audit?.in ?? event.name ?? ''
  const attributes: Attributes = {
    'gen_ai.operation.name': 'retrieval',
    'gen_ai.data_source.id': source,
    ...(audit === undefined ? {} : { 'gen_ai.retrieval.top_k': audit.limit }),
    'reeve.retrieval.passages': passages.length,
  }
  if (withContent && audit) attributes['gen_ai.retrieval.query.text'] = content(audit.query)
  return { ...plain(event, run), name: `retrieval ${source}`, attributes }
}

function content(text: string): string {
  return text.length <= longestContent ? text : `${text.slice(0, longestContent).toWellFormed()}…`
}
