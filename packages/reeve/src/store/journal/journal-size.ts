import type { Bulk, Row } from '../database.ts'
import { eventBytes } from './chain.ts'

/** What was written to a run's journal since its size was counted last. */
export const sizeSince = `coalesce((select sum(${eventBytes} + coalesce(octet_length(e.payload), octet_length(b.content), 0))
  from events e left join blobs b on b.hash = e.blob where e.run = runs.no and e.seq > runs.bytes_seq), 0)`

export const lastSeq = 'coalesce((select max(seq) from events where run = runs.no), 0)'

/** Counts what was written outside of a worker: a worker counts what it writes by itself. */
export const countJournals: Bulk = {
  columns: { no: 'int' },
  sql: `update runs set journal_bytes = journal_bytes + ${sizeSince}, bytes_seq = ${lastSeq}
    {from} where runs.no = :no`,
}

export function journalSizeRow(run: number): Row {
  return { statement: countJournals, values: [run] }
}

/** Runs with a journal from here on are loaded by themselves, and only as many at a time as memory allows (bytes). */
export const longJournal = 64 * 1024

/** Whether the first event of a new run makes its journal a long one; what is smaller is not counted yet. */
export function isLong({ payload, blob }: { payload: string | null; blob: string | null }): boolean {
  return blob !== null || (payload?.length ?? 0) >= longJournal
}
