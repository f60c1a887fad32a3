import { isoText } from '../../base/time/time.ts'
import type { Session } from '../../store/database.ts'
import { liveWorkers } from '../../store/dispatch/workers.ts'
import { type RunningRun, runningRuns } from '../../store/runs/figures/outcomes.ts'

/** From then on a running run without an event is suspicious, and then alarming (ms). */
const suspiciousMs = 5 * 60_000
const alarmingMs = 15 * 60_000

/** A run that is `running` and has written nothing for too long. */
export interface SilentRun {
  runId: string
  workflow: string
  /** ISO 8601. */
  since: string
  silentMs: number
  state: 'suspicious' | 'alarming'
  /** What it is at, as its worker says; null: its worker says nothing, or is gone. */
  reason: string | null
}

/** Runs that are looked at. */
const mostRunning = 5000

/**
 * The runs that are silent too long, the longest first. A run that a worker took up just now is not silent, however long it
 * had waited: only of one whose worker says that it has not moved, or is gone, the time since its last event counts.
 */
export async function silentRuns(session: Session, now: number): Promise<SilentRun[]> {
  const alive = new Set((await liveWorkers(session)).map(({ id }) => id))
  const rows = await runningRuns(session, mostRunning)
  return rows
    .flatMap((row) => silentOf(row, alive, now) ?? [])
    .sort((left, right) => right.silentMs - left.silentMs)
}

function silentOf(row: RunningRun, alive: ReadonlySet<string>, now: number): SilentRun | undefined {
  const isGone = row.worker === null || !alive.has(row.worker)
  if (row.reason === null && !isGone) return undefined
  const since = Math.max(row.moved_at ?? 0, row.created_at, row.available_at)
  const silentMs = now - since
  if (silentMs < suspiciousMs) return undefined
  const state = silentMs < alarmingMs ? 'suspicious' : 'alarming'
  return { runId: row.id, workflow: row.workflow, since: isoText(since), silentMs, state, reason: row.reason }
}
