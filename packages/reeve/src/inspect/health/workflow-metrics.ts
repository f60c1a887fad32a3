import { isoText } from '../../base/time/time.ts'
import type { Session } from '../../store/database.ts'
import {
  correctionsByDay,
  endingsByDay,
  journalFiguresByDay,
  mostRuns,
  spentByDay,
} from '../../store/runs/figures/workflow-figures.ts'
import { type Metrics, type MetricsByDay, metricsByDay } from './metrics.ts'

export interface WorkflowMetrics extends MetricsByDay {
  workflow: string
}

export interface AllMetrics {
  /** From when on runs were counted (ISO 8601): later than was asked for where very many ended. */
  since: string
  workflows: WorkflowMetrics[]
}

/** What some metrics are made of beside how runs ended. */
const madeOf = {
  corrections: ['humanCorrectionRate'],
  journals: ['iterationsPerCompletedTask', 'blockedToolCalls', 'toolCalls'],
  spendings: ['costPerSuccessfulRunUsd'],
} as const satisfies { [what: string]: (keyof Metrics)[] }

/**
 * The six metrics of each workflow by day, one query a kind. `since`: ms. `only`: the one that is asked for; what it is not made of is
 * not read, and counts as none.
 */
export async function workflowMetrics(
  session: Session,
  since: number,
  only?: keyof Metrics,
): Promise<AllMetrics> {
  const needs = (what: keyof typeof madeOf) =>
    only === undefined || (madeOf[what] as readonly string[]).includes(only)
  const endings = await endingsByDay(session, since)
  const rows = [
    ...endings.map(({ first: _first, ...row }) => row),
    ...(needs('corrections') ? await correctionsByDay(session, since) : []),
    ...(needs('journals') ? await journalFiguresByDay(session, since) : []),
    ...(needs('spendings') ? await spentByDay(session, since) : []),
  ]
  const counted = endings.reduce((all, { ended }) => all + ended, 0)
  const first = endings.length === 0 ? since : Math.min(...endings.map((row) => row.first))
  const byWorkflow = Map.groupBy(rows, ({ workflow }) => workflow)
  return {
    since: isoText(counted < mostRuns ? since : first),
    workflows: [...byWorkflow]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([workflow, own]) => ({ workflow, ...metricsByDay(own) })),
  }
}
