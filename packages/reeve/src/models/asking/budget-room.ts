import { ReeveError } from '../../base/errors.ts'
import { toNanoUsd } from '../../base/money.ts'
import type { Lacking } from '../../engine/waiting/until-there.ts'
import type { Database } from '../../store/database.ts'
import { awaitedBudget } from '../../store/ledger/budget-waits.ts'
import { hasRoom } from '../../store/ledger/budgets.ts'

const dayMs = 86_400_000

/**
 * What a refused question lacks; undefined: waiting cannot help. A call that cost less than it had reserved and a changed
 * ceiling wake it; at midnight (UTC) days begin anew, and it is asked again in any case.
 */
export function lackingRoom(error: unknown, database: Database, now: number): Lacking | undefined {
  if (!(error instanceof ReeveError) || error.code !== 'over-budget') return
  const scope = String(error.details.scope)
  if (scope.startsWith('run:')) return
  const { usd } = error.details
  return {
    until: awaitedBudget(scope),
    at: (Math.floor(now / dayMs) + 1) * dayMs,
    isThere: async () => typeof usd === 'number' && hasRoom(database, scope, toNanoUsd(usd)),
  }
}
