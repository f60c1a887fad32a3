import { fromErrorRecord } from '../../base/errors.ts'
import { type EventType, errorOf, type NewEvent } from '../../store/journal/events.ts'
import type { AppendOptions } from '../call-site.ts'
import type { Call, Settlement } from './call.ts'

/** An event to be written with the run's next commit. */
export interface PendingEvent {
  type: EventType
  step: number | null
  name: string | null
  args: string | null
  payload: string | null
  /** What this event tells the workflow, once durable. */
  settles: Settlement | undefined
  whenDurable: (() => void) | undefined
}

/** What a call, or with null the run itself, wants written. */
export function pendingEvent(
  call: Call | null,
  { type, payload }: NewEvent,
  options: AppendOptions | undefined,
): PendingEvent {
  const pending: PendingEvent = {
    type,
    step: call === null ? null : call.step,
    name: call === null ? (options?.name ?? null) : call.name,
    args: call === null ? null : call.args,
    payload,
    settles: undefined,
    whenDurable: undefined,
  }
  if (call === null || options === undefined) return pending
  if (options.rejects) {
    const error = fromErrorRecord(errorOf(pending))
    pending.settles = { call, value: undefined, error, at: 0 }
  } else if ('value' in options) {
    pending.settles = { call, value: copyOf(options.value, payload), error: undefined, at: 0 }
  }
  return pending
}

/** What others do to the value, or what JSON leaves out of it, cannot make it differ from what a replay gives. */
function copyOf(value: unknown, payload: string | null): unknown {
  const isCopied = payload !== null && ((typeof value === 'object' && value !== null) || Object.is(value, -0))
  return isCopied ? JSON.parse(payload) : value
}

/** A secret was left out of what is kept: the workflow hears what a replay would tell it. */
export function tellAsKept(pending: PendingEvent, payload: string | null): void {
  pending.payload = payload
  if (!pending.settles || payload === null) return
  const kept = JSON.parse(payload)
  if (pending.settles.error) pending.settles.error = fromErrorRecord(kept)
  else pending.settles.value = kept
}
