import type { Secrets } from '../../base/secrets/secrets.ts'
import type { Row } from '../../store/database.ts'
import { type Blob, Chain } from '../../store/journal/chain.ts'
import { blobRow, eventRow, type JournalEvent } from '../../store/journal/journal.ts'
import { isLong, journalSizeRow } from '../../store/journal/journal-size.ts'
import { childRow, type NewRun } from '../../store/runs/changes/starts.ts'
import type { PreparedStart } from './prepared-start.ts'

/** The `run-started` event of a run that no process drives yet, with its blob where it has one. The same whenever it is asked for. */
export function firstEvent(
  { run, payload, marks }: Pick<PreparedStart, 'run' | 'payload' | 'marks'>,
  secrets: Secrets | undefined,
): { first: JournalEvent; blobs: Blob[]; marked: Row[] } {
  const blobs: Blob[] = []
  const started = {
    type: 'run-started' as const,
    step: null,
    name: run.workflow,
    args: null,
    at: run.created_at,
    payload: marks.seal(secrets?.redactJson(payload) ?? payload),
  }
  const first = new Chain(run, undefined, secrets).link(started, blobs)
  return { first, blobs, marked: marks.newRows(run.no) }
}

/** A run with its first event. */
export function childRows(run: NewRun, first: JournalEvent, blobs: Blob[]): Row[] {
  const rows = [childRow(run), eventRow(first), ...blobs.map(blobRow)]
  return isLong(first) ? [...rows, journalSizeRow(run.no)] : rows
}
