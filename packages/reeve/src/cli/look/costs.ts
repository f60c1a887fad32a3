import { ReeveError } from '../../base/errors.ts'
import { formatUsd } from '../../base/money.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { toMs } from '../../base/time/time.ts'
import type { CostView } from '../../inspect/costs/costs.ts'
import { type CostGroup, costGroups } from '../../store/spending/costs.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { moreLine, toLimit } from '../terminal/listing.ts'
import { table } from '../terminal/table.ts'

export interface CostsOptions {
  by?: string
  since?: string
  limit: string
}

/** Adds up what paid models cost, from the ledger of their calls. */
export async function costs(cli: Cli, options: CostsOptions): Promise<ExitCode> {
  const by = groupOf(options.by)
  const limit = toLimit(options.limit)
  if (options.since !== undefined) toMs(options.since as never)
  return withBackend(cli, async (backend) => {
    const { since, groups, count, total } = await backend.costs({ by, since: options.since, limit })
    const more = count > groups.length
    const { terminal } = cli
    terminal.value({ since, ...(by && { by, groups, more }), total })
    if (total.calls === 0) {
      terminal.line(
        `No paid model was called${options.since ? ` in the last ${safeLine(options.since)}` : ''}.`,
      )
      return exitCodes.done
    }
    const header = [by ?? '', 'calls', 'in', 'cached', 'out', 'cost', 'runs', 'succeeded', 'per success']
    const nameless = by === 'run' ? '(deleted runs)' : '(no agent)'
    const rows = groups.map((view) => cells(view, view.name ?? nameless))
    for (const line of table(header, [...rows, cells(total, 'total')])) terminal.line(line)
    if (total.unknownUsd > 0)
      terminal.line(
        `up to ${formatUsd(total.unknownUsd)} of it for calls that were cut off: nobody knows their bill`,
      )
    if (more) {
      const first = by === 'day' ? 'newest' : 'dearest'
      terminal.line(terminal.colors.dim(moreLine(`the ${first} ${groups.length}`, limit, count)))
    }
    return exitCodes.done
  })
}

/** @throws `bad-option` */
function groupOf(by: string | undefined): CostGroup | undefined {
  if (by === undefined) return undefined
  const group = costGroups.find((known) => known === by)
  if (group) return group
  throw new ReeveError('bad-option', `--by is "${by}". Costs are added up by ${costGroups.join(', ')}.`)
}

function cells(view: CostView, name: string): string[] {
  return [
    safeLine(name),
    String(view.calls),
    String(view.inputTokens),
    String(view.cachedInputTokens),
    String(view.outputTokens),
    formatUsd(view.costUsd),
    String(view.runs),
    String(view.succeeded),
    view.perSuccessUsd === null ? 'none' : formatUsd(view.perSuccessUsd),
  ]
}
