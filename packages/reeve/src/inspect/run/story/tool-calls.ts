import { canonical, type Json } from '../../../base/json/json.ts'
import { isoText } from '../../../base/time/time.ts'
import type { RecordedCall } from '../../../engine/replay/history.ts'
import { type EventPayloads, payloadIfSound, type RecordedRuling } from '../../../store/journal/events.ts'
import { type BriefError, briefErrorOf, jsonOf } from '../../events/event-payload.ts'

export interface ToolCall {
  call: number
  name: string
  /** Reads of a workflow's own code write no intent, so their arguments are not in the journal. */
  class: string
  /** The agent that called it, and those in whose service it acted; null: the workflow's own code. */
  agent: { name: string; under: string[] } | null
  args: Json | undefined
  key: string | null
  attempts: number
  state: 'completed' | 'failed' | 'unknown' | 'under way'
  result?: Json
  error?: BriefError
  /** The decision on exactly these arguments. */
  approval: { call: number; by: string | null; at: string; edited: boolean; note: string | null } | null
}

/** Every effect of a run, with what was approved before it. */
export function toolCalls(calls: RecordedCall[]): ToolCall[] {
  const approvals = calls.filter((call) => call.settled?.type === 'approval-decided')
  // One that asks first is followed by its approval, and by the effect itself.
  return calls
    .filter((call) => call.kind === 'effect' && call.settled?.type !== 'effect-asked')
    .map((call) => toolCall(call, approvals))
}

function toolCall(call: RecordedCall, approvals: RecordedCall[]): ToolCall {
  const intents = call.opened.filter((event) => event.type === 'effect-intended')
  const retries = call.opened.filter((event) => event.type === 'effect-retrying').length
  const intent = intents[0] && payloadIfSound(intents[0], 'effect-intended')
  const { settled } = call
  const refused = intent ? undefined : refusedOf(call)
  const tool: ToolCall = {
    call: call.step,
    name: call.name ?? '',
    class: intent ? (intent.class ?? 'not recorded') : refused ? 'not recorded' : 'read',
    agent:
      intent?.agent === undefined
        ? (refused?.agent ?? null)
        : { name: intent.agent, under: intent.under ?? [] },
    args: intent?.args ?? refused?.args,
    key: intent?.key ?? null,
    attempts: intent ? intents.length : retries + (settled ? 1 : 0),
    state: 'under way',
    approval: intent ? approvalOf(call, intent, approvals) : null,
  }
  if (settled?.type === 'effect-completed') return { ...tool, state: 'completed', result: jsonOf(settled) }
  if (settled) return { ...tool, state: 'failed', error: briefErrorOf(settled) }
  return call.opened.at(-1)?.type === 'effect-unknown' ? { ...tool, state: 'unknown' } : tool
}

/** Who made a call that was denied, and with what: nothing was intended. */
function refusedOf({ settled }: RecordedCall): Pick<ToolCall, 'agent' | 'args'> | undefined {
  if (settled?.type !== 'effect-failed') return undefined
  const { details } = payloadIfSound(settled, 'effect-failed') ?? {}
  const { ruling, args } = (details ?? {}) as { ruling?: RecordedRuling; args?: Json }
  if (!ruling) return undefined
  const agents = ruling.chain.flatMap((id) => (id.startsWith('agent:') ? [id.slice('agent:'.length)] : []))
  const name = agents.pop()
  return { agent: name === undefined ? null : { name, under: agents }, args }
}

/** The decision that the intent names; or, where a workflow asked by itself, the last before on exactly these arguments. */
function approvalOf(
  call: RecordedCall,
  intent: EventPayloads['effect-intended'],
  approvals: RecordedCall[],
): ToolCall['approval'] {
  const { approved } = intent
  if (approved) {
    const { call: step, by, edited, note } = approved
    const decided = approvals.find((approval) => approval.step === step)?.settled
    return decided ? { call: step, by, at: isoText(decided.at), edited, note } : null
  }
  const wanted = canonical(intent.args ?? null)
  for (const { step, settled } of approvals.toReversed()) {
    if (step >= call.step) continue
    const decided = payloadIfSound(settled!, 'approval-decided')
    if (decided?.status !== 'approved' || canonical(decided.value ?? null) !== wanted) continue
    const { by = null, edited = false, note = null } = decided
    return { call: step, by, at: isoText(settled!.at), edited, note }
  }
  return null
}
