import type { ErrorRecord } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import type { Session } from '../../store/database.ts'
import { errorOf } from '../../store/journal/events.ts'
import { payloadAt } from '../../store/journal/journal.ts'
import type { RunRow } from '../../store/runs/runs.ts'

/** What a run came to: empty for one that has not ended, or was cancelled. */
export interface RunEnding {
  /** What the workflow returned; null where that was nothing. */
  output?: Json
  /** The whole record of what it failed with, as the journal has it. */
  error?: ErrorRecord
}

/** Reads one event, the last of the run's journal. */
export async function endingOf(session: Session, run: RunRow): Promise<RunEnding> {
  if (run.status !== 'succeeded' && run.status !== 'failed') return {}
  const payload = await payloadAt(session, run.no, run.head_seq ?? 0)
  if (run.status === 'succeeded')
    return { output: payload === undefined ? null : (JSON.parse(payload) as Json) }
  if (payload !== undefined) return { error: errorOf({ type: 'run-failed', payload }) }
  return { error: { code: 'failed', message: run.reason ?? '', retryable: false } }
}
