import { fromNanoUsd } from '../../base/money.ts'
import { isoText } from '../../base/time/time.ts'
import type { Session } from '../../store/database.ts'
import {
  correctionsByDay,
  endingsByDay,
  journalFiguresByDay,
  mostRuns,
  spentByDay,
} from '../../store/runs/figures/workflow-figures.ts'

/** How well a workflow does its work, on one day or in all. Rates are 0 to 1; null: there is nothing to go by. */
export interface Metrics {
  ended: number
  /** Of the runs that succeeded or failed, those that succeeded. */
  taskSuccess: number | null
  /** Of what people decided, what they edited or rejected. */
  humanCorrectionRate: number | null
  /** How often solvers were asked by a run that succeeded. */
  iterationsPerCompletedTask: number | null
  /** All that was spent, failed runs included, for each run that succeeded. */
  costPerSuccessfulRunUsd: number | null
  /** Of the runs that ended, those that asked a person. */
  escalationRate: number | null
  /** Calls of tools that were denied, and of how many. */
  blockedToolCalls: number
  toolCalls: number
}

export interface WorkflowMetrics {
  workflow: string
  total: Metrics
  /** Days on which something ended, was decided or was spent, the first first (`2026-11-21`, UTC). */
  days: (Metrics & { day: string })[]
}

export interface AllMetrics {
  /** From when on runs were counted (ISO 8601): later than was asked for where very many ended. */
  since: string
  workflows: WorkflowMetrics[]
}

interface Sums {
  ended: number
  succeeded: number
  failed: number
  escalated: number
  decided: number
  corrected: number
  completed: number
  asked: number
  called: number
  blocked: number
  nanousd: number
}

const dayMs = 86_400_000

/** The six metrics of each workflow by day, one query a kind. `since`: ms. */
export async function workflowMetrics(session: Session, since: number): Promise<AllMetrics> {
  const endings = await endingsByDay(session, since)
  const rows = [
    ...endings.map(({ first: _first, ...row }) => row),
    ...(await correctionsByDay(session, since)),
    ...(await journalFiguresByDay(session, since)),
    ...(await spentByDay(session, since)),
  ]
  const counted = endings.reduce((all, { ended }) => all + ended, 0)
  const first = endings.length === 0 ? since : Math.min(...endings.map((row) => row.first))
  const byWorkflow = Map.groupBy(rows, ({ workflow }) => workflow)
  return {
    since: isoText(counted < mostRuns ? since : first),
    workflows: [...byWorkflow]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([workflow, own]) => {
        const byDay = [...Map.groupBy(own, ({ day }) => day)].sort(([left], [right]) => left - right)
        return {
          workflow,
          total: metricsOf(own),
          days: byDay.map(([day, each]) => ({
            day: new Date(day * dayMs).toISOString().slice(0, 10),
            ...metricsOf(each),
          })),
        }
      }),
  }
}

function metricsOf(rows: readonly Partial<Sums>[]): Metrics {
  const sum = (name: keyof Sums) => rows.reduce((all, row) => all + (row[name] ?? 0), 0)
  const share = (part: number, whole: number) => (whole === 0 ? null : part / whole)
  return {
    ended: sum('ended'),
    taskSuccess: share(sum('succeeded'), sum('succeeded') + sum('failed')),
    humanCorrectionRate: share(sum('corrected'), sum('decided')),
    iterationsPerCompletedTask: share(sum('asked'), sum('completed')),
    costPerSuccessfulRunUsd: share(fromNanoUsd(sum('nanousd')), sum('succeeded')),
    escalationRate: share(sum('escalated'), sum('ended')),
    blockedToolCalls: sum('blocked'),
    toolCalls: sum('called'),
  }
}
