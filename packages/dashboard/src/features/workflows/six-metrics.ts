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
    title: 'Done right',
    of: (sums) => sums.taskSuccess,
    words: percent,
    says: 'of what succeeded or failed',
  },
  {
    title: 'Corrected by people',
    of: (sums) => sums.humanCorrectionRate,
    words: percent,
    says: 'of what they decided: edited or rejected',
  },
  {
    title: 'Questions a task',
    of: (sums) => sums.iterationsPerCompletedTask,
    words: (value) => value.toFixed(1),
    says: 'asked of solvers until it was done',
  },
  {
    title: 'Cost of a success',
    of: (sums) => sums.costPerSuccessfulRunUsd,
    words: money,
    says: 'what failed is paid for, too',
  },
  {
    title: 'Asked a person',
    of: (sums) => sums.escalationRate,
    words: percent,
    says: 'of the runs that ended',
  },
  {
    title: 'Calls denied',
    of: (sums) => (sums.toolCalls === 0 ? null : sums.blockedToolCalls),
    words: count,
    says: 'calls of tools that no grant allowed',
  },
]
