import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { safeLine } from '../../base/text/one-line.ts'
import type { Duration } from '../../base/time/time.ts'
import { answerFromText } from '../../engine/deciding/answer.ts'
import type { ApprovalDecision } from '../../engine/deciding/decision.ts'
import type { Change } from '../../engine/deciding/edit.ts'
import type { Remember } from '../../engine/deciding/remember.ts'
import type { ApprovalView } from '../../inspect/approvals/approval-view.ts'
import type { OutcomeAnswer } from '../../store/runs/decision-item.ts'
import type { Backend } from '../backend/backend.ts'
import { withApproval } from '../backend/named/named-approval.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { carryOn, leaveToWorkers } from '../run/drive.ts'
import { canAsk, confirmed } from '../terminal/confirm.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { readValue } from '../terminal/input.ts'
import { approvalScreen } from './approval-screen.ts'
import { shownHash } from './shown-hashes.ts'

interface DecideOptions {
  why?: string
  /** Goes on with the run here when no worker does: that runs the project's code. */
  work?: boolean
}

interface ApproveOptions extends DecideOptions {
  edit?: string
  replace?: boolean
  hash?: string
  yes?: boolean
  remember?: string
  same?: string
}

/** Approves what an approval shows, or an edit of it, which is shown as a difference before it counts. */
export function approve(cli: Cli, options: ApproveOptions, named: string): Promise<ExitCode> {
  return withApproval(cli, named, async (backend, { approval }) => {
    const { id } = approval
    const { edit, replace: replaces = false } = options
    if (options.hash === undefined && approval.kind === 'approval') refuseCut(cli, approval)
    const hash = options.hash ?? shownHash(cli, id) ?? showNow(cli, approval)
    const remember = rememberOf(options)
    if (edit === undefined)
      return decide(cli, backend, id, { verdict: 'approve', hash, ...remember }, options)
    const answer = await readValue(edit, 'The edit')
    const preview = await backend.previewEdit(id, answer, { replaces })
    const { changes } = preview
    printChanges(cli, changes)
    if (!options.yes && canAsk(cli.terminal) && !(await confirmed('Approve it like this?'))) {
      cli.terminal.line('Nothing was decided.')
      return exitCodes.done
    }
    const isJudged =
      preview.isJudged ||
      ((await runsHere(backend, options)) &&
        (await withBackend(cli, (code) => code.previewEdit(id, answer, { replaces }), 'code')).isJudged)
    const decision = { verdict: 'approve', hash, answer, replaces, ...remember } as const
    return decide(cli, backend, id, decision, options, { changes, isJudged })
  })
}

/** Whether the run goes on in this process: it is allowed to run the project's code. */
async function runsHere({ workspace, workers }: Backend, { work }: DecideOptions): Promise<boolean> {
  return work === true && workspace !== undefined && (await workers()).length === 0
}

/** What is approved was not shown here before: it is now. Answers its hash. */
function showNow(cli: Cli, { subject, shown, hash, kind }: ApprovalView): string {
  if (kind !== 'approval') return hash
  cli.terminal.line(`${safeLine(subject)}:`)
  for (const line of approvalScreen(shown, 'fitting').lines) cli.terminal.line(`    ${line}`)
  return hash
}

/** @throws `bad-option` */
function rememberOf({ remember, same }: ApproveOptions): { remember?: Remember } {
  if (remember === undefined) {
    if (same === undefined) return {}
    throw new ReeveError('bad-option', '--same says what --remember compares. Give --remember 30d with it.')
  }
  const names = same?.split(',').map((name) => name.trim())
  return { remember: { for: remember as Duration, ...(names && { same: names }) } }
}

export function reject(cli: Cli, options: DecideOptions, named: string): Promise<ExitCode> {
  return withApproval(cli, named, (backend, { approval }) =>
    decide(cli, backend, approval.id, { verdict: 'reject' }, options),
  )
}

/** Answers a question, or says what became of an effect whose outcome is unknown. */
export function answer(
  cli: Cli,
  options: DecideOptions & { result?: string },
  named: string,
  given: string,
): Promise<ExitCode> {
  return withApproval(cli, named, async (backend, asked) => {
    const said =
      asked.approval.kind === 'outcome'
        ? await outcome(asked.approval, given, options.result)
        : await answerFromText(
            { kind: asked.approval.kind, shown: JSON.stringify(asked.approval.shown) },
            given,
            (value) => backend.answerProblem(asked, value),
          )
    return decide(cli, backend, asked.approval.id, { verdict: 'answer', answer: said }, options)
  })
}

/** @throws `approval-cut` */
function refuseCut(cli: Cli, approval: ApprovalView): void {
  const { cut } = approvalScreen(approval.shown, 'fitting')
  if (cut === undefined) return
  throw new ReeveError(
    'approval-cut',
    `Approval ${approval.id} is more than a screen shows: ${cut}. Nothing was decided. See all of it with ${cli.command('approvals', approval.id)}; the command to approve it is printed at the end.`,
  )
}

function printChanges({ terminal }: Cli, changes: Change[]): void {
  const { dim, green, red } = terminal.colors
  if (changes.length === 0) terminal.line(dim('the edit changes nothing'))
  const side = (mark: string, value: Change['from']) =>
    value === undefined ? [] : approvalScreen(value, 'whole').lines.map((line) => `  ${mark} ${line}`)
  for (const { field, from, to } of changes) {
    terminal.line(`${safeLine(field) || 'it'}:`)
    for (const line of side('-', from)) terminal.line(red(line))
    for (const line of side('+', to)) terminal.line(green(line))
  }
}

/** Records the decision; the project's code is not run for that. */
async function decide(
  cli: Cli,
  backend: Backend,
  id: string,
  decision: Omit<ApprovalDecision, 'by'>,
  { why, work }: DecideOptions,
  more: { changes?: Change[]; isJudged?: boolean } = {},
): Promise<ExitCode> {
  const { status, subject, runId: run, by } = await backend.decide(id, { ...decision, ...noteOf(why) })
  const isOpen = status === 'pending'
  const said = `${isOpen ? 'approved, and others must approve it too' : status}: ${safeLine(subject)} of run ${run}, by ${safeLine(by)}${more.isJudged === false ? unjudged : ''}`
  const value = { approvalId: id, decision: status, ...more }
  return work
    ? carryOn(cli, backend, run, { said, value })
    : leaveToWorkers(cli, backend, run, { said, value })
}

const unjudged =
  '.\nThe edit is judged by grants, policies and budgets when the run continues; if they deny it, you are asked again'

function noteOf(why: string | undefined): { note?: string } {
  return why === undefined ? {} : { note: why }
}

async function outcome(approval: ApprovalView, given: string, result: string | undefined): Promise<Json> {
  const answers: Record<string, () => OutcomeAnswer | Promise<OutcomeAnswer>> = {
    happened: async () => ({
      happened: true,
      ...(result === undefined ? {} : { result: await readValue(result, 'The result') }),
    }),
    again: () => ({ happened: false, retry: true }),
    failed: () => ({ happened: false, retry: false }),
  }
  const chosen = Object.hasOwn(answers, given) ? answers[given] : undefined
  if (chosen) return (await chosen()) as unknown as Json
  throw new ReeveError(
    'wrong-answer',
    `"${given}" does not say what became of ${approval.subject}. Say: happened (with --result JSON if it gave one), again, or failed.`,
  )
}
