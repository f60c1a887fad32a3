import { fromErrorRecord } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { isoText } from '../../base/time/time.ts'
import type { JournalEvent } from '../../store/journal/journal.ts'
import { payloadOf } from './event-line.ts'

/** A person's decision as its event has it. */
export interface Decided {
  status: string
  value: Json
  edited: boolean
  by: string | null
  note: string | null
}

export function jsonOf(event: JournalEvent): Json {
  return event.payload === null ? null : (JSON.parse(event.payload) as Json)
}

export function errorOf(event: JournalEvent): { code: string; message: string } {
  const { code, message } = fromErrorRecord(payloadOf(event))
  return { code, message }
}

export function isoOf(at: number): string {
  return isoText(at)
}
