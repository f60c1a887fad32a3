import type { Json } from '../../base/json/json.ts'
import { errorIfSound } from '../../store/journal/events.ts'
import type { JournalEvent } from '../../store/journal/journal.ts'

/** The value of an event whose payload is one; null where there is none, or it was damaged. */
export function jsonOf({ payload }: JournalEvent): Json {
  if (payload === null) return null
  try {
    return JSON.parse(payload) as Json
  } catch {
    return null
  }
}

/** The part of an event's error that is for everybody: neither its stack nor its details. */
export function briefErrorOf(event: JournalEvent): { code: string; message: string } {
  const { code, message } = errorIfSound(event) ?? { code: 'unknown', message: 'its error cannot be read' }
  return { code, message }
}
