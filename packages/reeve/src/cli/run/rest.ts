import { hostname } from 'node:os'
import { takesNull } from '../../base/schema/json-schema-words.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { moment } from '../../base/time/time.ts'
import type { WantedAnswer } from '../../engine/deciding/answer.ts'
import { shortHash } from '../../engine/deciding/decision.ts'
import type { ApprovalContext } from '../../inspect/approvals/approval-context.ts'
import type { ApprovalView } from '../../inspect/approvals/approval-view.ts'
import type { RunView } from '../../inspect/run/run-view.ts'
import type { WaitsFor } from '../../inspect/run-standing.ts'
import { connectWords } from '../../store/connectors/accounts.ts'
import type { Backend } from '../backend/backend.ts'
import { type Cli, operands } from '../cli.ts'
import { approvalScreen, contextLines, isCut } from '../decide/approval-screen.ts'
import { rememberShown } from '../decide/shown-hashes.ts'
import { termsLines } from '../decide/terms-lines.ts'
import { codeOf, type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { shownLines } from '../terminal/shown-value.ts'

/**
 * The commands that decide an approval, as the user can paste them; none where it is decided. One that no screen shows whole
 * names its hash.
 */
export function decisionCommands(
  cli: Cli,
  approval: Pick<ApprovalView, 'id' | 'kind' | 'wanted'> & Partial<ApprovalView>,
): Record<string, string> {
  const { id, kind, wanted, allowed } = approval
  if (allowed?.length === 0) return {}
  if (kind === 'approval') {
    const reject = cli.command('reject', id)
    if (allowed === undefined) return { approve: cli.command('approve', id), reject }
    const view = approval as ApprovalView
    if (!allowed.includes('approve')) return { edit: editCommand(cli, view), reject }
    return { approve: cli.command('approve', id, ...hashOf(view)), reject }
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
function exampleOf(wanted: WantedAnswer | null): string {
  if (wanted?.sample === undefined) return 'ANSWER'
  return typeof wanted.sample === 'string' ? wanted.sample : JSON.stringify(wanted.sample)
}

function resultOf(wanted: WantedAnswer | null): string[] {
  if (!wanted || wanted.schema === null || takesNull(wanted.schema)) return []
  return ['--result', wanted.sample === undefined ? 'RESULT' : JSON.stringify(wanted.sample)]
}

/** What an answer must be, for a line of its own; undefined where nothing is known of it. */
export function needsLine(kind: ApprovalView['kind'], wanted: WantedAnswer | null): string | undefined {
  if (!wanted || (kind === 'outcome' && wanted.schema === null)) return
  const what = kind === 'outcome' ? 'if it happened, its result must be' : 'the answer must be'
  return `${what} ${safeLine(wanted.words)}; for example:`
}

function hashOf({ shown, hash }: ApprovalView): string[] {
  return isCut(shown) ? ['--hash', shortHash(hash)] : []
}

const longestDraft = 300

/** With all that could be edited, ready to be changed; fields that are left out of it stay as they are. */
function editCommand(cli: Cli, view: ApprovalView): string {
  const draft = JSON.stringify(view.edit?.value ?? null)
  const edit = draft.length > longestDraft ? 'FILE.json' : draft
  return cli.command('approve', view.id, ...hashOf(view), '--edit', edit)
}

/** For programs: what is asked, with the commands that decide it. */
export function approvalValue(cli: Cli, view: ApprovalView, context?: ApprovalContext) {
  const { id, kind, subject, shown, hash, requestedAt, expiresAt, warnings, wanted } = view
  const { why, places, actsWith, boundTo, deciders, decideBy, onTimeout, executeBy } = view
  return {
    id,
    kind,
    subject,
    shown,
    hash,
    requestedAt,
    expiresAt,
    why,
    places,
    actsWith,
    boundTo,
    deciders,
    decideBy,
    onTimeout,
    executeBy,
    warnings,
    ...(wanted && { wanted }),
    ...(context && { context }),
    commands: decisionCommands(cli, view),
  }
}

const asks = { approval: 'approve', question: 'answer', outcome: 'say what happened to' }

/** Says what a person is asked, with exactly what is shown, what it is about, and the commands where it is still open. */
export function printApproval(
  cli: Cli,
  view: ApprovalView,
  context: ApprovalContext,
  extent: 'fitting' | 'whole' = 'fitting',
): void {
  const { terminal } = cli
  const { bold, cyan, dim, red, yellow } = terminal.colors
  const since = `since ${momentOf(view.requestedAt)}`
  const until = view.expiresAt === null ? '' : `, until ${momentOf(view.expiresAt)}`
  const what = `${asks[view.kind]} ${bold(safeLine(view.subject))} ${dim(since + until)}`
  terminal.line(view.status === 'pending' ? `${yellow('?')} ${what}` : `${dim('was asked to')} ${what}`)
  const { lines, cut } = approvalScreen(view.shown, extent)
  for (const line of lines) terminal.line(`    ${line}`)
  for (const line of termsLines(view)) terminal.line(`  ${line}`)
  for (const warning of view.warnings) terminal.line(`  ${red('!')} ${warning}`)
  terminal.line(dim('  what it is about (no part of what is decided):'))
  for (const line of contextLines(context, extent)) terminal.line(dim(`    ${line}`))
  if (view.status !== 'pending') return
  if (cut === undefined) rememberShown(cli, view)
  if (cut === undefined) terminal.line(dim(`  hash of what is shown: ${shortHash(view.hash)}`))
  const needs = needsLine(view.kind, view.wanted)
  if (needs !== undefined) terminal.line(`  ${needs}`)
  const commands = decisionCommands(cli, view)
  if (cut === undefined) {
    for (const command of Object.values(commands)) terminal.line(`  ${cyan(command)}`)
    if (view.kind === 'approval' && !commands.edit)
      terminal.line(dim(`  or with changes: ${editCommand(cli, view)}`))
    return
  }
  terminal.line(`  ${red('!')} not shown here: ${cut}. All of it, with what approves it:`)
  terminal.line(`  ${cyan(cli.command('approvals', view.id))}`)
  const { approve: _approve, edit: _edit, ...others } = commands
  for (const command of Object.values(others)) terminal.line(`  ${cyan(command)}`)
}

function momentOf(iso: string): string {
  return moment(Date.parse(iso))
}

/** Prints how a run rests and answers the exit code that says the same. */
export async function reportRest(
  cli: Cli,
  backend: Backend,
  rested: RunView,
  extra: Record<string, unknown> = {},
): Promise<ExitCode> {
  const { terminal } = cli
  const { bold, cyan, dim, green, red, yellow } = terminal.colors
  const { standing } = rested
  const run = standing.runId === rested.id ? rested : await backend.run(standing.runId)
  const approvals = standing.state === 'waiting' ? rested.asks : []
  const asked = await Promise.all(
    approvals.map(async (approval) => ({ approval, context: await backend.context(approval.id) })),
  )
  const { output, error } = standing.state === 'ended' ? run : {}
  terminal.value({
    runId: run.id,
    status: run.status,
    ...extra,
    ...(run.reason === null ? {} : { reason: run.reason }),
    ...(standing.waitsFor && asked.length === 0 && { waitsFor: standing.waitsFor }),
    ...(output !== undefined && { output }),
    ...(error !== undefined && { error }),
    ...(asked.length > 0
      ? { approvals: asked.map(({ approval, context }) => approvalValue(cli, approval, context)) }
      : {}),
  })
  const color =
    run.status === 'succeeded' ? green : run.status === 'waiting' || run.status === 'queued' ? yellow : red
  const paused = run.paused && standing.state === 'waiting' ? ' (paused)' : ''
  terminal.line()
  terminal.line(`${color(bold(run.status))}${paused} ${dim(`run ${run.id}`)}`)
  if (output !== undefined) for (const line of shownLines(output)) terminal.line(`  ${line}`)
  if (run.reason !== null && standing.state !== 'waiting')
    for (const line of shownLines(run.reason, { lines: 20, width: 300 })) terminal.line(`  ${line}`)
  for (const { approval, context } of asked) printApproval(cli, approval, context)
  if (standing.waitsFor && approvals.length === 0)
    for (const line of await waitLines(cli, backend, run, standing.waitsFor)) terminal.line(`  ${line}`)
  if (standing.state === 'stuck')
    terminal.line(`  after the cause is corrected: ${cyan(cli.command('retry', run.id))}`)
  terminal.line(dim(`  everything about it: ${cli.command('show', run.id)}`))
  return standing.state === 'waiting' || standing.waitsFor ? exitCodes.waits : codeOf(run.status)
}

/** What it waits for; where it goes on by itself: until when, and who drives it then. */
async function waitLines(
  cli: Cli,
  backend: Backend,
  run: Pick<RunView, 'id'>,
  waits: WaitsFor,
): Promise<string[]> {
  const line = `waits: ${safeLine(waitsFor(cli, run, waits))}`
  if (!('until' in waits) || waits.until === undefined) return [line]
  const workers = await backend.workers()
  // The one of this command ends with it.
  const other = workers.find(({ host, pid }) => host !== hostname() || pid !== process.pid)
  const driver = other
    ? `the worker with process id ${other.pid} on ${other.host} drives it then`
    : `no worker is running, so start one: ${cli.command('start')}`
  return [
    line,
    `goes on by itself at ${momentOf(waits.until)} at the latest; ${driver}`,
    `watch it to its end: ${cli.command('follow', run.id)}`,
  ]
}

/** What it waits for, with the command that gives it. */
function waitsFor(cli: Cli, run: Pick<RunView, 'id'>, waits: WaitsFor): string {
  switch (waits.for) {
    case 'worker':
      return `${waits.words}; start one that has it: ${cli.command('dev')}`
    case 'resume':
      return `${waits.words}; resume with: ${cli.command('resume', run.id)}`
    case 'signal':
      return `${waits.words}; send it with: ${cli.command('signal', ...operands(run.id, waits.signal, 'JSON'))}`
    case 'queue':
      return `${waits.words}: ${cli.command('queues', 'resume', ...operands(waits.queue))}`
    case 'account':
      return `${waits.words}; connect it with: ${waits.accounts.map((account) => cli.command(...connectWords(account))).join(' and ')}`
    case 'contract':
      return `${waits.words}; see it with: ${cli.command('connectors', 'diff', ...operands(waits.connection))}`
    case 'budget':
      return `${waits.words}; it has no room: raise it, or see it with: ${cli.command('budgets')}`
    default:
      return waits.words
  }
}
