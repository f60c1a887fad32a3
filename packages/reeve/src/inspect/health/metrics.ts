import { fromNanoUsd } from '../../base/money.ts'

/** How well something does its work, on one day or in all. Rates are 0 to 1; null: there is nothing to go by. */
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

/** In all, and on the days on which there was something, the first first (`2026-11-21`, UTC). */
export interface MetricsByDay {
  total: Metrics
  days: (Metrics & { day: string })[]
}

export interface Sums {
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

export const dayMs = 86_400_000

/** `day`: by its number since 1970. */
export function metricsByDay(rows: readonly (Partial<Sums> & { day: number })[]): MetricsByDay {
  const byDay = [...Map.groupBy(rows, ({ day }) => day)].sort(([left], [right]) => left - right)
  return {
    total: metricsOf(rows),
    days: byDay.map(([day, each]) => ({
      day: new Date(day * dayMs).toISOString().slice(0, 10),
      ...metricsOf(each),
    })),
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
