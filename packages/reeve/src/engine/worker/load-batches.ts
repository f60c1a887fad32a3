import { longJournal } from '../../store/journal/journal-size.ts'
import type { RunRow } from '../../store/runs/runs.ts'

/** Of the journals that are loaded at once, roughly: others get their turn between. */
const batchBytes = 1024 * 1024

/** Runs that are loaded together; one with a long journal is loaded by itself. */
export function inBatches(claimed: RunRow[]): RunRow[][] {
  const batches: RunRow[][] = []
  let short: RunRow[] = []
  let bytes = 0
  for (const run of claimed) {
    if (run.journal_bytes >= longJournal) {
      batches.push([run])
      continue
    }
    if (short.length === 0 || bytes + run.journal_bytes > batchBytes) {
      short = []
      bytes = 0
      batches.push(short)
    }
    short.push(run)
    bytes += run.journal_bytes
  }
  return batches
}
