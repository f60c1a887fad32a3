import { setTimeout as later } from 'node:timers/promises'
import { ReeveError } from '../../base/errors.ts'
import { toMs } from '../../base/time/time.ts'
import type { CaseResult } from '../../inspect/evals/eval-view.ts'
import type { EvalData, NumberedCase } from '../cases.ts'
import type { Evaluation } from '../evaluation.ts'
import type { CaseOutcome, EvalCase, Score } from '../scorers/scorer.ts'

/** Where cases run. */
export interface EvalRuns {
  /** Runs one case to its end; `timeoutMs`: not longer. */
  run(input: EvalCase['input'], timeoutMs: number): Promise<CaseOutcome>
  /** The names of the solvers of a route. @throws `unknown-route` */
  solversOf(route: string): string[]
  /** The routes that are known to make the output. */
  readonly producing: readonly string[]
  /** Why the project's budgets pay nothing more; undefined: they do. */
  refusal(): unknown
  /** Asks a route to judge, as a run too. */
  judge(asked: { route: string; criteria: string; case: EvalCase; outcome: CaseOutcome }): Promise<Score>
}

const atOnce = 4
const standardTimeout = '60s'

/**
 * Runs all cases of an evaluation and lets its scorers judge them. `onCase` hears of each that is done.
 * @throws `judge-is-producer` `unknown-route`, `over-budget` where the project's budgets do not cover it
 */
export async function runCases(
  evaluation: Evaluation,
  { cases }: EvalData,
  runs: EvalRuns,
  onCase: (result: CaseResult, done: number) => void = () => {},
): Promise<CaseResult[]> {
  const { scorers, concurrency = atOnce, timeout = standardTimeout } = evaluation
  // Before anything is paid: a route that judges itself is seen by its solvers.
  const known = runs.producing.flatMap((route) => runs.solversOf(route))
  for (const { route } of scorers)
    if (route !== undefined) refuseOwnJudge(route, runs.solversOf(route), known)
  const results: CaseResult[] = new Array(cases.length)
  let next = 0
  let done = 0
  const lane = async () => {
    while (next < cases.length) {
      const index = next++
      const result = await runCase(cases[index]!, evaluation, runs, toMs(timeout))
      // What the other cases came to without money would say nothing of what is judged.
      if (runs.refusal() !== undefined) throw runs.refusal()
      results[index] = result
      onCase(result, ++done)
    }
  }
  const lanes = Array.from({ length: Math.min(concurrency, cases.length) }, lane)
  try {
    await Promise.all(lanes)
  } finally {
    next = cases.length
    await Promise.allSettled(lanes)
  }
  return results
}

async function runCase(
  one: NumberedCase,
  { scorers }: Evaluation,
  runs: EvalRuns,
  timeoutMs: number,
): Promise<CaseResult> {
  const outcome = await runs.run(one.input, timeoutMs)
  const scores: CaseResult['scores'] = {}
  for (const scorer of scorers) {
    const judged = await scorer.score(outcome, one, {
      judge: (asked) => {
        refuseOwnJudge(asked.route, runs.solversOf(asked.route), outcome.solvers)
        return runs.judge(asked)
      },
    })
    if (!(judged.score >= 0 && judged.score <= 1)) {
      const told = `The scorer "${scorer.name}" gave case ${one.id} the score ${judged.score}`
      throw new ReeveError('bad-eval', `${told}; it must give one from 0 to 1.`)
    }
    scores[scorer.name] = judged
  }
  return { id: one.id, outcome, scores }
}

/** @throws `judge-is-producer` */
function refuseOwnJudge(route: string, judges: readonly string[], producers: readonly string[]): void {
  const both = judges.find((name) => producers.includes(name))
  if (both === undefined) return
  throw new ReeveError(
    'judge-is-producer',
    `The route "${route}" cannot judge: its solver "${both}" made what is judged. Give the rubric a route of other models.`,
  )
}

/** What `promise` comes to, unless that takes longer. */
export async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T | 'timeout'> {
  const ended = new AbortController()
  const timeout = later(timeoutMs, 'timeout' as const, { signal: ended.signal, ref: false }).catch(
    () => 'timeout' as const,
  )
  try {
    return await Promise.race([promise, timeout])
  } finally {
    ended.abort()
  }
}
