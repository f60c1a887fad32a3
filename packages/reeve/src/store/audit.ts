import type { Database } from './database.ts'
import { ChainCheck, type ChainFault, type JournalEvent, readEvents } from './journal.ts'
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
      const { events, fault } = await verifyRun(database, run)
      report.runs++
      report.events += events
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

/** Events of one run that are read at once: a run in chapters may have millions. */
const eventPage = 2000

async function verifyRun(
  database: Database,
  run: RunRow,
): Promise<{ events: number; fault: ChainFault | undefined }> {
  const { pruned_seq, pruned_hash, chapter_seq, chapter_hash } = run
  const start = pruned_hash === null ? undefined : { seq: pruned_seq, hash: pruned_hash }
  const check = new ChainCheck(run.id, headOf(run), start)
  let events = 0
  let last: Pick<JournalEvent, 'seq' | 'hash'> | undefined = start
  let isInChapter = chapter_seq === 0
  for (;;) {
    const page = await readEvents(database, run.no, last?.seq ?? 0, eventPage)
    const fault = check.add(page)
    events += page.length
    if (fault) return { events, fault }
    for (const event of page) {
      if (event.seq === chapter_seq)
        isInChapter = event.type === 'run-continued' && last?.hash === chapter_hash
      last = event
    }
    if (page.length < eventPage) break
  }
  // Replay goes by what the row says of the chapter's beginning.
  const problem = `the run's row says that its chapter begins with event ${chapter_seq}, which begins none`
  return { events, fault: check.end() ?? (isInChapter ? undefined : { seq: chapter_seq, problem }) }
}
