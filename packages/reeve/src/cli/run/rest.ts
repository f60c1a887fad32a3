import type { Json } from '../../base/json/json.ts'
import { takesNull } from '../../base/schema/json-schema-words.ts'
import { isoText } from '../../base/time/time.ts'
import { type Wanted, wantedOf } from '../../engine/outside/answer.ts'
import { editableOf, hasProblem } from '../../engine/outside/approval-edit.ts'
import { shortHash } from '../../engine/outside/decision.ts'
import { type ApprovalContext, approvalContext } from '../../server/mcp/approval-context.ts'
import type { Database } from '../../store/database.ts'
import { readEvents } from '../../store/journal/journal.ts'
import type { ApprovalRow } from '../../store/runs/approvals.ts'
import type { Standing } from '../../store/runs/standing.ts'
import { type Cli, operands } from '../cli.ts'
import { approvalScreen, contextLines, isCut, warningsOf } from '../decide/approval-screen.ts'
import { codeOf, type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { moment, safeLine } from '../terminal/safe-text.ts'
import { shownLines } from '../terminal/shown-value.ts'

/**
 * The commands that decide an approval, as the user can paste them; none where it is decided. `wanted`: what an answer must
 * be. One that no screen shows whole names its hash.
 */
export function decisionCommands(
  cli: Cli,
  approval: Pick<ApprovalRow, 'id' | 'kind'> & Partial<ApprovalRow>,
  wanted: Wanted | undefined,
): Record<string, string> {
  const { id, kind, status = 'pending' } = approval
  if (status !== 'pending') return {}
  if (kind === 'approval') {
    const row = approval.shown === undefined ? undefined : (approval as ApprovalRow)
    const reject = cli.command('reject', id)
    // What has a problem can only be edited or rejected.
    if (row && hasProblem(row) !== undefined) return { edit: editCommand(cli, row), reject }
    return { approve: cli.command('approve', id, ...hashOf(row)), reject }
  }
  if (kind === 'question')
    return {
      answer: cli.command('answer', ...operands(id, exampleOf(wanted))),
      reject: cli.command('reject', id),
    }
  return {
    happened: cli.command('answer', id, 'happened', ...resultOf(wanted)),
    again: cli.command('answer', id, 'again'),
    failed: cli.command('answer', id, 'failed'),
  }
}

/** An answer that fits; a text stands as it is. */
function exampleOf(wanted: Wanted | undefined): string {
  if (wanted?.sample === undefined) return 'ANSWER'
  return typeof wanted.sample === 'string' ? wanted.sample : JSON.stringify(wanted.sample)
}

function resultOf(wanted: Wanted | undefined): string[] {
  if (!wanted || wanted.schema === null || takesNull(wanted.schema)) return []
  return ['--result', wanted.sample === undefined ? 'RESULT' : JSON.stringify(wanted.sample)]
}

/** What an answer must be, for a line of its own; undefined where nothing is known of it. */
export function needsLine(kind: ApprovalRow['kind'], wanted: Wanted | undefined): string | undefined {
  if (!wanted || (kind === 'outcome' && wanted.schema === null)) return
  const what = kind === 'outcome' ? 'if it happened, its result must be' : 'the answer must be'
  return `${what} ${safeLine(wanted.words)}; for example:`
}

function hashOf(row: ApprovalRow | undefined): string[] {
  return row && isCut(row) ? ['--hash', shortHash(row.args_hash)] : []
}

const longestDraft = 300

/** With all that could be edited, ready to be changed; fields that are left out of it stay as they are. */
function editCommand(cli: Cli, row: ApprovalRow): string {
  const draft = JSON.stringify(editableOf(row))
  const edit = draft.length > longestDraft ? 'FILE.json' : draft
  return cli.command('approve', row.id, ...hashOf(row), '--edit', edit)
}

export function approvalView(cli: Cli, approval: ApprovalRow, context?: ApprovalContext) {
  const wanted = wantedOf(approval)
  return {
    id: approval.id,
    kind: approval.kind,
    subject: approval.subject,
    shown: JSON.parse(approval.shown) as Json,
    hash: approval.args_hash,
    requestedAt: isoText(approval.requested_at),
    expiresAt: approval.expires_at === null ? null : isoText(approval.expires_at),
    warnings: warningsOf(approval),
    ...(wanted && { wanted }),
    ...(context && { context }),
    commands: decisionCommands(cli, approval, wanted),
  }
}

const asks = { approval: 'approve', question: 'answer', outcome: 'say what happened to' }

/** Says what a person is asked, with exactly what is shown, what it is about, and the commands where it is still open. */
export function printApproval(
  cli: Cli,
  approval: ApprovalRow,
  context: ApprovalContext,
  extent: 'fitting' | 'whole' = 'fitting',
): void {
  const { terminal } = cli
  const { bold, cyan, dim, red, yellow } = terminal.colors
  const since = `since ${moment(approval.requested_at)}`
  const until = approval.expires_at === null ? '' : `, until ${moment(approval.expires_at)}`
  const what = `${asks[approval.kind]} ${bold(safeLine(approval.subject))} ${dim(since + until)}`
  terminal.line(approval.status === 'pending' ? `${yellow('?')} ${what}` : `${dim('was asked to')} ${what}`)
  const { lines, cut } = approvalScreen(approval, extent)
  for (const line of lines) terminal.line(`    ${line}`)
  for (const warning of warningsOf(approval)) terminal.line(`  ${red('!')} ${warning}`)
  terminal.line(dim('  what it is about (no part of what is decided):'))
  for (const line of contextLines(context, extent)) terminal.line(dim(`    ${line}`))
  if (approval.status !== 'pending') return
  const wanted = wantedOf(approval)
  const needs = needsLine(approval.kind, wanted)
  if (needs !== undefined) terminal.line(`  ${needs}`)
  const commands = decisionCommands(cli, approval, wanted)
  if (cut === undefined) {
    terminal.line(dim(`  hash of what is shown: ${shortHash(approval.args_hash)}`))
    for (const command of Object.values(commands)) terminal.line(`  ${cyan(command)}`)
    if (approval.kind === 'approval' && !commands.edit)
      terminal.line(dim(`  or with changes: ${editCommand(cli, approval)}`))
    return
  }
  terminal.line(`  ${red('!')} not shown here: ${cut}. All of it, with what approves it:`)
  terminal.line(`  ${cyan(cli.command('approvals', approval.id))}`)
  const { approve: _approve, edit: _edit, ...others } = commands
  for (const command of Object.values(others)) terminal.line(`  ${cyan(command)}`)
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
  const asked = await Promise.all(
    approvals.map(async (approval) => ({ approval, context: await approvalContext(database, approval) })),
  )
  const ending = standing.state === 'ended' ? await endingOf(database, run.no) : {}
  terminal.value({
    run: run.id,
    status: run.status,
    ...extra,
    ...(run.reason === null ? {} : { reason: run.reason }),
    ...ending,
    ...(asked.length > 0
      ? { approvals: asked.map(({ approval, context }) => approvalView(cli, approval, context)) }
      : {}),
  })
  const color =
    run.status === 'succeeded' ? green : run.status === 'waiting' || run.status === 'queued' ? yellow : red
  const paused = run.paused !== 0 && standing.state === 'waiting' ? ' (paused)' : ''
  terminal.line()
  terminal.line(`${color(bold(run.status))}${paused} ${dim(`run ${run.id}`)}`)
  if (ending.output !== undefined) for (const line of shownLines(ending.output)) terminal.line(`  ${line}`)
  if (run.reason !== null && standing.state !== 'waiting')
    for (const line of shownLines(run.reason, { lines: 20, width: 300 })) terminal.line(`  ${line}`)
  for (const { approval, context } of asked) printApproval(cli, approval, context)
  if (standing.state === 'waiting' && approvals.length === 0)
    terminal.line(`  waits: ${safeLine(waitsFor(cli, standing))}`)
  if (standing.state === 'stuck') terminal.line(`  when mended: ${cyan(cli.command('retry', run.id))}`)
  terminal.line(dim(`  everything about it: ${cli.command('show', run.id)}`))
  return standing.state === 'waiting' ? exitCodes.waits : codeOf(run.status)
}

function waitsFor(cli: Cli, { run, lack }: Standing): string {
  if (lack !== undefined) return `${lack}; start one that has it: ${cli.command('dev')}`
  if (run.paused !== 0) return `paused; go on with: ${cli.command('resume', run.id)}`
  const signal = /^signal "(.*?)"/s.exec(run.reason ?? '')
  if (signal)
    return `${run.reason}; send it with: ${cli.command('signal', ...operands(run.id, signal[1]!, 'JSON'))}`
  if (run.status === 'queued')
    return `its queue "${run.queue}" is paused: ${cli.command('queues', 'resume', ...operands(run.queue))}`
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
