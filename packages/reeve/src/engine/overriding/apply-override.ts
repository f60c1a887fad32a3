import { messageOf, toErrorRecord } from '../../base/errors.ts'
import { markedTexts } from '../../base/schema/marked.ts'
import { checkedEvent, newEvent } from '../../store/journal/events.ts'
import type { RunMarks } from '../../store/marks/run-marks.ts'
import type { InboxItem } from '../../store/runs/inbox.ts'
import type { Call } from '../replay/call.ts'
import type { Calls } from '../replay/calls.ts'
import { type PendingEvent, pendingEvent } from '../replay/pending-event.ts'
import type { Inbox } from '../waiting/inbox.ts'
import type { Timers } from '../waiting/timers.ts'
import { type Override, overrideIn, overridingError, refusalByKind } from './override.ts'

/** What of a run that is driven here an override needs. */
export interface Overridden {
  readonly calls: Pick<Calls, 'openCall'>
  readonly marks: RunMarks
  /** What its calls do in this process. */
  readonly acts: { isActing(call: Call): boolean; release(call: Call): void }
  readonly timers: Timers
  readonly inbox: Inbox
  write(event: PendingEvent): void
}

/** Applies those that count before what they are about begins. */
export function applyFirst(run: Overridden): void {
  for (const item of run.inbox.takeOverrides((each) => comesFirst(each, run.calls))) applyOverride(item, run)
}

/** Applies all but those of attempts that act now: these wait until the attempt has ended, but for steps. */
export function applyOverrides(run: Overridden): void {
  for (const item of run.inbox.takeOverrides((each) => !isUnderWay(each, run))) applyOverride(item, run)
}

/** The line that says that what acted for a call came to its end too late. */
export function lateResult({ step, name }: Call): PendingEvent {
  return pendingEvent(null, newEvent('late-result-dropped', { call: step }), { name })
}

/** Whether it is about an attempt that acts now: what that comes to counts. */
function isUnderWay(item: InboxItem, { calls, acts }: Overridden): boolean {
  const read = overrideIn(item)
  const call = read && calls.openCall(read.call)
  return call !== undefined && call.kind !== 'step' && acts.isActing(call)
}

/** Whether it counts before the call begins to act: the body of a step that ends its process never runs again. */
function comesFirst(item: InboxItem, calls: Overridden['calls']): boolean {
  const read = overrideIn(item)
  return read !== undefined && read.given.how !== 'skip-wait' && calls.openCall(read.call)?.kind === 'step'
}

/**
 * Settles a call as a person says, in one commit with the line that says who did, and why. What cannot be overridden any more,
 * or never could, goes on: the journal says so.
 */
function applyOverride(item: InboxItem, run: Overridden): void {
  const read = overrideIn(item)
  // Of the commit of what is written here.
  run.inbox.useUp(item)
  if (!read) return
  const { given } = read
  const { how, by, reason } = given
  const call = run.calls.openCall(read.call)
  const said = { call: read.call, how, by, reason }
  const options = call && { name: call.name }
  const settle = call && !call.isSettled ? settlingOf(call, given, run) : 'the call is not open'
  if (typeof settle === 'string') {
    run.write(pendingEvent(null, newEvent('override-refused', { ...said, problem: settle }), options))
    return
  }
  run.write(pendingEvent(null, newEvent('call-overridden', said), options))
  settle()
}

function settlingOf(call: Call, given: Override, run: Overridden): string | (() => void) {
  const refusal = refusalByKind(call.kind, given.how)
  if (refusal !== undefined) return refusal
  const { timers } = run
  if (call.kind === 'step' && given.how !== 'skip-wait') return settlingOfStep(call, given, run)
  const isTried = call.kind === 'step' || call.kind === 'question' || call.kind === 'effect'
  if (isTried && given.how === 'skip-wait')
    return timers.takeActOf(call.step) ?? 'it does not wait for a time'
  if (isTried && !timers.hasActOf(call.step))
    return 'it does not wait for another attempt; where its outcome is not known, say what happened: reeve answer'
  if (call.kind === 'question' && given.how === 'error')
    return () => settleWith(call, pendingFailure(call, 'question-failed', given.error), run)
  const settle = call.override?.(given) ?? 'it does not wait now'
  if (typeof settle === 'string') return settle
  return () => {
    timers.takeActOf(call.step)
    settle()
    call.overridden = true
  }
}

function settlingOfStep(call: Call, given: Override, run: Overridden): string | (() => void) {
  if (given.how === 'error')
    return () => settleWith(call, pendingFailure(call, 'step-failed', given.error), run)
  const value = given.how === 'result' ? given.result : undefined
  try {
    if (call.resultMarks) run.marks.add(markedTexts(call.resultMarks, value))
    const event = checkedEvent('step-completed', value, `the result of step "${call.name}"`)
    return () => settleWith(call, pendingEvent(call, event, { value }), run)
  } catch (error) {
    return messageOf(error)
  }
}

function pendingFailure(call: Call, type: 'step-failed' | 'question-failed', error: string): PendingEvent {
  return pendingEvent(call, newEvent(type, toErrorRecord(overridingError(error))), { rejects: true })
}

/** What acts for the call is told to stop, and is not waited for any more. */
function settleWith(call: Call, event: PendingEvent, run: Overridden): void {
  run.timers.takeActOf(call.step)
  run.write(event)
  call.overridden = true
  call.stop?.abort(overridingError('A person overrode this call.'))
  run.acts.release(call)
}
