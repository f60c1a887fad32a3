import { ReeveError } from '../../base/errors.ts'
import { formatUsd } from '../../base/money.ts'
import { briefLine, safeLine } from '../../base/text/one-line.ts'
import { firstCharacters } from '../../base/text/shorten.ts'
import { formatMs, moment, systemClock, toMs } from '../../base/time/time.ts'
import type { AsideView } from '../../inspect/lists/people-inbox.ts'
import type { RunSummary } from '../../inspect/run/run-view.ts'
import { type RunStatus, runStatuses } from '../../store/runs/runs.ts'
import { withApproval } from '../backend/named/named-approval.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { toTime } from '../know/to-time.ts'
import { approvalValue, printApproval } from '../run/rest.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { moreLine, toLimit } from '../terminal/listing.ts'
import { table } from '../terminal/table.ts'
import type { Colors } from '../terminal/terminal.ts'

export interface RunsOptions {
  status?: string
  workflow?: string
  text?: string
  since?: string
  until?: string
  children?: boolean
  limit: string
}

/** Lists runs, the newest first; those that other runs started only for whoever looks for something. */
export async function runs(cli: Cli, options: RunsOptions): Promise<ExitCode> {
  const status = runStatuses.find((known) => known === options.status)
  if (options.status !== undefined && status === undefined) {
    throw new ReeveError(
      'bad-option',
      `There is no status "${options.status}". The statuses: ${runStatuses.join(', ')}.`,
    )
  }
  const limit = toLimit(options.limit)
  const { workflow, text } = options
  const times = timesOf(options)
  const topLevel =
    options.children !== true && status === undefined && workflow === undefined && text === undefined
  return withBackend(cli, async (backend) => {
    const filter = {
      ...(status !== undefined && { status }),
      ...(workflow !== undefined && { workflow }),
      ...(text !== undefined && { text }),
      ...times,
      topLevel,
    }
    const { runs, more } = await backend.runs(filter, limit)
    const { terminal } = cli
    terminal.value({ runs, more })
    if (runs.length === 0) terminal.line(`No such runs. Start one with: ${cli.command('run', 'WORKFLOW')}`)
    else
      for (const line of table(
        ['run', 'workflow', 'key', 'status', 'started', 'took', 'cost', 'input', ''],
        runs.map((run) => cells(run, terminal.colors)),
      ))
        terminal.line(line)
    if (more) terminal.line(terminal.colors.dim(moreLine(`the newest ${limit} runs`, limit)))
    return exitCodes.done
  })
}

function cells(run: RunSummary, colors: Colors): string[] {
  const createdAt = Date.parse(run.createdAt)
  const endedAt = run.endedAt === null ? undefined : Date.parse(run.endedAt)
  const took = formatMs((endedAt ?? systemClock.now()) - createdAt)
  return [
    run.id,
    safeLine(run.workflow),
    briefLine(run.key ?? run.workflowKey ?? '', 30),
    statusColor(run.status, colors)(run.paused ? `${run.status}, paused` : run.status),
    moment(createdAt),
    endedAt === undefined ? `${took} so far` : took,
    formatUsd(run.costUsd),
    run.input === null || run.input === 'null' ? '' : briefInput(run.input),
    run.reason === null ? '' : briefLine(run.reason, 60),
  ]
}

/** A lone beginning: how much there is more, `show` tells. */
function briefInput(input: string): string {
  const line = safeLine(input)
  return line.length <= 40 ? line : `${firstCharacters(line, 40).toWellFormed()}…`
}

/** @throws `bad-option` `bad-duration` */
function timesOf({ since, until }: RunsOptions): { since?: number; until?: number } {
  const now = systemClock.now()
  const at = (text: string, option: string) => {
    if (/^\d{4}-/.test(text)) return toTime(text, option)
    const ms = msIn(text)
    if (ms !== undefined) return now - ms
    const advice = 'Write how long ago (2d, 12h, 30m), or a date: 2026-11-03, 2026-11-03T12:00Z.'
    throw new ReeveError(
      'bad-option',
      `${option} is ${JSON.stringify(text)}, which is neither a duration nor a date. ${advice}`,
    )
  }
  return {
    ...(since !== undefined && { since: at(since, '--since') }),
    ...(until !== undefined && { until: at(until, '--until') }),
  }
}

function msIn(text: string): number | undefined {
  try {
    return toMs(text)
  } catch {
    return undefined
  }
}

export function statusColor(status: RunStatus, colors: Colors): (text: string) => string {
  if (status === 'succeeded') return colors.green
  if (status === 'failed' || status === 'stuck') return colors.red
  return status === 'waiting' ? colors.yellow : colors.dim
}

/** Lists what waits for a person, what was asked first first, with the commands that decide it; or shows one, whole. */
export async function approvals(
  cli: Cli,
  options: { limit: string; aside?: boolean },
  id?: string,
): Promise<ExitCode> {
  if (id !== undefined) return oneApproval(cli, id)
  const limit = toLimit(options.limit)
  const { aside: isAside = false } = options
  return withBackend(cli, async (backend) => {
    const { asked, total, aside, hasty, proposals } = await backend.approvals(limit, isAside)
    const contexts = await Promise.all(asked.map(({ approval }) => backend.context(approval.id)))
    const { terminal } = cli
    terminal.value({
      total,
      aside,
      hasty,
      more: total > asked.length,
      approvals: asked.map(({ runId, workflow, approval }, index) => ({
        runId,
        workflow,
        ...approvalValue(cli, approval, contexts[index]),
      })),
    })
    if (asked.length === 0) terminal.line('Nothing waits for a person.')
    for (const [index, { runId: run, workflow, approval }] of asked.entries()) {
      terminal.line(terminal.colors.dim(`run ${run} of ${safeLine(workflow)}`))
      printApproval(cli, approval, contexts[index]!)
      terminal.line()
    }
    if (total > asked.length) terminal.line(moreLine(`the first ${asked.length} approvals`, limit, total))
    if (!isAside) printAside(cli, aside.total, aside.groups)
    if (proposals > 0) terminal.line(`${proposals} proposed by machines: ${cli.command('proposals', 'list')}`)
    for (const { by, hasty: count } of hasty)
      terminal.line(
        terminal.colors.yellow(
          `${safeLine(by)} approved ${count} times within the last hour less than a second after the time before`,
        ),
      )
    return exitCodes.done
  })
}

const mostGroups = 5

/** What people are not asked yet: nobody can hide one request behind thousands of another sender. */
function printAside(cli: Cli, count: number, groups: readonly AsideView[]): void {
  const { terminal } = cli
  if (count === 0) return
  terminal.line(
    `${count} more wait aside until some of these are decided: ${cli.command('approvals', '--aside')}`,
  )
  for (const { sender, channel, workflow, subject, count: of } of groups.slice(0, mostGroups))
    terminal.line(
      terminal.colors.dim(
        `  ${of} from ${safeLine(sender ?? channel)} (${safeLine(channel)}): ${safeLine(workflow)}, ${safeLine(subject)}`,
      ),
    )
}

/** Nothing is cut, so that all of it can be read, searched or kept: `reeve approvals ID | less`. */
function oneApproval(cli: Cli, named: string): Promise<ExitCode> {
  return withApproval(cli, named, async (backend, { runId, workflow, approval }) => {
    const context = await backend.context(approval.id)
    const { terminal } = cli
    const { status, decided } = approval
    const by = decided?.by ?? null
    terminal.value({ runId, workflow, status, decidedBy: by, ...approvalValue(cli, approval, context) })
    terminal.line(terminal.colors.dim(`run ${runId} of ${safeLine(workflow)}`))
    printApproval(cli, approval, context, 'whole')
    if (status !== 'pending') terminal.line(`It was ${status}${by === null ? '' : ` by ${safeLine(by)}`}.`)
    return exitCodes.done
  })
}
