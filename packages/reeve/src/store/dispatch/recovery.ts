import type { Bulk, Session } from '../database.ts'
import { quoted } from '../journal/events.ts'
import { lastSeq, sizeSince } from '../journal/journal-size.ts'
import type { RunRow } from '../runs/runs.ts'

/** How far a run's journal got. What each life writes anew is left out: what it only meant to do, and that it was stopped. */
const progress = `coalesce((select max(seq) from events where run = runs.no and type not in (${quoted('effect-intended', 'run-released')})), 0)`

const recoverRuns: Bulk = {
  columns: { no: 'int' },
  announces: 'work',
  sql: `update runs set status = 'queued', worker = null, available_at = reeve_now(), wake_at = null, fresh = 0,
      crashes = case when ${progress} > crash_seq then 1 else crashes + 1 end,
      crash_seq = ${progress},
      journal_bytes = journal_bytes + ${sizeSince},
      bytes_seq = ${lastSeq}
    {from} where runs.no = :no returning *`,
}

/** The claims that the database has for a worker. */
export async function claimsOf(session: Session, worker: string): Promise<{ no: number; epoch: number }[]> {
  return session.all(`select no, epoch from runs where status = 'running' and worker = ?`, [worker])
}

/** Gives claims back that nothing was done with. */
export const returnClaims: Bulk = {
  columns: { no: 'int', epoch: 'int', worker: 'text' },
  announces: 'work',
  sql: `update runs set status = 'queued', worker = null
    {from} where runs.no = :no and runs.epoch = :epoch and runs.worker = :worker and runs.status = 'running'`,
}

/** Runs taken back in one transaction: others write between. */
export const mostRecovered = 500

/**
 * Takes the runs of dead workers back into the queue and counts the death before anything of the run is loaded.
 * A run that made progress since its last death starts counting anew. Answers every run it took back.
 */
export async function recoverOrphans(session: Session, limit = mostRecovered): Promise<RunRow[]> {
  // In no order: then it ends with the last that it takes, wherever the index of running runs has them.
  const orphans = await session.all<{ no: number }>(
    `select no from runs where status = 'running' and (worker is null or worker not in (select id from workers))
     limit ? {skip}`,
    [limit],
  )
  return session.bulk<RunRow>(
    recoverRuns,
    orphans.map(({ no }) => [no]),
  )
}
