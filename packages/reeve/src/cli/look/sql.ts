import { safeLine } from '../../base/text/one-line.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { toLimit } from '../terminal/listing.ts'
import { table } from '../terminal/table.ts'

/** Asks one reading query of the documented views. @throws `bad-query` `query-failed` `query-timeout` */
export function sql(cli: Cli, options: { limit: string }, query: string): Promise<ExitCode> {
  const limit = toLimit(options.limit)
  return withBackend(cli, async (backend) => {
    const result = await backend.sql(query, limit)
    const { terminal } = cli
    terminal.value(result)
    const cells = result.rows.map((row) => row.map((cell) => (cell === null ? '' : safeLine(String(cell)))))
    if (cells.length > 0) for (const line of table(result.columns.map(safeLine), cells)) terminal.line(line)
    else terminal.line('No rows.')
    if (result.more) terminal.line(terminal.colors.dim(`the first ${limit} rows; see more with --limit`))
    return exitCodes.done
  })
}
