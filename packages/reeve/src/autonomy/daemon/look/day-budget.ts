import { fromNanoUsd } from '../../../base/money.ts'
import { dayScopeOf } from '../../../models/asking/budget.ts'
import type { Session } from '../../../store/database.ts'
import { readBudget } from '../../../store/spending/budgets.ts'
import { type Daemon, daemonWorkflowName } from '../daemon.ts'
import type { DaemonState } from '../daemon-state.ts'

/** What a daemon may still spend today. */
export async function budgetOf(
  database: Session,
  { name, dayUsd }: Daemon,
  now: number,
): Promise<DaemonState['budget']> {
  const row =
    dayUsd === null ? undefined : await readBudget(database, dayScopeOf(daemonWorkflowName(name), now))
  const spentUsd = row ? fromNanoUsd(row.spent_nanousd + row.reserved_nanousd) : 0
  const ceiling = row?.ceiling_nanousd == null ? dayUsd : fromNanoUsd(row.ceiling_nanousd)
  return { dayUsd: ceiling, spentUsd, leftUsd: ceiling === null ? null : Math.max(0, ceiling - spentUsd) }
}
