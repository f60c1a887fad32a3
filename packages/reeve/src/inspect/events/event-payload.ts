import type { ErrorRecord } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { errorIfSound } from '../../store/journal/events.ts'
import type { JournalEvent } from '../../store/journal/journal.ts'
import { thrownIn } from './thrown-in.ts'

/** The value of an event whose payload is one; null where there is none, or it was damaged. */
export function jsonOf({ payload }: JournalEvent): Json {
  if (payload === null) return null
  try {
    return JSON.parse(payload) as Json
  } catch {
    return null
  }
}

/** The part of an error that is for everybody: neither its whole stack nor its details. */
export interface BriefError {
  code: string
  message: string
  /** Where the project's code threw it, as `FILE:LINE:COLUMN`; null where that is not known, as of an error of Reeve's own. */
  thrownIn: string | null
}

export function briefError({
  code,
  message,
  stack,
}: Pick<ErrorRecord, 'code' | 'message' | 'stack'>): BriefError {
  return { code, message, thrownIn: thrownIn(stack) }
}

export function briefErrorOf(event: JournalEvent): BriefError {
  return briefError(errorIfSound(event) ?? { code: 'unknown', message: 'its error cannot be read' })
}
