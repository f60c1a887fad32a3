import { ReeveError } from '../../base/errors.ts'
import { toNanoUsd } from '../../base/money.ts'
import type { Lacking } from '../../engine/waiting/until-there.ts'
import type { Database } from '../../store/database.ts'
import { awaitedBudget, waitForRoom } from '../../store/spending/budget-waits.ts'
import { budgetInWords } from '../../store/spending/budget-words.ts'

const dayMs = 86_400_000

/**
 * What a refused question lacks; undefined: waiting cannot help. A call that cost less than it had reserved and a changed
 * ceiling wake it; at midnight (UTC) days begin anew, and it is asked again in any case.
 */
export function lackingRoom(error: unknown, database: Database, now: number): Lacking | undefined {
  if (!(error instanceof ReeveError) || error.code !== 'over-budget') return
  const scope = String(error.details.scope)
  if (scope.startsWith('run:')) return
  const { usd, nanousd = typeof usd === 'number' ? toNanoUsd(usd) : undefined } = error.details
  return {
    until: awaitedBudget(scope),
    words: budgetInWords(scope),
    at: (Math.floor(now / dayMs) + 1) * dayMs,
    isThere: async (of) =>
      typeof nanousd === 'number' &&
      database.transaction((session) => waitForRoom(session, { scope, nanousd, ...of })),
  }
}
