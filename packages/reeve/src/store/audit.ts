import type { Database } from './database.ts'
import { readEvents, verifyChain } from './journal.ts'
import { headOf, type RunRow } from './runs.ts'

export interface AuditReport {
  runs: number
  events: number
  /** One for each run whose chain does not hold. */
  faults: { run: string; seq: number; problem: string }[]
  /** What the database's own check says; empty when clean. */
  integrity: string[]
}

const page = 500

/** Recomputes the hash chain of every run, or of one. Reads the database only, in pages. */
export async function verifyAudit(database: Database, runId?: string): Promise<AuditReport> {
  const report: AuditReport = { runs: 0, events: 0, faults: [], integrity: [] }
  let after = -1
  for (;;) {
    const runs = await database.all<RunRow>(
      `select * from runs where no > ? ${runId === undefined ? '' : 'and id = ?'} order by no limit ?`,
      runId === undefined ? [after, page] : [after, runId, page],
    )
    for (const run of runs) {
      const events = await readEvents(database, run.no)
      const fault = verifyChain(run.id, events, headOf(run))
      report.runs++
      report.events += events.length
      if (fault) report.faults.push({ run: run.id, ...fault })
      after = run.no
    }
    if (runs.length < page) break
  }
  if (runId === undefined) {
    const strays = await database.all<{ run: number; count: number }>(
      `select run, count(*) as count from events where not exists (select 1 from runs where runs.no = events.run)
         and not exists (select 1 from leftovers where leftovers.run = events.run) group by run`,
    )
    for (const stray of strays) {
      report.faults.push({
        run: `number ${stray.run}`,
        seq: 1,
        problem: `${stray.count} events belong to no run`,
      })
    }
    report.integrity = await database.integrity()
  }
  return report
}
