import { formatUsd, fromNanoUsd } from '../../base/money.ts'
import { safeLine } from '../../base/text/one-line.ts'

import { internalsOf } from '../../runtime/runtime.ts'
import { type BudgetRow, listBudgets } from '../../store/ledger/budgets.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { moreLine, toLimit } from '../terminal/listing.ts'
import { withRuntime } from '../terminal/project-runtime.ts'
import { table } from '../terminal/table.ts'

/** Lists what may be spent on models, what is spent, and what calls under way have reserved. */
export function budgets(cli: Cli, options: { limit: string }): Promise<ExitCode> {
  const limit = toLimit(options.limit)
  return withRuntime(cli, async (runtime) => {
    const { database } = internalsOf(runtime)
    const all = await listBudgets(database)
    const rows = all.slice(0, limit)
    const { terminal } = cli
    terminal.value({ budgets: rows.map(budgetView), more: all.length > limit })
    const cells = rows.map((row) => {
      const { ceilingUsd, spentUsd, reservedUsd } = budgetView(row)
      const ceiling = ceilingUsd === null ? 'none' : formatUsd(ceilingUsd)
      const left = ceilingUsd === null ? '' : formatUsd(Math.max(0, ceilingUsd - spentUsd - reservedUsd))
      return [safeLine(row.scope), ceiling, formatUsd(spentUsd), formatUsd(reservedUsd), left]
    })
    for (const line of table(['budget', 'ceiling', 'spent', 'reserved', 'left'], cells)) terminal.line(line)
    if (all.length > limit)
      terminal.line(terminal.colors.dim(moreLine(`the first ${limit} budgets`, limit, all.length)))
    terminal.line(
      terminal.colors.dim('Ceilings are set in reeve.config.ts: budgets: { day: "$1", project: "$20" }'),
    )
    return exitCodes.done
  })
}

function budgetView(row: BudgetRow) {
  return {
    scope: row.scope,
    ceilingUsd: row.ceiling_nanousd === null ? null : fromNanoUsd(row.ceiling_nanousd),
    spentUsd: fromNanoUsd(row.spent_nanousd),
    reservedUsd: fromNanoUsd(row.reserved_nanousd),
  }
}
