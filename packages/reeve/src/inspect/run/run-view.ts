import type { Json } from '../../base/json/json.ts'
import { fromNanoUsd } from '../../base/money.ts'
import { isoText } from '../../base/time/time.ts'
import type { Session } from '../../store/database.ts'
import { drivenVersions, lackOf } from '../../store/dispatch/workers.ts'
import { givenKey } from '../../store/identity/run-keys.ts'
import { pendingOf } from '../../store/runs/family.ts'
import { type RunRow, type RunStatus, readRunByNo, requireRun } from '../../store/runs/runs.ts'
import { costsOfRuns } from '../../store/spending/model-calls.ts'
import { type ApprovalView, approvalView } from '../approvals/approval-view.ts'
import { type BriefError, briefError } from '../events/event-payload.ts'
import { type StandingState, standingOf, type WaitsFor, waitsForOf } from '../run-standing.ts'
import { endingOf } from './ending.ts'
import { inputLines } from './input-lines.ts'

/** A run as a line of a list shows it. Times are ISO 8601 in UTC. */
export interface RunSummary {
  id: string
  workflow: string
  version: string
  status: RunStatus
  paused: boolean
  /** For people: why it waits, failed or is stuck, what it is silent at, or that no worker has its version. Holds foreign text. */
  reason: string | null
  queue: string
  /** For whom it acts. */
  principal: string
  createdAt: string
  endedAt: string | null
  /** The idempotency key that it was started with: the caller's own name for it. */
  key: string | null
  /** The `key` that its workflow gave it. */
  workflowKey: string | null
  /** The beginning of what it was given, as JSON; null where that is no longer there, or large. */
  input: string | null
  /** What its calls of models cost so far, in US dollars; calls of unknown outcome count at their most. */
  costUsd: number
}

/** One run. Of its journal only the last event was read for it. */
export interface RunView extends RunSummary {
  /** The run that started it; null: nobody's child. */
  parentId: string | null
  /** How many events its journal has; null while a worker holds it, for only a run at rest says so. */
  events: number | null
  /** The chapter that it is in, from 1 on. */
  chapter: number
  /** How it stands with its children; `runId` is the run that decides that. */
  standing: { state: StandingState; runId: string; waitsFor: WaitsFor | null }
  /** What the workflow returned. Only of a run that succeeded. */
  output?: Json
  /** Only of a run that failed. */
  error?: BriefError
  /** What people are asked by it and by its children, what was asked first first. */
  asks: ApprovalView[]
}

/** `driven`: the versions that live workers have (`drivenVersions`), undefined when there is no worker. */
function summaryOf(
  row: RunRow,
  { costUsd, driven, input }: { costUsd: number; driven: Set<string> | undefined; input: string | undefined },
): RunSummary {
  return {
    id: row.id,
    workflow: row.workflow,
    version: row.version,
    status: row.status,
    paused: row.paused !== 0,
    // What it waited for before stands there until somebody drives it.
    reason: lackOf(row, driven) ?? row.reason,
    queue: row.queue,
    principal: row.principal,
    createdAt: isoText(row.created_at),
    endedAt: row.ended_at === null ? null : isoText(row.ended_at),
    key: givenKey(row),
    workflowKey: row.key,
    input: input ?? null,
    costUsd,
  }
}

/** The same for many rows, with one query each for what they cost, what they were given and who is there. */
export async function summariesOf(session: Session, rows: readonly RunRow[]): Promise<RunSummary[]> {
  const costs = await costsOfRuns(
    session,
    rows.map(({ no }) => no),
  )
  const driven = await drivenVersions(session)
  const inputs = await inputLines(session, rows)
  return rows.map((row) =>
    summaryOf(row, { costUsd: fromNanoUsd(costs.get(row.no) ?? 0), driven, input: inputs.get(row.no) }),
  )
}

/** @throws `unknown-run` */
export async function viewRun(session: Session, id: string): Promise<RunView> {
  const row = await requireRun(session, id)
  const [summary] = await summariesOf(session, [row])
  const standing = await standingOf(session, row)
  const { output, error } = await endingOf(session, row)
  const parent = row.parent === null ? undefined : await readRunByNo(session, row.parent)
  return {
    ...summary!,
    parentId: parent?.id ?? null,
    events: row.head_seq,
    chapter: row.chapter,
    standing: { state: standing.state, runId: standing.run.id, waitsFor: waitsForOf(standing) ?? null },
    ...(output !== undefined && { output }),
    ...(error !== undefined && { error: briefError(error) }),
    asks: (await pendingOf(session, row.no)).map(approvalView),
  }
}
