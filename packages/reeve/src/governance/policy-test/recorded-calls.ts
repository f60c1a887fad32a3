import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { payloadIfSound, type RecordedRuling } from '../../store/journal/events.ts'
import type { JournalEvent } from '../../store/journal/journal.ts'
import type { Verdict } from '../reasons.ts'

/** A call of a tool as the journal of its run tells it. */
export interface RecordedCall {
  step: number
  tool: string
  /** Of its event. */
  seq: number
  /** When it was decided (ms). */
  at: number
  before: Verdict
  /** Absent: nobody's grants held, and nothing was judged. */
  ruling: RecordedRuling | undefined
  /** Undefined: they are not kept. */
  args: Json | undefined
  /** The agents that acted, the outermost first. */
  agents: readonly string[]
  /** The last event that was looked at. */
  seen: number
  /** A person had said yes to it; what they were asked is a call of its own. */
  isApproved: boolean
}

/** The calls of a run, in the order in which they were judged. What a fork shares with its origin is the origin's. */
export function recordedCalls(events: readonly JournalEvent[]): RecordedCall[] {
  const calls = new Map<number, RecordedCall>()
  for (const event of events) {
    if (event.type === 'run-forked') calls.clear()
    if (event.step === null) continue
    const call = callOf(event, event.step, calls.get(event.step))
    if (call) calls.set(event.step, call)
  }
  return [...calls.values()].sort((one, other) => one.seen - other.seen || one.seq - other.seq)
}

function callOf(
  event: JournalEvent,
  step: number,
  known: RecordedCall | undefined,
): RecordedCall | undefined {
  const { seq, at } = event
  const call = { step, tool: event.name ?? '', seq, at }
  switch (event.type) {
    case 'effect-intended': {
      const intent = payloadIfSound(event, 'effect-intended')
      if (!intent || known) return undefined
      const { ruling, args, agent, under = [], approved } = intent
      const agents = agent === undefined ? [] : [...under, agent]
      const isApproved = approved !== undefined
      return { ...call, before: 'allow', ruling, args, agents, seen: ruling?.seq ?? seq - 1, isApproved }
    }
    case 'effect-asked':
    case 'effect-failed': {
      const { ruling, args } = detailsOf(event)
      if (!ruling || ruling.decision === 'allow') return undefined
      const agents = ruling.chain.flatMap((id) =>
        id.startsWith('agent:') ? [id.slice('agent:'.length)] : [],
      )
      return { ...call, before: ruling.decision, ruling, args, agents, seen: ruling.seq, isApproved: false }
    }
    case 'approval-requested': {
      const asked = payloadIfSound(event, 'approval-requested')
      // One that follows from a ruling is bound to its policy, and the ruling came before it.
      if (asked?.binds !== 'effect' || asked.terms?.policy !== undefined || !isRecord(asked.shown))
        return undefined
      const { tool, args, agent, under } = asked.shown as { [key: string]: Json }
      const agents = [...(Array.isArray(under) ? under : []), ...(typeof agent === 'string' ? [agent] : [])]
      return {
        ...call,
        tool: String(tool),
        before: 'ask',
        ruling: undefined,
        args,
        agents: agents.map(String),
        seen: seq - 1,
        isApproved: false,
      }
    }
    default:
      return undefined
  }
}

function detailsOf(event: JournalEvent): { ruling?: RecordedRuling; args?: Json } {
  const error = payloadIfSound(event, 'effect-asked', 'effect-failed')
  const { ruling, args } = (error?.details ?? {}) as { ruling?: RecordedRuling; args?: Json }
  return { ...(ruling && Array.isArray(ruling.chain) && { ruling }), ...(args !== undefined && { args }) }
}

/** The journal, with these rulings in the place of those that its intents were made upon. */
export function withRulings(event: JournalEvent, rulings: ReadonlyMap<number, RecordedRuling>): JournalEvent {
  const ruling = event.type === 'effect-intended' && event.step !== null ? rulings.get(event.step) : undefined
  const intent = ruling && payloadIfSound(event, 'effect-intended')
  return intent ? { ...event, payload: JSON.stringify({ ...intent, ruling }) } : event
}
