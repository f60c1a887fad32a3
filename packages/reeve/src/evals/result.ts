import type { CaseResult, EvalSummary, ScorerResult } from '../inspect/evals/eval-view.ts'
import { pairedChange } from './statistics/paired.ts'

/** What a baseline needs of an earlier result. */
export interface Baseline {
  id: string
  dataHash: string
  cases: { id: string; scores: Record<string, { score: number }> }[]
}

/** Compares what was measured with a baseline, case by case, and with what had to be reached. */
export function judged(
  cases: readonly CaseResult[],
  scorers: readonly string[],
  { baseline, least = {} }: { baseline: Baseline | undefined; least?: Record<string, number> | undefined },
): Pick<EvalSummary, 'scorers' | 'verdict' | 'changed'> {
  const before = new Map(baseline?.cases.map(({ id, scores }) => [id, scores]))
  const changed: EvalSummary['changed'] = []
  const results: Record<string, ScorerResult> = {}
  for (const scorer of scorers) {
    const scores = cases.flatMap(({ scores }) => scores[scorer] ?? [])
    const mean = meanOf(scores.map(({ score }) => score))
    const measured = scores.flatMap(({ measured }) => measured ?? [])
    const result: ScorerResult = { mean }
    if (measured.length > 0) result.measured = meanOf(measured)
    if (least[scorer] !== undefined && mean < least[scorer]) result.missed = least[scorer]
    const pairs = cases.flatMap(({ id, scores }) => {
      const [was, is] = [before.get(id)?.[scorer]?.score, scores[scorer]?.score]
      if (was === undefined || is === undefined) return []
      if (was !== is) changed.push({ id, scorer, before: was, now: is })
      return [{ before: was, now: is }]
    })
    if (pairs.length > 0) result.change = pairedChange(pairs)
    results[scorer] = result
  }
  const all = Object.values(results)
  const verdict = all.some(({ change }) => change?.verdict === 'worse')
    ? 'regressed'
    : all.some(({ missed }) => missed !== undefined)
      ? 'missed'
      : 'passed'
  return { scorers: results, verdict, changed }
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, each) => sum + each, 0) / values.length
}
