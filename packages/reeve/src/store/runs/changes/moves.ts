import type { Bulk } from '../../database.ts'
import { leavesLine } from '../../dispatch/key-lines.ts'

export const pauseRuns: Bulk = {
  columns: { no: 'int', paused: 'int' },
  announces: 'any',
  sql: `update runs set paused = :paused, ${leavesLine} {from} where runs.no = :no`,
}

/** Says of runs that a worker holds what they are at. */
export const explainRuns: Bulk = {
  columns: { no: 'int', epoch: 'int', reason: 'text' },
  sql: `update runs set reason = :reason
    {from} where runs.no = :no and runs.epoch = :epoch and runs.status = 'running'`,
}

/** Moves runs that no worker holds to another state. A worker that wrongly believes to hold one is refused from then on. */
export const moveRuns: Bulk = {
  columns: { no: 'int', status: 'text', reason: 'text', ended_at: 'int', head: 'text', head_seq: 'int' },
  announces: 'any',
  sql: `update runs set status = :status, reason = :reason, ended_at = :ended_at, head = :head, head_seq = :head_seq,
      epoch = runs.epoch + 1, worker = null, wake_at = null, available_at = reeve_now(), fresh = 0, crashes = 0,
      cancelled_by = null, leaves_children = 0, ${leavesLine}
    {from} where runs.no = :no`,
}
