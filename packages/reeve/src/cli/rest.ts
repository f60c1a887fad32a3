import type { Json } from '../base/json.ts'
import { takesNull } from '../base/json-schema-words.ts'
import { isoText } from '../base/time.ts'
import { type Wanted, wantedOf } from '../engine/answer.ts'
import type { ApprovalRow } from '../store/approvals.ts'
import type { Database } from '../store/database.ts'
import { readEvents } from '../store/journal.ts'
import { type Cli, quoted } from './cli.ts'
import { codeOf, type ExitCode, exitCodes } from './exit-codes.ts'
import { moment, safeLine } from './safe-text.ts'
import { shownLines, whole } from './shown-value.ts'
import type { Standing } from './standing.ts'

/** The commands that decide an approval, as the user can paste them. `wanted`: what an answer must be. */
export function decisionCommands(
  cli: Cli,
  { id, kind }: Pick<ApprovalRow, 'id' | 'kind'>,
  wanted: Wanted | undefined,
): Record<string, string> {
  if (kind === 'approval')
    return { approve: cli.command(`approve ${id}`), reject: cli.command(`reject ${id}`) }
  if (kind === 'question')
    return { answer: cli.command(`answer ${id} ${exampleOf(wanted)}`), reject: cli.command(`reject ${id}`) }
  return {
    happened: cli.command(`answer ${id} happened${resultOf(wanted)}`),
    again: cli.command(`answer ${id} again`),
    failed: cli.command(`answer ${id} failed`),
  }
}

/** An answer that fits, for a shell; a text stands as it is. */
function exampleOf(wanted: Wanted | undefined): string {
  if (wanted?.sample === undefined) return 'ANSWER'
  return quoted(typeof wanted.sample === 'string' ? wanted.sample : JSON.stringify(wanted.sample))
}

function resultOf(wanted: Wanted | undefined): string {
  if (!wanted || wanted.schema === null || takesNull(wanted.schema)) return ''
  return ` --result ${wanted.sample === undefined ? 'RESULT' : quoted(JSON.stringify(wanted.sample))}`
}

/** What an answer must be, for a line of its own; undefined where nothing is known of it. */
export function needsLine(kind: ApprovalRow['kind'], wanted: Wanted | undefined): string | undefined {
  if (!wanted || (kind === 'outcome' && wanted.schema === null)) return
  const what = kind === 'outcome' ? 'if it happened, its result must be' : 'the answer must be'
  return `${what} ${safeLine(wanted.words)}; for example:`
}

export function approvalView(cli: Cli, approval: ApprovalRow) {
  const wanted = wantedOf(approval)
  return {
    id: approval.id,
    kind: approval.kind,
    subject: approval.subject,
    shown: JSON.parse(approval.shown) as Json,
    requestedAt: isoText(approval.requested_at),
    expiresAt: approval.expires_at === null ? null : isoText(approval.expires_at),
    ...(wanted && { wanted }),
    commands: decisionCommands(cli, approval, wanted),
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
  const wanted = wantedOf(approval)
  const needs = needsLine(approval.kind, wanted)
  if (needs !== undefined) terminal.line(`  ${needs}`)
  for (const command of Object.values(decisionCommands(cli, approval, wanted)))
    terminal.line(`  ${cyan(command)}`)
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
  if (signal)
    return `${run.reason}; send it with: ${cli.command(`signal ${run.id} ${quoted(signal[1]!)} JSON`)}`
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
