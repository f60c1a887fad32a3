import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { isoText } from '../../base/time/time.ts'
import { newestInQueue } from '../../store/autonomy/newest-runs.ts'
import type { Session } from '../../store/database.ts'
import { payloadIfSound } from '../../store/journal/events.ts'
import { saidByRuns } from '../../store/journal/said.ts'
import type { DecidedBy, DecisionResult } from '../../store/journal/vocabulary/autonomy-events.ts'
import { outcomeOf } from './run-outcome.ts'

/** One decision of a daemon, as the ledger has it. */
export interface LedgerEntry {
  /** When it was decided (ISO 8601). */
  timestamp: string
  /** The directive, or `idle`. */
  decision: string
  /** What the directive was given. */
  params: { [name: string]: Json }
  result: DecisionResult
  metrics: {
    /** What deciding and executing cost (US dollars). */
    cost: number
    /** From the decision to its end (seconds). */
    duration_s: number
  }
  /** The reason that was given with it. */
  why: string
  /** The goal that it serves; null: none. */
  goal: string | null
}

/** The same with where it comes from. */
export interface LedgerLine extends LedgerEntry {
  of: {
    daemon: string
    cycle: number
    /** The run that is its cycle. */
    runId: string
    /** The run that executed it; null: nothing was executed. */
    executionId: string | null
    by: DecidedBy
    /** What failed; empty: nothing to say. Foreign text. */
    detail: string
  }
}

export interface LedgerPage {
  /** The newest first. */
  lines: LedgerLine[]
  /** Leads to the page after; null: there is none. */
  next: string | null
}

export interface LedgerOptions {
  /** Default: of all. */
  daemon?: string | undefined
  /** From then on (ms). */
  since?: number | undefined
  /** Decisions for this goal alone. */
  goal?: string | undefined
  /** Decisions of this directive alone; `idle`: those to do nothing. */
  decision?: string | undefined
  /** Decisions that came to one of these alone. */
  results?: readonly DecisionResult[] | undefined
  /** Cycles without a decision too: nothing had changed, or nobody could be asked. Default false. */
  skipped?: boolean | undefined
  /** The most lines of a page. Default 50. */
  limit?: number | undefined
  /** `next` of the page before. */
  cursor?: string | undefined
}

/** Cycles that one statement looks through, and that one page does. */
const sliceCycles = 500
const mostCycles = 10_000

/**
 * A page of the decision ledger: a view of the journals of daemons' cycles. A page may be short, or empty, and lead on: of a
 * year of idle cycles no page reads all. @throws `bad-cursor`
 */
export async function ledgerPage(session: Session, options: LedgerOptions = {}): Promise<LedgerPage> {
  const { limit = 50 } = options
  const lines: LedgerLine[] = []
  let before = cursorIn(options.cursor)
  for (let read = 0; read < mostCycles; read += sliceCycles) {
    const cycles = await cyclesBefore(session, before, options)
    if (cycles.length === 0) return { lines, next: null }
    for (const line of await linesOf(session, cycles, options)) {
      lines.push(line.line)
      if (lines.length === limit) return { lines, next: String(line.no) }
    }
    before = cycles.at(-1)!.no
    if (cycles.length < sliceCycles) return { lines, next: null }
  }
  return { lines, next: String(before) }
}

/** Only the fields of the ledger. */
export function entryOf({ of: _, ...entry }: LedgerLine): LedgerEntry {
  return entry
}

function cursorIn(cursor: string | undefined): number {
  if (cursor === undefined) return Number.MAX_SAFE_INTEGER
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor)
  throw new ReeveError(
    'bad-cursor',
    `${describeValue(cursor)} is not a valid page cursor of the ledger. Give \`next\` of the page before, or nothing to begin with the newest.`,
  )
}

interface Cycle {
  no: number
  id: string
}

function cyclesBefore(session: Session, before: number, { daemon, since }: LedgerOptions): Promise<Cycle[]> {
  const workflow = daemon === undefined ? undefined : `daemon:${daemon}`
  return newestInQueue(session, 'daemons', { before, workflow, since, limit: sliceCycles })
}

async function linesOf(
  session: Session,
  cycles: readonly Cycle[],
  { skipped = false, since = 0, goal: servedGoal, decision: wanted, results }: LedgerOptions,
): Promise<{ no: number; line: LedgerLine }[]> {
  const rows = await saidByRuns(
    session,
    cycles.map(({ no }) => no),
    'decision-ended',
  )
  const ids = new Map(cycles.map(({ no, id }) => [no, id]))
  const lines: { no: number; line: LedgerLine }[] = []
  for (const row of rows) {
    const ended = payloadIfSound(row, 'decision-ended')
    if (!ended || ended.decidedAt < since || (ended.result === 'skipped' && !skipped)) continue
    const { daemon, cycle, decision, params, why, goal, by, decidedAt, run } = ended
    if (servedGoal !== undefined && goal !== servedGoal) continue
    if (wanted !== undefined && decision !== wanted) continue
    const now = ended.result === 'pending' && run !== null ? await outcomeOf(session, run) : undefined
    if (results && !results.includes(now?.result ?? ended.result)) continue
    const durationMs = now ? Math.max(0, (now.endedAt ?? decidedAt) - decidedAt) : ended.durationMs
    const line: LedgerLine = {
      timestamp: isoText(decidedAt),
      decision,
      params,
      result: now?.result ?? ended.result,
      metrics: {
        cost: now ? Math.max(now.costUsd, ended.costUsd) : ended.costUsd,
        duration_s: durationMs / 1000,
      },
      why,
      goal,
      of: {
        daemon,
        cycle,
        runId: ids.get(row.run)!,
        executionId: run,
        by,
        detail: now?.detail ?? ended.detail,
      },
    }
    lines.push({ no: row.run, line })
  }
  return lines
}
