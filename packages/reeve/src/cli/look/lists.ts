import { ReeveError } from '../../base/errors.ts'
import { formatUsd } from '../../base/money.ts'
import { briefLine, safeLine } from '../../base/text/one-line.ts'
import { formatMs, moment, systemClock } from '../../base/time/time.ts'
import { approvalContext } from '../../inspect/approvals/approval-context.ts'
import { approvalView } from '../../inspect/approvals/approval-view.ts'
import { listRunPage, type RunFilter } from '../../inspect/lists/run-list.ts'
import type { RunSummary } from '../../inspect/run/run-view.ts'
import type { Database } from '../../store/database.ts'
import { countPending, listPending, requireApproval } from '../../store/runs/approvals.ts'
import type { RunStatus } from '../../store/runs/runs.ts'
import type { Cli } from '../cli.ts'
import { approvalValue, printApproval } from '../run/rest.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { moreLine, toLimit } from '../terminal/listing.ts'
import { table } from '../terminal/table.ts'
import type { Colors } from '../terminal/terminal.ts'
import { withWorkspace } from '../terminal/workspace.ts'

const statuses: RunStatus[] = ['queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled', 'stuck']

export interface RunsOptions {
  status?: string
  workflow?: string
  limit: string
}

/** Lists runs, the newest first. */
export async function runs(cli: Cli, options: RunsOptions): Promise<ExitCode> {
  const status = statuses.find((known) => known === options.status)
  if (options.status !== undefined && status === undefined) {
    throw new ReeveError(
      'bad-option',
      `There is no status "${options.status}". The statuses: ${statuses.join(', ')}.`,
    )
  }
  const limit = toLimit(options.limit)
  const { workflow } = options
  return withWorkspace(cli, async ({ database }) => {
    const filter = { ...(status !== undefined && { status }), ...(workflow !== undefined && { workflow }) }
    const { runs, more } = await firstRuns(database, filter, limit)
    const { terminal } = cli
    terminal.value({ runs, more })
    if (runs.length === 0) terminal.line(`No such runs. Start one with: ${cli.command('run', 'WORKFLOW')}`)
    else
      for (const line of table(
        ['run', 'workflow', 'status', 'started', 'took', 'cost', ''],
        runs.map((run) => cells(run, terminal.colors)),
      ))
        terminal.line(line)
    if (more) terminal.line(terminal.colors.dim(moreLine(`the newest ${limit} runs`, limit)))
    return exitCodes.done
  })
}

/** Page after page, as far back as it takes. */
async function firstRuns(
  database: Database,
  filter: RunFilter,
  limit: number,
): Promise<{ runs: RunSummary[]; more: boolean }> {
  const runs: RunSummary[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await listRunPage(database, {
      ...filter,
      limit: limit - runs.length,
      ...(cursor !== undefined && { cursor }),
    })
    runs.push(...page.runs)
    if (page.next === null || runs.length >= limit) return { runs, more: page.next !== null }
    cursor = page.next
  }
}

function cells(run: RunSummary, colors: Colors): string[] {
  const createdAt = Date.parse(run.createdAt)
  const endedAt = run.endedAt === null ? undefined : Date.parse(run.endedAt)
  const took = formatMs((endedAt ?? systemClock.now()) - createdAt)
  return [
    run.id,
    safeLine(run.workflow),
    statusColor(run.status, colors)(run.paused ? `${run.status}, paused` : run.status),
    moment(createdAt),
    endedAt === undefined ? `${took} so far` : took,
    formatUsd(run.costUsd),
    run.reason === null ? '' : briefLine(run.reason, 60),
  ]
}

export function statusColor(status: RunStatus, colors: Colors): (text: string) => string {
  if (status === 'succeeded') return colors.green
  if (status === 'failed' || status === 'stuck') return colors.red
  return status === 'waiting' ? colors.yellow : colors.dim
}

/** Lists what waits for a person, what was asked first first, with the commands that decide it; or shows one, whole. */
export async function approvals(cli: Cli, options: { limit: string }, id?: string): Promise<ExitCode> {
  if (id !== undefined) return oneApproval(cli, id)
  const limit = toLimit(options.limit)
  return withWorkspace(cli, async ({ database }) => {
    const pending = await listPending(database, limit)
    const contexts = await Promise.all(pending.map((row) => approvalContext(database, row)))
    const total = await countPending(database)
    const { terminal } = cli
    terminal.value({
      total,
      more: total > pending.length,
      approvals: pending.map((row, index) => ({
        run: row.run_id,
        workflow: row.workflow,
        ...approvalValue(cli, approvalView(row), contexts[index]),
      })),
    })
    if (pending.length === 0) terminal.line('Nothing waits for a person.')
    for (const [index, row] of pending.entries()) {
      terminal.line(terminal.colors.dim(`run ${row.run_id} of ${safeLine(row.workflow)}`))
      printApproval(cli, approvalView(row), contexts[index]!)
      terminal.line()
    }
    if (total > pending.length) terminal.line(moreLine(`the first ${pending.length} approvals`, limit, total))
    return exitCodes.done
  })
}

/** Nothing is cut, so that all of it can be read, searched or kept: `reeve approvals ID | less`. */
function oneApproval(cli: Cli, id: string): Promise<ExitCode> {
  return withWorkspace(cli, async ({ database }) => {
    const row = await requireApproval(database, id)
    const context = await approvalContext(database, row)
    const { terminal } = cli
    const { run_id: run, workflow, status, decided_by: by } = row
    terminal.value({
      run,
      workflow,
      status,
      decidedBy: by,
      ...approvalValue(cli, approvalView(row), context),
    })
    terminal.line(terminal.colors.dim(`run ${run} of ${safeLine(workflow)}`))
    printApproval(cli, approvalView(row), context, 'whole')
    if (status !== 'pending') terminal.line(`It was ${status}${by === null ? '' : ` by ${safeLine(by)}`}.`)
    return exitCodes.done
  })
}
