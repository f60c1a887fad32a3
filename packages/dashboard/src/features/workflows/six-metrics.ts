import type { WorkflowMetrics } from '../../api/types.ts'
import { count, money, percent } from '../../ui/words.ts'

type Sums = WorkflowMetrics['total']

/** The six figures by which anything that works here is judged. */
export const sixMetrics: {
  title: string
  of: (sums: Sums) => number | null
  words: (value: number) => string
  says: string
}[] = [
  {
    title: 'Success rate',
    of: (sums) => sums.taskSuccess,
    words: percent,
    says: 'of the runs that succeeded or failed',
  },
  {
    title: 'Correction rate',
    of: (sums) => sums.humanCorrectionRate,
    words: percent,
    says: 'of what people decided: edited or rejected',
  },
  {
    title: 'Iterations per task',
    of: (sums) => sums.iterationsPerCompletedTask,
    words: (value) => value.toFixed(1),
    says: 'asked of solvers until it was done',
  },
  {
    title: 'Cost per success',
    of: (sums) => sums.costPerSuccessfulRunUsd,
    words: money,
    says: 'what failed is paid for, too',
  },
  {
    title: 'Escalation rate',
    of: (sums) => sums.escalationRate,
    words: percent,
    says: 'of the runs that ended: a person was asked',
  },
  {
    title: 'Blocked calls',
    of: (sums) => (sums.toolCalls === 0 ? null : sums.blockedToolCalls),
    words: count,
    says: 'calls of tools that no grant allowed',
  },
]
