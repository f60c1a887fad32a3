import type { Json } from '../../base/json/json.ts'
import { type DiffLine, diffLines, hunksOf } from '../../base/text/line-diff.ts'
import { isoText } from '../../base/time/time.ts'
import { jsonOf, type RepairRow, type RepairStatus } from '../../store/autonomy/repairs.ts'

/** A repair as screens show it. */
export interface RepairView {
  id: string
  script: string
  file: string
  status: RepairStatus
  /** What became of it, as a sentence. Holds foreign text. */
  reason: string | null
  /** Where the fault lies, by which rule. */
  diagnosis: Json
  /** The run and the call that failed. */
  runId: string | null
  call: number | null
  /** Foreign text. */
  failure: Json
  /** Each fix that was tried, with what became of it. */
  tries: Json
  /** The lines that were written into directives. */
  notes: Json
  proposalId: string | null
  /** The run that works at it, and the one that watches. */
  executionId: string | null
  watchId: string | null
  madeAt: string
  promotedBy: string | null
  promotedAt: string | null
  endedAt: string | null
}

export function repairView(row: RepairRow): RepairView {
  const { id, script, file, status, reason, run, call, proposal, execution } = row
  const timeOf = (at: number | null) => (at === null ? null : isoText(at))
  return {
    ...{ id, script, file, status, reason, call, runId: run, proposalId: proposal, executionId: execution },
    diagnosis: jsonOf(row.diagnosis),
    failure: jsonOf(row.failure),
    tries: jsonOf(row.tries) ?? [],
    notes: jsonOf(row.notes) ?? [],
    watchId: row.watch_run,
    madeAt: isoText(row.made_at),
    promotedBy: row.promoted_by,
    promotedAt: timeOf(row.promoted_at),
    endedAt: timeOf(row.ended_at),
  }
}

/** What a repair changes, line by line; nothing, where there is no fix. */
export function repairDiff(row: RepairRow): DiffLine[][] {
  if (row.before_text === null || row.after_text === null) return []
  return hunksOf(diffLines(row.before_text, row.after_text))
}
