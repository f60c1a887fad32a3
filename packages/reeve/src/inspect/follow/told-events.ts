import type { EventType } from '../../store/journal/events.ts'

/** What runs say of themselves, and what goes wrong with them: the events of a log. */
export const toldEvents: readonly EventType[] = [
  'log-written',
  'agent-finished',
  'agent-stopped',
  'agent-refused',
  'run-failed',
  'run-stuck',
  'run-cancelled',
  'step-retrying',
  'step-failed',
  'effect-retrying',
  'effect-failed',
  'effect-unknown',
  'question-retrying',
  'question-failed',
  'signal-refused',
]
