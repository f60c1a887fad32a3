import { ReeveError } from '../../base/errors.ts'
import { formatUsd, fromNanoUsd } from '../../base/money.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { systemClock, toMs } from '../../base/time/time.ts'
import { type CostGroup, type CostRow, costGroups, sumCosts } from '../../store/ledger/costs.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { moreLine, toLimit } from '../terminal/listing.ts'
import { table } from '../terminal/table.ts'
import { withWorkspace } from '../terminal/workspace.ts'

const dayMs = 86_400_000

export interface CostsOptions {
  by?: string
  since?: string
  limit: string
}

interface CostView {
  /** The run, agent, model, workflow or day; null: calls that no agent made, or of deleted runs. */
  name: string | null
  calls: number
  inputTokens: number
  outputTokens: number
  cachedInputTokens: number
  costUsd: number
  /** Of it, the most that calls of unknown outcome may have cost. */
  unknownUsd: number
  runs: number
  succeeded: number
  /** All of the cost, of failed runs too, for each run that succeeded; null: none did. */
  perSuccessUsd: number | null
}

/** Adds up what paid models cost, from the ledger of their calls. */
export async function costs(cli: Cli, options: CostsOptions): Promise<ExitCode> {
  const by = groupOf(options.by)
  const limit = toLimit(options.limit)
  const sinceMs = options.since === undefined ? undefined : toMs(options.since as never)
  return withWorkspace(cli, async ({ database }) => {
    const now = (database.clock ?? systemClock).now()
    const since = sinceMs === undefined ? 0 : now - sinceMs
    const [sum] = (await sumCosts(database, { since })).groups
    const total = viewOf(sum!)
    const found = by ? await sumCosts(database, { by, since, limit }) : { groups: [], total: 0 }
    const groups = found.groups.map((row) => viewOf(row, by))
    const more = found.total > groups.length
    const { terminal } = cli
    terminal.value({
      since: sinceMs === undefined ? null : new Date(since).toISOString(),
      ...(by && { by, groups, more }),
      total,
    })
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
      terminal.line(terminal.colors.dim(moreLine(`the ${first} ${groups.length}`, limit, found.total)))
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
