import { formatUsd } from '../../base/money.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { toLimit } from '../terminal/listing.ts'
import { table } from '../terminal/table.ts'

/** Lists what evaluations came to. */
export async function evalList(cli: Cli, options: { limit: string }, name?: string): Promise<ExitCode> {
  const limit = toLimit(options.limit)
  return withBackend(cli, async ({ learning }) => {
    const results = await learning.evals(name, limit)
    cli.terminal.value({ results })
    if (results.length === 0) cli.terminal.line('No evaluation was run yet. Run all of them with: reeve eval')
    const rows = results.map((each) => [
      each.id,
      safeLine(each.name),
      each.at,
      each.verdict,
      String(each.count),
      formatUsd(each.costUsd),
      Object.entries(each.scorers)
        .map(([scorer, { mean }]) => `${safeLine(scorer)} ${mean.toFixed(3)}`)
        .join(', '),
    ])
    if (rows.length > 0)
      for (const line of table(['id', 'name', 'at', 'verdict', 'cases', 'cost', 'scorers'], rows))
        cli.terminal.line(line)
    return exitCodes.done
  })
}
