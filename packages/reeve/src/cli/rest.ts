import type { Json } from '../base/json.ts'
import { isoText } from '../base/time.ts'
import type { ApprovalRow } from '../store/approvals.ts'
import type { Database } from '../store/database.ts'
import { readEvents } from '../store/journal.ts'
import type { Cli } from './cli.ts'
import { codeOf, type ExitCode, exitCodes } from './exit-codes.ts'
import { moment, safeLine } from './safe-text.ts'
import { shownLines, whole } from './shown-value.ts'
import type { Standing } from './standing.ts'

/** The commands that decide an approval, as the user can paste them. */
export function decisionCommands(
  cli: Cli,
  approval: Pick<ApprovalRow, 'id' | 'kind'>,
): Record<string, string> {
  const { id, kind } = approval
  if (kind === 'approval')
    return { approve: cli.command(`approve ${id}`), reject: cli.command(`reject ${id}`) }
  if (kind === 'question')
    return { answer: cli.command(`answer ${id} ANSWER`), reject: cli.command(`reject ${id}`) }
  return {
    happened: cli.command(`answer ${id} happened`),
    again: cli.command(`answer ${id} again`),
    failed: cli.command(`answer ${id} failed`),
  }
}

export function approvalView(cli: Cli, approval: ApprovalRow) {
  return {
    id: approval.id,
    kind: approval.kind,
    subject: approval.subject,
    shown: JSON.parse(approval.shown) as Json,
    requestedAt: isoText(approval.requested_at),
    expiresAt: approval.expires_at === null ? null : isoText(approval.expires_at),
    commands: decisionCommands(cli, approval),
  }
}

const asks = { approval: 'approve', question: 'answer', outcome: 'say what happened to' }

/** Says what a person is asked, with exactly what is shown and the commands. */
export function printApproval(cli: Cli, approval: ApprovalRow): void {
  const { terminal } = cli
  const { bold, cyan, dim, yellow } = terminal.colors
  const since = `since ${moment(approval.requested_at)}`
  const until = approval.expires_at === null ? '' : `, until ${moment(approval.expires_at)}`
  terminal.line(
    `${yellow('?')} ${asks[approval.kind]} ${bold(safeLine(approval.subject))} ${dim(since + until)}`,
  )
  for (const line of shownLines(JSON.parse(approval.shown), whole)) terminal.line(`    ${line}`)
  for (const command of Object.values(decisionCommands(cli, approval))) terminal.line(`  ${cyan(command)}`)
}

/** Prints how a run rests and answers the exit code that says the same. */
export async function reportRest(
  cli: Cli,
  database: Database,
  standing: Standing,
  extra: Record<string, unknown> = {},
): Promise<ExitCode> {
  const { terminal } = cli
  const { bold, cyan, dim, green, red, yellow } = terminal.colors
  const { run, approvals } = standing
  const ending = standing.state === 'ended' ? await endingOf(database, run.no) : {}
  terminal.value({
    run: run.id,
    status: run.status,
    ...extra,
    ...(run.reason === null ? {} : { reason: run.reason }),
    ...ending,
    ...(approvals.length > 0 ? { approvals: approvals.map((approval) => approvalView(cli, approval)) } : {}),
  })
  const color =
    run.status === 'succeeded' ? green : run.status === 'waiting' || run.status === 'queued' ? yellow : red
  const paused = run.paused !== 0 && standing.state === 'waiting' ? ' (paused)' : ''
  terminal.line()
  terminal.line(`${color(bold(run.status))}${paused} ${dim(`run ${run.id}`)}`)
  if (ending.output !== undefined) for (const line of shownLines(ending.output)) terminal.line(`  ${line}`)
  if (run.reason !== null && standing.state !== 'waiting')
    for (const line of shownLines(run.reason, { lines: 20, width: 300 })) terminal.line(`  ${line}`)
  for (const approval of approvals) printApproval(cli, approval)
  if (standing.state === 'waiting' && approvals.length === 0)
    terminal.line(`  waits: ${safeLine(waitsFor(cli, standing))}`)
  if (standing.state === 'stuck') terminal.line(`  when mended: ${cyan(cli.command(`retry ${run.id}`))}`)
  terminal.line(dim(`  everything about it: ${cli.command(`show ${run.id}`)}`))
  return standing.state === 'waiting' ? exitCodes.waits : codeOf(run.status)
}

function waitsFor(cli: Cli, { run }: Standing): string {
  if (run.paused !== 0) return `paused; go on with: ${cli.command(`resume ${run.id}`)}`
  const signal = /^signal "(.*?)"/s.exec(run.reason ?? '')
  if (signal) return `${run.reason}; send it with: ${cli.command(`signal ${run.id} ${signal[1]} JSON`)}`
  if (run.status === 'queued')
    return `its queue "${run.queue}" is paused: ${cli.command(`queues resume ${run.queue}`)}`
  return run.reason ?? 'nothing that happens by itself'
}

async function endingOf(database: Database, no: number): Promise<{ output?: unknown; error?: unknown }> {
  const last = (await readEvents(database, no)).findLast((event) =>
    /^run-(succeeded|failed)$/.test(event.type),
  )
  if (!last || last.payload === null) return {}
  const value: unknown = JSON.parse(last.payload)
  return last.type === 'run-succeeded' ? { output: value } : { error: value }
}
