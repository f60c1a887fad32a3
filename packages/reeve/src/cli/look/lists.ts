import { ReeveError } from '../../base/errors.ts'
import { formatUsd, fromNanoUsd } from '../../base/money.ts'
import { formatMs, isoText, systemClock } from '../../base/time/time.ts'
import { approvalContext } from '../../server/mcp/approval-context.ts'
import { drivenVersions, lackOf } from '../../store/dispatch/workers.ts'
import { costsOfRuns } from '../../store/ledger/model-calls.ts'
import { countPending, listPending, requireApproval } from '../../store/runs/approvals.ts'
import { listRuns, type RunRow, type RunStatus } from '../../store/runs/runs.ts'
import type { Cli } from '../cli.ts'
import { approvalView, printApproval } from '../run/rest.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { moreLine, toLimit } from '../terminal/listing.ts'
import { briefLine, moment, safeLine } from '../terminal/safe-text.ts'
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
    const driven = await drivenVersions(database)
    const listed = await listRuns(database, {
      limit: limit + 1,
      ...(status === undefined ? {} : { status }),
      ...(workflow === undefined ? {} : { workflow }),
    })
    const more = listed.length > limit
    const rows = listed
      .slice(0, limit)
      .map((row) => ({ ...row, reason: row.reason ?? lackOf(row, driven) ?? null }))
    const { terminal } = cli
    const costs = await costsOfRuns(
      database,
      rows.map(({ no }) => no),
    )
    const costUsd = ({ no }: RunRow) => fromNanoUsd(costs.get(no) ?? 0)
    terminal.value({ runs: rows.map((row) => runView(row, costUsd(row))), more })
    if (rows.length === 0) terminal.line(`No such runs. Start one with: ${cli.command('run', 'WORKFLOW')}`)
    else
      for (const line of table(
        ['run', 'workflow', 'status', 'started', 'took', 'cost', ''],
        rows.map((row) => cells(row, costUsd(row), terminal.colors)),
      ))
        terminal.line(line)
    if (more) terminal.line(terminal.colors.dim(moreLine(`the newest ${limit} runs`, limit)))
    return exitCodes.done
  })
}

export function runView(row: RunRow, costUsd: number) {
  return {
    id: row.id,
    workflow: row.workflow,
    version: row.version,
    status: row.status,
    paused: row.paused !== 0,
    reason: row.reason,
    queue: row.queue,
    principal: row.principal,
    createdAt: isoText(row.created_at),
    endedAt: row.ended_at === null ? null : isoText(row.ended_at),
    costUsd,
  }
}

function cells(row: RunRow, costUsd: number, colors: Colors): string[] {
  const took = formatMs((row.ended_at ?? systemClock.now()) - row.created_at)
  return [
    row.id,
    safeLine(row.workflow),
    statusColor(row.status, colors)(row.paused !== 0 ? `${row.status}, paused` : row.status),
    moment(row.created_at),
    row.ended_at === null ? `${took} so far` : took,
    formatUsd(costUsd),
    row.reason === null ? '' : briefLine(row.reason, 60),
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
        ...approvalView(cli, row, contexts[index]),
      })),
    })
    if (pending.length === 0) terminal.line('Nothing waits for a person.')
    for (const [index, row] of pending.entries()) {
      terminal.line(terminal.colors.dim(`run ${row.run_id} of ${safeLine(row.workflow)}`))
      printApproval(cli, row, contexts[index]!)
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
    terminal.value({ run, workflow, status, decidedBy: by, ...approvalView(cli, row, context) })
    terminal.line(terminal.colors.dim(`run ${run} of ${safeLine(workflow)}`))
    printApproval(cli, row, context, 'whole')
    if (status !== 'pending') terminal.line(`It was ${status}${by === null ? '' : ` by ${safeLine(by)}`}.`)
    return exitCodes.done
  })
}
