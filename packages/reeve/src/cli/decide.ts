import { ReeveError } from '../base/errors.ts'
import { parseExactJson } from '../base/exact-json.ts'
import type { Json } from '../base/json.ts'
import { wantsText } from '../engine/answer.ts'
import type { OutcomeAnswer } from '../engine/effect.ts'
import { type ApprovalView, requireApproval } from '../store/approvals.ts'
import type { Cli } from './cli.ts'
import { carryOn } from './drive.ts'
import type { ExitCode } from './exit-codes.ts'
import { isJson, readValue } from './input.ts'
import { safeLine } from './safe-text.ts'
import { type Workspace, withChangeableWorkspace } from './workspace.ts'

interface Decision {
  verdict: 'approve' | 'reject' | 'answer'
  note?: string
  answer?: Json
}

/** Approves what an approval shows, or the edit of it. */
export function approve(cli: Cli, options: { edit?: string; note?: string }, id: string): Promise<ExitCode> {
  return withChangeableWorkspace(cli, async (workspace) => {
    const decision: Decision = { verdict: 'approve', ...noteOf(options) }
    if (options.edit !== undefined) decision.answer = await readValue(options.edit, 'The edit')
    return decide(cli, workspace, id, decision)
  })
}

export function reject(cli: Cli, options: { note?: string }, id: string): Promise<ExitCode> {
  return withChangeableWorkspace(cli, (workspace) =>
    decide(cli, workspace, id, { verdict: 'reject', ...noteOf(options) }),
  )
}

/** Answers a question, or says what became of an effect whose outcome is unknown. */
export function answer(
  cli: Cli,
  options: { result?: string; note?: string },
  id: string,
  given: string,
): Promise<ExitCode> {
  return withChangeableWorkspace(cli, async (workspace) => {
    const approval = await requireApproval(workspace.database, id)
    const said =
      approval.kind === 'outcome'
        ? await outcome(approval, given, options.result)
        : await answerFrom(workspace, approval, given)
    return decide(cli, workspace, id, { verdict: 'answer', answer: said, ...noteOf(options) })
  })
}

async function decide(cli: Cli, workspace: Workspace, id: string, decision: Decision): Promise<ExitCode> {
  const { control, environment } = workspace
  const decided = await control.decide(id, { ...decision, by: environment.user })
  const said = `${decided.status}: ${safeLine(decided.subject)} of run ${decided.run_id}, by ${safeLine(environment.user)}`
  return carryOn(cli, workspace, decided.run_id, { said, value: { approval: id, decision: decided.status } })
}

function noteOf({ note }: { note?: string }): { note?: string } {
  return note === undefined ? {} : { note }
}

/** A question that wants a text takes the answer as it stands; one with a schema takes JSON, or a text that fits. */
async function answerFrom({ control }: Workspace, approval: ApprovalView, given: string): Promise<Json> {
  if (wantsText(approval) || !isJson(given)) return given
  const value = parseExactJson(given, 'The answer')
  if (typeof value === 'string') return value
  const isUnfit = (await control.answerProblem(approval.id, value)) !== undefined
  return isUnfit && (await control.answerProblem(approval.id, given)) === undefined ? given : value
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
