import { formatUsd } from '../../base/money.ts'
import { inertText } from '../../base/text/inert-text.ts'
import { isoText } from '../../base/time/time.ts'
import { fisherTail } from '../../evals/statistics/fisher.ts'
import type { RunFact } from './facts.ts'
import { type Condition, describeCondition, holds } from './features.ts'
import type { FoundLesson } from './lesson.ts'

const leastFailures = 3
const leastShare = 0.8
const level = 0.05
const mostPerWorkflow = 2
const mostNamed = 20
const leastCostly = 5
const costFactor = 3

/**
 * What daemons start that fails: where one thing holds of nearly all of the failures and of few others, beyond chance over all that
 * was looked at (Fisher's exact test, Bonferroni).
 */
export function failuresWhen(facts: readonly RunFact[]): FoundLesson[] {
  return [...byWorkflow(facts)].flatMap(([workflow, runs]) => {
    if (runs.filter(({ isFailure }) => isFailure).length < leastFailures) return []
    const conditions = conditionsOf(runs)
    const found = conditions.flatMap((condition) => {
      const [inside, outside] = split(runs, condition)
      const [bad, badElsewhere] = [inside, outside].map((some) => some.filter(({ isFailure }) => isFailure))
      const share = bad!.length / inside.length
      const elsewhere = outside.length === 0 ? 1 : badElsewhere!.length / outside.length
      if (bad!.length < leastFailures || share < leastShare || elsewhere > share / 2) return []
      const p = fisherTail(bad!.length, inside.length, badElsewhere!.length, outside.length)
      return p * conditions.length > level
        ? []
        : [{ condition, inside, bad: bad!, outside, badElsewhere: badElsewhere!, p }]
    })
    found.sort((one, other) => one.p - other.p || other.bad.length - one.bad.length)
    const seen = new Set<RunFact>()
    return found
      .filter(({ bad }) => {
        const isNew = bad.some((each) => !seen.has(each))
        for (const each of bad) seen.add(each)
        return isNew
      })
      .slice(0, mostPerWorkflow)
      .map(({ condition, inside, bad, outside, badElsewhere, p }): FoundLesson => {
        const others =
          outside.length === 0 ? '' : `; of others ${badElsewhere.length} of ${outside.length} did`
        return {
          ...{ rule: 'fails-when', workflow, question: null, condition, act: 'avoid', matter: null },
          text: `Do not start ${workflow} while ${describeCondition(condition)}: ${bad.length} of ${inside.length} such runs failed (${codesOf(bad)})${others}.`,
          evidence: evidenceOf(bad, {
            failed: bad.length,
            of: inside.length,
            otherFailed: badElsewhere.length,
            others: outside.length,
            p,
          }),
        }
      })
  })
}

/** What costs several times as much while one thing holds of it: told to whoever decides to start it. */
export function costlyWhen(facts: readonly RunFact[]): FoundLesson[] {
  return [...byWorkflow(facts)].flatMap(([workflow, runs]) => {
    const costly = conditionsOf(runs).flatMap((condition) => {
      const [inside, outside] = split(runs, condition)
      if (inside.length < leastCostly || outside.length < leastCostly) return []
      const [mean, other] = [meanCost(inside), meanCost(outside)]
      // The cheapest of these costs more than the dearest of the others.
      const isApart =
        Math.min(...inside.map(({ costUsd }) => costUsd)) > Math.max(...outside.map(({ costUsd }) => costUsd))
      return mean >= other * costFactor && mean > 0 && isApart ? [{ condition, inside, mean, other }] : []
    })
    costly.sort((one, other) => other.mean * other.inside.length - one.mean * one.inside.length)
    return costly.slice(0, 1).map(({ condition, inside, mean, other }): FoundLesson => {
      const decider = inside[0]!.decidedBy!
      return {
        ...{ rule: 'costs-when', workflow: decider, question: 'decide', condition: null, act: 'advise' },
        matter: { subject: workflow, field: 'cost', from: condition.at, to: condition.is },
        text: `${workflow} costs ${formatUsd(mean)} a run while ${describeCondition(condition)}, and ${formatUsd(other)} else: prefer the other times.`,
        evidence: evidenceOf(inside, { meanUsd: mean, otherUsd: other, runs: inside.length }),
      }
    })
  })
}

function byWorkflow(facts: readonly RunFact[]): Map<string, RunFact[]> {
  return Map.groupBy(
    facts.filter(({ decidedBy }) => decidedBy !== null),
    ({ workflow }) => workflow,
  )
}

function conditionsOf(runs: readonly RunFact[]): Condition[] {
  const seen = new Map<string, Condition>()
  for (const { features } of runs) for (const [at, is] of features) seen.set(`${at}\n${is}`, { at, is })
  // What holds of all tells nothing apart.
  return [...seen.values()].filter((condition) => !runs.every(({ features }) => holds(condition, features)))
}

function split(runs: readonly RunFact[], condition: Condition): [RunFact[], RunFact[]] {
  const inside: RunFact[] = []
  const outside: RunFact[] = []
  for (const each of runs) (holds(condition, each.features) ? inside : outside).push(each)
  return [inside, outside]
}

function meanCost(runs: readonly RunFact[]): number {
  return runs.reduce((sum, { costUsd }) => sum + costUsd, 0) / runs.length
}

function codesOf(runs: readonly RunFact[]): string {
  return [...new Set(runs.map(({ code }) => inertText(code, { maxLength: 60 })))].slice(0, 3).join(', ')
}

function evidenceOf(runs: readonly RunFact[], figures: { [name: string]: number }): FoundLesson['evidence'] {
  const ends = runs.map(({ endedAt }) => endedAt)
  return {
    runs: runs.slice(0, mostNamed).map(({ run }) => run),
    decisions: [],
    figures,
    from: isoText(Math.min(...ends)),
    until: isoText(Math.max(...ends)),
  }
}
