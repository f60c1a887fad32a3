import { fromNanoUsd } from '../../base/money.ts'
import type { Database } from '../../store/database.ts'
import { type CostGroup, type CostRow, sumCosts } from '../../store/spending/costs.ts'

/** What calls of paid models came to, of one group. */
export interface CostView {
  /** The run, agent, model, workflow or day (`2026-11-21`, UTC); null: calls that no agent made, or of deleted runs. */
  name: string | null
  calls: number
  inputTokens: number
  outputTokens: number
  /** Of the input, what came from providers' caches. */
  cachedInputTokens: number
  /** US dollars. */
  costUsd: number
  /** Of it, the most that calls of unknown outcome may have cost. */
  unknownUsd: number
  runs: number
  succeeded: number
  /** All of the cost, of failed runs too, for each run that succeeded; null: none did. */
  perSuccessUsd: number | null
}

export interface CostSums {
  /** The dearest first; days in their order, the newest where `limit` cuts. Empty without `by`. */
  groups: CostView[]
  /** How many groups there are in all. */
  count: number
}

const dayMs = 86_400_000

/** The ledger added up by group. `since` (ms): only calls from then on; what was folded of deleted runs by whole days. */
export async function costsBy(
  database: Pick<Database, 'all' | 'get'>,
  options: { by: CostGroup; since: number; limit?: number },
): Promise<CostSums> {
  const { groups, total } = await sumCosts(database, options)
  return { groups: groups.map((row) => viewOf(row, options.by)), count: total }
}

/** The same, all in one. Its name is null. */
export async function totalCosts(database: Pick<Database, 'all' | 'get'>, since: number): Promise<CostView> {
  const { groups } = await sumCosts(database, { since })
  return viewOf(groups[0]!)
}

function viewOf(row: CostRow, by?: CostGroup): CostView {
  const costUsd = fromNanoUsd(row.nanousd)
  return {
    name: by === 'day' ? new Date(Number(row.name) * dayMs).toISOString().slice(0, 10) : row.name,
    calls: row.calls,
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
    cachedInputTokens: row.cached_tokens,
    costUsd,
    unknownUsd: fromNanoUsd(row.unknown_nanousd),
    runs: row.runs,
    succeeded: row.succeeded,
    perSuccessUsd: row.succeeded === 0 ? null : costUsd / row.succeeded,
  }
}
