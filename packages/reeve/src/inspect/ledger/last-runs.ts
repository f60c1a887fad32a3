import { isRecord } from '../../base/json/record.ts'
import { isoText } from '../../base/time/time.ts'
import { newestOf } from '../../store/autonomy/newest-runs.ts'
import type { Session } from '../../store/database.ts'
import { readRun, readRunByNo } from '../../store/runs/runs.ts'
import { endingOf } from '../run/ending.ts'
import { outcomeOf, type RunOutcome } from './run-outcome.ts'

/** The newest run of something that is followed again and again. */
export interface LastRun {
  runId: string
  /** When it was started (ISO 8601). */
  at: string
  result: RunOutcome['result']
  /** What failed or was not met. Foreign text. */
  detail: string
  costUsd: number
  /** Null: it has not ended. */
  durationMs: number | null
}

/** Of so many runs, the newest, those that are asked for are sought: a workflow has no index of its own. */
const lookedThrough = 20_000

/** The newest run of each of these workflows, among the newest 20,000 runs. */
export async function lastRuns(
  session: Session,
  workflows: readonly string[],
): Promise<ReadonlyMap<string, LastRun>> {
  if (workflows.length === 0) return new Map()
  const newest = await newestOf(session, workflows, lookedThrough)
  const found = new Map<string, LastRun>()
  for (const { workflow, no } of newest) {
    const row = await readRunByNo(session, no)
    if (!row) continue
    const { result, detail, costUsd, endedAt } = await outcomeOf(session, row.id)
    const durationMs = endedAt === null ? null : Math.max(0, endedAt - row.created_at)
    found.set(workflow, { runId: row.id, at: isoText(row.created_at), result, detail, costUsd, durationMs })
  }
  return found
}

/** What was found of a directive's criteria. Foreign text. */
export interface SeenCriterion {
  text: string
  met: boolean
  seen: string
}

/** What a run of a directive found of its criteria; empty where it did not come so far. */
export async function criteriaSeen(session: Session, run: string): Promise<SeenCriterion[]> {
  const row = await readRun(session, run)
  if (!row) return []
  const { output, error } = await endingOf(session, row)
  const told: unknown = output ?? error?.details
  const criteria: unknown[] = isRecord(told) && Array.isArray(told.criteria) ? told.criteria : []
  return criteria.filter(isSeen).map(({ text, met, seen }) => ({ text, met, seen }))
}

function isSeen(value: unknown): value is SeenCriterion {
  return (
    isRecord(value) &&
    typeof value.text === 'string' &&
    typeof value.met === 'boolean' &&
    typeof value.seen === 'string'
  )
}
