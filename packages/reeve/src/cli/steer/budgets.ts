import { formatUsd } from '../../base/money.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { moreLine, toLimit } from '../terminal/listing.ts'
import { table } from '../terminal/table.ts'

/** Lists what may be spent on models, what is spent, and what calls under way have reserved. */
export function budgets(cli: Cli, options: { limit: string }): Promise<ExitCode> {
  const limit = toLimit(options.limit)
  return withBackend(
    cli,
    async (backend) => {
      const all = await backend.budgets()
      const rows = all.slice(0, limit)
      const { terminal } = cli
      terminal.value({ budgets: rows, more: all.length > limit })
      const cells = rows.map(({ scope, ceilingUsd, spentUsd, reservedUsd }) => {
        const ceiling = ceilingUsd === null ? 'none' : formatUsd(ceilingUsd)
        const left = ceilingUsd === null ? '' : formatUsd(Math.max(0, ceilingUsd - spentUsd - reservedUsd))
        return [safeLine(scope), ceiling, formatUsd(spentUsd), formatUsd(reservedUsd), left]
      })
      for (const line of table(['budget', 'ceiling', 'spent', 'reserved', 'left'], cells)) terminal.line(line)
      if (all.length > limit)
        terminal.line(terminal.colors.dim(moreLine(`the first ${limit} budgets`, limit, all.length)))
      terminal.line(
        terminal.colors.dim('Ceilings are set in reeve.config.ts: budgets: { day: "$1", project: "$20" }'),
      )
      return exitCodes.done
    },
    'code',
  )
}
