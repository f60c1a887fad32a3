import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { isoText } from '../../base/time/time.ts'
import type { Session } from '../../store/database.ts'
import { casesOf, type EvalRow, listResults, readResult } from '../../store/evals/results.ts'

/** How far what was measured twice on the same cases has moved. */
export interface PairedChange {
  /** Cases that both have. */
  cases: number
  /** Mean of the second less that of the first. */
  mean: number
  /** 95 % of the means that other cases of the same kind would give lie between these. */
  low: number
  high: number
  /** How likely so many cases would move this way by chance alone (two-sided exact sign test). */
  p: number
  verdict: 'better' | 'worse' | 'unclear'
}

/** Of all cases together, what one scorer says. */
export interface ScorerResult {
  /** The mean score, 0 to 1. */
  mean: number
  /** The mean of what it measures (dollars, milliseconds). */
  measured?: number
  /** What it had to reach, and did not. */
  missed?: number
  /** Against the baseline; absent: there is none. */
  change?: PairedChange
}

/** What an evaluation came to, without its cases. */
export interface EvalSummary {
  id: string
  name: string
  /** ISO 8601. */
  at: string
  /** SHA-256 of its cases, fixed before the first was run. */
  dataHash: string
  by: string
  baseline: { id: string; sameData: boolean } | null
  /** How many cases it had. */
  count: number
  scorers: Record<string, ScorerResult>
  costUsd: number
  seconds: number
  /** `passed`, or why not: `regressed` beyond the interval, `missed` what a scorer had to reach. */
  verdict: 'passed' | 'regressed' | 'missed'
  /** The cases whose scores differ from those of the baseline. */
  changed: { id: string; scorer: string; before: number; now: number }[]
}

/** What one case came to, with its judgements. Outputs are foreign text. */
export interface CaseResult {
  id: string
  outcome: {
    status: 'succeeded' | 'failed' | 'cancelled' | 'stuck' | 'waits' | 'timeout'
    output?: Json
    error?: { code: string; message: string }
    /** Calls of tools, in their order. */
    calls: { tool: string; args?: Json }[]
    solvers: string[]
    costUsd: number
    ms: number
    runId: string
  }
  /** By the scorer's name. */
  scores: Record<string, { score: number; why?: string; measured?: number }>
}

export interface EvalResult extends EvalSummary {
  cases: CaseResult[]
}

/** The results of evaluations, the newest first. */
export async function evalResults(
  session: Session,
  options: { name?: string | undefined; limit: number },
): Promise<EvalSummary[]> {
  return (await listResults(session, options)).map(summaryOf)
}

/** One result with its cases. @throws `unknown-eval` */
export async function evalResult(session: Session, id: string): Promise<EvalResult> {
  const row = await readResult(session, id)
  if (!row) {
    const what = `There is no result ${describeValue(id)} of an evaluation`
    throw new ReeveError('unknown-eval', `${what}. See them with: reeve eval list`)
  }
  const cases = await casesOf(session, id)
  return { ...summaryOf(row), cases: cases.map(({ result }) => caseResult(result)) }
}

/** Results that were kept under the name that the run's id had before. */
function caseResult(text: string): CaseResult {
  const kept = JSON.parse(text) as CaseResult & { outcome?: { run?: string } }
  if (kept.outcome?.run === undefined) return kept
  const { run, ...outcome } = kept.outcome
  return { ...kept, outcome: { ...outcome, runId: run } }
}

/** The last result of an evaluation; undefined: there is none yet. */
export async function lastResult(session: Session, name: string): Promise<EvalResult | undefined> {
  const [last] = await listResults(session, { name, limit: 1 })
  return last && evalResult(session, last.id)
}

/** `green` or `red` as it was told, else what that evaluation came to last. @throws `unknown-eval` where it came to nothing yet */
export async function evalsFrom(session: Session, given: string): Promise<'green' | 'red'> {
  return given === 'green' || given === 'red' ? given : lastColour(session, given)
}

/** What the last kept result of an evaluation says: green where it passed. @throws `unknown-eval` where there is none */
export async function lastColour(session: Session, name: string): Promise<'green' | 'red'> {
  const [last] = await listResults(session, { name, limit: 1 })
  if (last) return last.verdict === 'passed' ? 'green' : 'red'
  throw new ReeveError(
    'unknown-eval',
    `There is no result of an evaluation ${describeValue(name)}. See them with: reeve eval list`,
  )
}

function summaryOf({ id, name, at, run_by, data_hash, verdict, summary }: EvalRow): EvalSummary {
  return {
    ...(JSON.parse(summary) as Pick<
      EvalSummary,
      'scorers' | 'costUsd' | 'seconds' | 'changed' | 'count' | 'baseline'
    >),
    id,
    name,
    at: isoText(at),
    dataHash: data_hash,
    by: run_by,
    verdict: verdict as EvalSummary['verdict'],
  }
}
