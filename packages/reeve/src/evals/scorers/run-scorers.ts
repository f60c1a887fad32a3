import { isDeepStrictEqual } from 'node:util'
import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { formatUsd, toUsd, type Usd } from '../../base/money.ts'
import { type Duration, formatMs, toMs } from '../../base/time/time.ts'
import type { Scorer, SeenCall } from './scorer.ts'

/** For `toolCalls`. */
export interface ToolCallsOptions {
  /**
   * `order`: exactly these tools in this order. `any`: exactly these, in whatever order. `some`: these in this order, and
   * others between them may be. Default `order`.
   */
  match?: 'order' | 'any' | 'some'
  /** `exact`: the arguments are the same. `part`: those that are expected are as expected, others may be. Default `part`. */
  args?: 'exact' | 'part'
}

/**
 * 1 where the case called the tools that its `calls` name, in their order, with their arguments (where a call names some), and
 * none that its `not` names. A case without `calls` must call none, unless `match` is `some`.
 * @example
 * import { toolCalls } from 'reeve/evals'
 *
 * const scorers = [toolCalls({ match: 'some' })]
 */
export function toolCalls({ match = 'order', args = 'part' }: ToolCallsOptions = {}): Scorer {
  const fits = (wanted: SeenCall, seen: SeenCall) =>
    wanted.tool === seen.tool &&
    (wanted.args === undefined ||
      (args === 'exact' ? isDeepStrictEqual(seen.args, wanted.args) : holds(seen.args, wanted.args)))
  return {
    name: 'tool calls',
    score({ calls }, { calls: wanted = [], not = [] }) {
      const banned = not.find((one) => calls.some((seen) => fits(one, seen)))
      if (banned) return { score: 0, why: `it called ${banned.tool}, which it must not` }
      const left = [...calls]
      let missing: SeenCall | undefined
      for (const one of wanted) {
        const at = match === 'order' ? 0 : left.findIndex((seen) => fits(one, seen))
        const found = at < 0 ? undefined : left[at]
        if (!found || !fits(one, found)) {
          missing = one
          break
        }
        if (match === 'some') left.splice(0, at + 1)
        else left.splice(at, 1)
      }
      const made = `it called ${calls.map(({ tool }) => tool).join(', ') || 'nothing'}`
      if (missing) return { score: 0, why: `no fitting call of ${missing.tool}: ${made}` }
      if (match !== 'some' && left.length > 0)
        return { score: 0, why: `${left[0]!.tool} was not expected: ${made}` }
      return { score: 1 }
    },
  }
}

/** Whether all that is wanted is there. */
function holds(seen: Json | undefined, wanted: Json): boolean {
  if (!isRecord(wanted)) return isDeepStrictEqual(seen, wanted)
  if (!isRecord(seen)) return false
  return Object.entries(wanted).every(([key, value]) => holds(seen[key] as Json | undefined, value as Json))
}

/**
 * 1 where the models of a case cost no more than `most`. The dollars are kept as measured.
 * @throws `bad-amount`
 * @example
 * import { cost } from 'reeve/evals'
 *
 * const scorers = [cost({ most: '$0.01' })]
 */
export function cost({ most }: { most: Usd }): Scorer {
  const limit = toUsd(most, '`most` of the scorer cost')
  return {
    name: 'cost',
    score: ({ costUsd }) => ({
      score: costUsd <= limit ? 1 : 0,
      measured: costUsd,
      ...(costUsd > limit && { why: `${formatUsd(costUsd)} of ${formatUsd(limit)}` }),
    }),
  }
}

/**
 * 1 where a case took no longer than `most`. The milliseconds are kept as measured.
 * @throws `bad-duration`
 * @example
 * import { latency } from 'reeve/evals'
 *
 * const scorers = [latency({ most: '2s' })]
 */
export function latency({ most }: { most: Duration }): Scorer {
  const limit = toMs(most, '`most` of the scorer latency')
  return {
    name: 'latency',
    score: ({ ms }) => ({
      score: ms <= limit ? 1 : 0,
      measured: ms,
      ...(ms > limit && { why: `${formatMs(ms)} of ${formatMs(limit)}` }),
    }),
  }
}

/** For `rubric`. */
export interface RubricOptions {
  /** What a good output has, in words. */
  criteria: string
  /** The route of the models that judge. None of them may have answered in the case. */
  route: string
  /** From which score on it counts as right: then 1 or 0. Default: the score as the judge gives it. */
  least?: number
  /** Default `rubric`. */
  name?: string
}

/**
 * What another model says of the output by your criteria, 0 to 1. A route with a solver that took part in making the output
 * is refused: the evaluation ends with `judge-is-producer`.
 * @example
 * import { rubric } from 'reeve/evals'
 *
 * const scorers = [rubric({ route: 'judge', criteria: 'It answers the question, and promises no date.', least: 0.8 })]
 */
export function rubric({ criteria, route, least, name = 'rubric' }: RubricOptions): Scorer {
  return {
    name,
    route,
    async score(outcome, of, { judge }) {
      if (outcome.status !== 'succeeded') return { score: 0, why: outcome.error?.message ?? outcome.status }
      const judged = await judge({ route, criteria, case: of, outcome })
      if (least === undefined) return judged
      return { ...judged, measured: judged.score, score: judged.score >= least ? 1 : 0 }
    },
  }
}
