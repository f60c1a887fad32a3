import { formatUsd } from '../base/money.ts'
import { type BudgetRow, listBudgets } from '../store/budgets.ts'
import type { Cli } from './cli.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { withRuntime } from './project-runtime.ts'
import { safeLine } from './safe-text.ts'
import { table } from './table.ts'

const nano = 1e9

/** Lists what may be spent on models, what is spent, and what calls under way have reserved. */
export function budgets(cli: Cli): Promise<ExitCode> {
  return withRuntime(cli, async ({ database }) => {
    const rows = await listBudgets(database)
    const { terminal } = cli
    terminal.value({ budgets: rows.map(budgetView) })
    const cells = rows.map((row) => {
      const { ceilingUsd, spentUsd, reservedUsd } = budgetView(row)
      const ceiling = ceilingUsd === null ? 'none' : formatUsd(ceilingUsd)
      const left = ceilingUsd === null ? '' : formatUsd(Math.max(0, ceilingUsd - spentUsd - reservedUsd))
      return [safeLine(row.scope), ceiling, formatUsd(spentUsd), formatUsd(reservedUsd), left]
    })
    for (const line of table(['budget', 'ceiling', 'spent', 'reserved', 'left'], cells)) terminal.line(line)
    terminal.line(
      terminal.colors.dim('Ceilings are set in reeve.config.ts: budgets: { day: "$1", project: "$20" }'),
    )
    return exitCodes.done
  })
}

function budgetView(row: BudgetRow) {
  return {
    scope: row.scope,
    ceilingUsd: row.ceiling_nanousd === null ? null : row.ceiling_nanousd / nano,
    spentUsd: row.spent_nanousd / nano,
    reservedUsd: row.reserved_nanousd / nano,
  }
}
