import type { Database, Session } from '../database.ts'
import { ChainCheck, type ChainFault, type JournalEvent, readEvents } from '../journal/journal.ts'
import { headOf, type RunRow } from '../runs/runs.ts'
import { ApprovalCheck } from './approval-check.ts'
import { OverrideCheck } from './override-check.ts'

export interface AuditFault {
  runId: string
  seq: number
  problem: string
}

export interface AuditReport {
  runs: number
  events: number
  pruned: PrunedEvents
  /** One for each run whose chain does not hold. */
  faults: AuditFault[]
  /** What the database's own check says; empty when clean. */
  integrity: string[]
}

/** What retention deleted of earlier chapters, as the rows of the runs say: their chains are verified from there on. */
export interface PrunedEvents {
  runs: number
  events: number
}

/** What was found in some runs. */
export interface AuditedRuns {
  runs: number
  events: number
  pruned: PrunedEvents
  faults: (AuditFault & { no: number })[]
}

const page = 500
/** Rows that one statement looks through: none holds the log of a database at work for long. */
const slice = 50_000

/** Recomputes the hash chain of every run, or of one. Reads the database only, in pages. */
export async function verifyAudit(database: Database, runId?: string): Promise<AuditReport> {
  const report: AuditReport = {
    runs: 0,
    events: 0,
    pruned: { runs: 0, events: 0 },
    faults: [],
    integrity: [],
  }
  let after = -1
  for (;;) {
    const runs = await database.all<RunRow>(
      `select * from runs where no > ? ${runId === undefined ? '' : 'and id = ?'} order by no limit ?`,
      runId === undefined ? [after, page] : [after, runId, page],
    )
    const { events, pruned, faults } = await verifyRuns(database, runs)
    report.runs += runs.length
    report.events += events
    addPruned(report.pruned, pruned)
    report.faults.push(...faults.map(({ no: _no, ...fault }) => fault))
    after = runs.at(-1)?.no ?? after
    if (runs.length < page) break
  }
  if (runId === undefined) {
    report.faults.push(...(await findStrays(database)))
    report.integrity = await database.integrity()
  }
  return report
}

/** Events of one run that are read at once: a run in chapters may have millions. */
const eventPage = 2000

async function verifyRun(
  session: Session,
  run: RunRow,
): Promise<{ events: number; fault: ChainFault | undefined }> {
  const { pruned_seq, pruned_hash, chapter_seq, chapter_hash } = run
  if (pruned_hash !== null && pruned_seq >= chapter_seq) {
    const reaches = `it was pruned up to event ${pruned_seq}, but the chapter that it is in begins with event ${chapter_seq}`
    return { events: 0, fault: { seq: chapter_seq, problem: `the run's row says that ${reaches}` } }
  }
  const start = pruned_hash === null ? undefined : { seq: pruned_seq, hash: pruned_hash }
  const check = new ChainCheck(run.id, headOf(run), start)
  const approvals = new ApprovalCheck(session, run)
  const overrides = new OverrideCheck(session, run)
  let events = 0
  let last: Pick<JournalEvent, 'seq' | 'hash'> | undefined = start
  let isInChapter = chapter_seq === 0
  for (;;) {
    const page = await readEvents(session, run.no, last?.seq ?? 0, eventPage)
    const fault = check.add(page)
    events += page.length
    if (fault) return { events, fault }
    for (const event of page) {
      if (event.seq === chapter_seq)
        isInChapter = event.type === 'run-continued' && last?.hash === chapter_hash
      approvals.add(event)
      overrides.add(event)
      last = event
    }
    if (page.length < eventPage) break
  }
  // Replay goes by what the row says of the chapter's beginning.
  const problem = `the run's row says that its chapter begins with event ${chapter_seq}, which begins none`
  const chapterFault = isInChapter ? undefined : { seq: chapter_seq, problem }
  const fault = check.end() ?? chapterFault ?? (await approvals.end()) ?? (await overrides.end())
  return { events, fault }
}

/** Recomputes the chains of these runs. */
export async function verifyRuns(session: Session, runs: RunRow[]): Promise<AuditedRuns> {
  const found: AuditedRuns = {
    runs: runs.length,
    events: 0,
    pruned: { runs: 0, events: 0 },
    faults: [],
  }
  for (const run of runs) {
    const { events, fault } = await verifyRun(session, run)
    found.events += events
    if (run.pruned_seq > 0) addPruned(found.pruned, { runs: 1, events: run.pruned_seq })
    if (fault) found.faults.push({ no: run.no, runId: run.id, ...fault })
  }
  return found
}

export function addPruned(sum: PrunedEvents, { runs, events }: PrunedEvents): void {
  sum.runs += runs
  sum.events += events
}

/** Events of runs that are not there, and that no pruning has left over. */
export async function findStrays(session: Pick<Session, 'all' | 'get'>): Promise<AuditFault[]> {
  const strays: AuditFault[] = []
  for (let from = await firstRunFrom(session, undefined); from !== undefined; ) {
    const rows = await session.all<{ run: number; count: number }>(
      `select run, count(*) as count from events where run >= ? and run < ?
         and not exists (select 1 from runs where runs.no = events.run)
         and not exists (select 1 from leftovers where leftovers.run = events.run) group by run order by run`,
      [from, from + slice],
    )
    for (const { run, count } of rows)
      strays.push({ runId: `number ${run}`, seq: 1, problem: `${count} events belong to no run` })
    from = await firstRunFrom(session, from + slice)
  }
  return strays
}

async function firstRunFrom(
  session: Pick<Session, 'get'>,
  from: number | undefined,
): Promise<number | undefined> {
  const row = await session.get<{ run: number }>(
    `select run from events ${from === undefined ? '' : 'where run >= ?'} order by run limit 1`,
    from === undefined ? [] : [from],
  )
  return row?.run
}
