import { messageOf } from '../../base/errors.ts'
import type { Secrets } from '../../base/secrets/secrets.ts'
import { LoopStretch } from '../../base/time/loop-stretch.ts'
import type { CallSite } from '../../engine/call-site.ts'
import type { CoreContext } from '../../engine/context.ts'
import type { Call } from '../../engine/replay/call.ts'
import type { RunRecords } from '../../engine/run-records.ts'
import { tryRun } from '../../engine/trial/try-run.ts'
import type { LoadedRun } from '../../engine/worker/claiming/loading.ts'
import { loadRun, loadRuns } from '../../engine/worker/claiming/loading.ts'
import type { WorkflowRegistry } from '../../engine/workflow.ts'
import type { Database } from '../../store/database.ts'
import { type EndedFilter, endedRuns } from '../../store/evals/ended-runs.ts'
import { longJournal } from '../../store/journal/journal-size.ts'
import type { RunRow } from '../../store/runs/runs.ts'
import { cannotReplay, compare, type ReplayedRun, type ReplayOutcome } from './compare.ts'

/** Which recorded runs are tried, and how. */
export interface ReplayOptions extends EndedFilter {
  /** The most runs. Default 100. */
  limit?: number
  /**
   * Where a call's arguments differ, what the journal has of a call of the same kind and name answers it, so that what
   * comes after is tried too. Default: nothing answers it.
   */
  tolerant?: boolean
  /** Questions that the journal does not answer are asked of the present routes. Default: they are reported. */
  mayAsk?: boolean
}

/** What replays need of the project and of its database. Nothing of it is written. */
export interface ReplayParts {
  database: Database
  workflows: WorkflowRegistry
  contextFor: (site: CallSite) => CoreContext
  secrets: Secrets
  records: RunRecords
  identity: string
}

export interface ReplayReport {
  runs: number
  counts: Record<ReplayOutcome, number>
  /** Those that are not the same, what ended last first; `same` ones are counted alone. */
  changed: ReplayedRun[]
}

/** So many journals are read and tried at once. */
const pageRuns = 200

/**
 * Tries the code that there is now over runs that ended, one after the other, each answered by its own journal. Nothing
 * outside is touched: no tool, no step, no model (unless `mayAsk`), no person, and nothing is written.
 * `onRun` hears of each.
 */
export async function replayRuns(
  parts: ReplayParts,
  { limit = 100, tolerant = false, mayAsk = false, ...filter }: ReplayOptions,
  onRun: (replayed: ReplayedRun) => void = () => {},
): Promise<ReplayReport> {
  const report: ReplayReport = {
    runs: 0,
    counts: {
      same: 0,
      'different-result': 0,
      'different-path': 0,
      'would-ask': 0,
      'new-effects': 0,
      'cannot-replay': 0,
    },
    changed: [],
  }
  const how = { byName: tolerant, ...(mayAsk && { mayAct: ({ kind }: Call) => kind === 'question' }) }
  let last: RunRow | undefined
  while (report.runs < limit) {
    const wanted = Math.min(pageRuns, limit - report.runs)
    const rows = await endedRuns(parts.database, filter, wanted, last)
    const loaded = await load(parts.database, rows)
    for (const run of rows) {
      const replayed = await replayOne(parts, run, loaded.get(run.no), how)
      report.runs++
      report.counts[replayed.outcome]++
      if (replayed.outcome !== 'same') report.changed.push(replayed)
      onRun(replayed)
    }
    if (rows.length < wanted) break
    last = rows.at(-1)
  }
  return report
}

async function replayOne(
  parts: ReplayParts,
  row: RunRow,
  known: LoadedRun | { fault: unknown } | undefined,
  how: { byName: boolean; mayAct?: (call: Call) => boolean },
): Promise<ReplayedRun> {
  const of = { runId: row.id, workflow: row.workflow }
  let last: LoadedRun['last'] | undefined
  try {
    const loaded = known ?? (await loadRun(parts.database, row, new LoopStretch(10)))
    if ('fault' in loaded) throw loaded.fault
    last = loaded.last
    const { no, id, epoch, parent, principal, created_at: createdAt } = row
    const tried = await tryRun({
      ...parts,
      ...how,
      workflow: parts.workflows.current(row.workflow),
      run: { no, id, epoch, parent, principal, createdAt },
      history: loaded.history,
      marks: loaded.marks,
      hasSucceeded: row.status === 'succeeded',
      endedAt: row.ended_at ?? last.at,
    })
    return compare(of, last, tried)
  } catch (error) {
    return cannotReplay(of, last, messageOf(error))
  }
}

/** Long journals are left out: each is read by itself, when its turn has come. */
function load(database: Database, rows: RunRow[]): Promise<Map<number, LoadedRun | { fault: unknown }>> {
  const short = rows.filter(({ journal_bytes }) => journal_bytes < longJournal)
  // What it was sent and did not take is of no use to a run that ended.
  return loadRuns(
    database,
    short.map((row) => ({ ...row, inbox: 0 })),
  )
}
