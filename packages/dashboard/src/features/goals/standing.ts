import type { Goal } from '../../api/types.ts'
import type { Tone } from '../../ui/Rows.tsx'
import { money, percent } from '../../ui/words.ts'

export const standings: Record<Goal['status'], { words: string; tone: Tone }> = {
  met: { words: 'met', tone: 'good' },
  missed: { words: 'missed', tone: 'bad' },
  unknown: { words: 'not known', tone: 'plain' },
}

const shares = /taskSuccess|humanCorrectionRate|escalationRate/

/** A value of a goal as people read it: rates as per cent, dollars as dollars. */
export function valueWords({ measuredBy }: Pick<Goal, 'measuredBy'>, value: number): string {
  if (shares.test(measuredBy)) return percent(value)
  if (/Usd\b/.test(measuredBy)) return money(value)
  return value.toLocaleString('en-US', { maximumFractionDigits: 4 })
}

export function targetWords(goal: Pick<Goal, 'measuredBy' | 'target'>): string {
  return 'atLeast' in goal.target
    ? `at least ${valueWords(goal, goal.target.atLeast)}`
    : `at most ${valueWords(goal, goal.target.atMost)}`
}

const metrics: Readonly<Record<string, string>> = {
  taskSuccess: 'the success rate',
  humanCorrectionRate: 'what people correct',
  iterationsPerCompletedTask: 'questions a task',
  costPerSuccessfulRunUsd: 'the cost of a success',
  escalationRate: 'how often a person is asked',
  blockedToolCalls: 'calls denied',
}

/** By what it is measured, in words: `the cost of a success of sum-up over 30d`. */
export function measureWords({ measuredBy }: Pick<Goal, 'measuredBy'>): string {
  return measuredBy.replace(/^\w+/, (metric) => metrics[metric] ?? metric)
}
