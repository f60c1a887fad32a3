import { isoText } from '../../../base/time/time.ts'
import { payloadIfSound } from '../../../store/journal/events.ts'
import type { JournalEvent } from '../../../store/journal/journal.ts'
import { describeEvent, type EventTone } from '../../events/describe-event.ts'

export interface StoryEvent {
  seq: number
  at: string
  /** The `ctx` call it belongs to. */
  call: number | null
  type: string
  name: string | null
  /** What is known of how long it took: from its opening event, or as its solvers measured it. */
  ms: number | null
  solver: string | null
  solverKind: string | null
  costUsd: number | null
  inputTokens: number | null
  outputTokens: number | null
  tone: EventTone
  words: string
}

/** A run's events with what each took and cost. */
export function timelineOf(events: JournalEvent[]): StoryEvent[] {
  const openedAt = new Map<number, number>()
  return events.map((event) => {
    const { seq, step, type, name, at } = event
    const answer = payloadIfSound(event, 'question-completed')
    const opened = step === null ? undefined : openedAt.get(step)
    if (step !== null && opened === undefined) openedAt.set(step, at)
    const asked = answer?.hops?.reduce((sum, hop) => sum + hop.ms, 0)
    return {
      seq,
      at: isoText(at),
      call: step,
      type,
      name,
      ms: asked ?? (opened === undefined ? null : at - opened),
      solver: answer?.solver ?? null,
      solverKind: answer?.kind ?? null,
      costUsd: answer?.usage?.costUsd ?? null,
      inputTokens: answer?.usage?.inputTokens ?? null,
      outputTokens: answer?.usage?.outputTokens ?? null,
      ...describeEvent(event),
    }
  })
}
