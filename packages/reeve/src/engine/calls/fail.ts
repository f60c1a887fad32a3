import { toErrorRecord } from '../../base/errors.ts'
import { type ErrorEventType, newEvent } from '../../store/journal/events.ts'
import type { AppendOptions, CallSite } from '../call-site.ts'
import type { Call } from '../replay/call.ts'

/** Settles a call with an error: the workflow gets it as its record, without its cause. */
export function fail(
  site: CallSite,
  call: Call,
  type: ErrorEventType,
  error: unknown,
  rows?: AppendOptions['rows'],
): void {
  site.append(call, newEvent(type, toErrorRecord(error)), { rejects: true, rows })
}
