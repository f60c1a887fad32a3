import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { payloadIfSound } from '../../store/journal/events.ts'
import type { JournalEvent } from '../../store/journal/journal.ts'

/** An answer that judged other work: a value with a score. */
export interface Review {
  /** The question's name. */
  name: string
  solver: string
  /** `hosted`, `local`, `function`: what that solver is. */
  kind: string
  score: number
  /** What it found wrong. Foreign text. */
  problems: Json
}

/** Undefined for an event that is no review. */
export function reviewOf(event: JournalEvent): Review | undefined {
  const { value, solver = '', kind = '' } = payloadIfSound(event, 'question-completed') ?? {}
  if (!isRecord(value) || typeof value.score !== 'number') return undefined
  const problems = (value.problems ?? []) as Json
  return { name: event.name ?? '', solver, kind, score: value.score, problems }
}
