import { ReeveError } from '../../base/errors.ts'
import { canonical, encode, type Json, payloadCap } from '../../base/json/json.ts'
import { checkOptions, optionNames, refuseUnknownOptions } from '../../base/options.ts'
import type { Secrets } from '../../base/secrets/secrets.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { checkText } from '../../base/text/text.ts'
import { isoText } from '../../base/time/time.ts'
import { hashOfRequest, termsOf } from '../../store/approvals/approval-terms.ts'
import type { ApprovalOfRun } from '../../store/approvals/approvals.ts'
import type { Proof } from '../../store/authority/acts.ts'
import type { Session } from '../../store/database.ts'
import { payloadOf } from '../../store/journal/events.ts'
import { saidByCall } from '../../store/journal/said.ts'
import { openRows } from '../../store/marks/open-kept.ts'
import { isOutcomeAnswer } from '../../store/runs/decision-item.ts'
import { decidedOnOther } from '../calls/approval.ts'
import { hasProblem } from './edit.ts'
import type { Remember } from './remember.ts'

/** What a person says to an approval, a question, or about an unknown outcome. */
export interface ApprovalDecision {
  verdict: 'approve' | 'reject' | 'answer'
  /** Who decides: a principal of the project, who must be a person with the right to, at this moment. */
  by: string
  /** How they showed who they are. Default `local-user`. */
  proof?: Proof
  /** Why; it reaches workflow and agent. */
  note?: string
  /**
   * With `approve` an edit: its top-level keys are laid over what the tool was given (or what was shown, where no tool
   * is called), all others stay. With `answer` the answer to a question, or what became of an effect.
   */
  answer?: Json
  /** The edit is the whole: keys that it does not name are left out. */
  replaces?: boolean
  /** With `approve`: the same calls of the same agent are approved for so long without asking. */
  remember?: Remember
  /** The hash of what was shown (`args_hash`), or its first 12 characters or more. Something else is not decided. */
  hash?: string
}

const shortestHash = 12
const verdicts: readonly unknown[] = ['approve', 'reject', 'answer']
const decisionOptions = optionNames<ApprovalDecision>({
  verdict: true,
  by: true,
  proof: true,
  note: true,
  answer: true,
  replaces: true,
  remember: true,
  hash: true,
})

/**
 * A decision as it is taken: plain data, whatever its caller has.
 * @throws `wrong-answer` `bad-option` `bad-text` `not-serialisable`
 */
export function readDecision(given: ApprovalDecision): ApprovalDecision {
  refuseUnknownOptions(given, 'The decision', decisionOptions)
  const { verdict, note, answer } = given
  if (!verdicts.includes(verdict)) {
    const what = `The verdict of a decision is ${describeValue(verdict)}`
    throw new ReeveError('wrong-answer', `${what}; it must be 'approve', 'reject' or 'answer'.`)
  }
  if (note !== undefined && typeof note !== 'string') {
    throw new ReeveError('bad-text', `The note of a decision is ${describeValue(note)}; it must be a text.`)
  }
  if (given.remember !== undefined) {
    if (verdict !== 'approve') {
      throw new ReeveError(
        'wrong-answer',
        `Only an approval can be remembered, and the verdict is ${verdict}.`,
      )
    }
    checkOptions(given.remember, '`remember` of a decision', { same: 'texts' }, 'wrong-answer')
  }
  const decision = { ...given, by: checkText(given.by, 'Who decides') }
  if (answer !== undefined) decision.answer = plainAnswer(answer)
  return decision
}

/** What a person answers or edits, as the journal will have it. @throws `not-serialisable` */
export function plainAnswer(answer: Json): Json {
  return JSON.parse(encode(answer, 'the answer', payloadCap)) as Json
}

/** It would be recorded, and so used, without the secret. @throws `wrong-answer` */
export function refuseSecret({ id }: ApprovalOfRun, given: Json | undefined, secrets?: Secrets): void {
  if (given === undefined || !secrets || canonical(secrets.redactData(given)) === canonical(given)) return
  throw new ReeveError(
    'wrong-answer',
    `What is given for ${id} holds a registered secret of this process (a key or a password of its environment). No secret is recorded: the run would continue with the text [secret]. Nothing was recorded, and ${id} is still open. Give it without the secret; what needs one reads it from its environment.`,
  )
}

/** As much of a hash as a person copies. */
export function shortHash(hash: string): string {
  return hash.slice(0, shortestHash)
}

/** Whether a decision comes with an edit. */
export function isEdited(approval: ApprovalOfRun, { verdict, answer }: ApprovalDecision): boolean {
  return approval.kind === 'approval' && verdict === 'approve' && answer !== undefined
}

/** What is decided is what was seen. @throws `approval-changed` */
export function refuseOther(approval: ApprovalOfRun, hash: string | undefined): void {
  if (hash === undefined) return
  if (hash.length >= shortestHash && approval.args_hash.startsWith(hash)) return
  throw new ReeveError(
    'approval-changed',
    `Approval ${approval.id} does not show what has the hash "${hash}". Look at it again, and name the hash that is shown there (${shortestHash} characters or more). Nothing was decided.`,
  )
}

/** What a person was shown must be what the run's journal says it asked for. @throws `approval-changed` */
export async function refuseTampered(session: Session, approval: ApprovalOfRun): Promise<void> {
  const { id, kind, shown, args_hash: hash, run, step } = approval
  if (hashOfRequest(JSON.parse(shown) as Json, termsOf(approval)) !== hash) throw decidedOnOther(id)
  if (kind === 'outcome') return
  const asked = await saidByCall(session, run, step, 'approval-requested')
  const opened = await openRows(
    session,
    asked.map((event) => ({ ...event, run })),
    ['payload'],
  )
  const requests = opened.map((event) => payloadOf(event, 'approval-requested'))
  const request = requests.find((each) => each.approval === id)
  const isSame =
    request &&
    request.expiresAt === approval.expires_at &&
    hashOfRequest(request.shown, request.terms) === hash &&
    (request.binds ?? null) === approval.binds
  if (!isSame) throw decidedOnOther(id)
}

/** @throws `already-decided` `approval-expired` */
export function refuseDecided(approval: ApprovalOfRun, now: number): void {
  if (approval.status === 'expired' || (approval.expires_at !== null && approval.expires_at <= now)) {
    const when = approval.expires_at === null ? '' : ` at ${isoText(approval.expires_at)}`
    throw new ReeveError(
      'approval-expired',
      `Approval ${approval.id} expired${when}; nothing was decided. See the run: reeve show ${approval.run_id}`,
    )
  }
  if (approval.status !== 'pending') {
    const who = approval.decided_by ? ` by ${approval.decided_by}` : ''
    throw new ReeveError(
      'already-decided',
      `Approval ${approval.id} was ${approval.status}${who} already; the first decision is valid.`,
    )
  }
}

/** What its request allows. @throws `wrong-answer` */
export function refuseNotAllowed(
  approval: ApprovalOfRun,
  { verdict, isEdit }: { verdict: ApprovalDecision['verdict']; isEdit: boolean },
): void {
  const { allowed } = termsOf(approval) ?? {}
  const wanted = isEdit ? 'edit' : verdict
  if (!allowed || allowed.includes(wanted)) return
  throw new ReeveError(
    'wrong-answer',
    `Approval ${approval.id} does not take ${wanted}: it takes ${allowed.join(', ')}. Nothing was decided.`,
  )
}

/** @throws `wrong-answer` `problem-stands` */
export function refuseUnfit(approval: ApprovalOfRun, decision: ApprovalDecision): void {
  if (approval.kind === 'approval' && decision.verdict === 'answer') {
    throw new ReeveError('wrong-answer', `Approval ${approval.id} asks for approve or reject.`)
  }
  if (approval.kind !== 'approval' && decision.verdict === 'approve') {
    throw new ReeveError(
      'wrong-answer',
      `${approval.id} is a question about ${approval.subject}: reeve answer ${approval.id} ANSWER`,
    )
  }
  if (approval.kind === 'outcome' && (decision.verdict !== 'answer' || !isOutcomeAnswer(decision.answer))) {
    throw new ReeveError(
      'wrong-answer',
      `Nobody knows whether ${approval.subject} took effect. Look at the outside system, then: reeve answer ${approval.id} happened | again | failed`,
    )
  }
  const problem = decision.verdict === 'approve' ? hasProblem(approval) : undefined
  if (problem !== undefined && decision.answer === undefined) {
    throw new ReeveError(
      'problem-stands',
      `Approval ${approval.id} cannot be approved: its arguments are invalid: ${problem.replace(/\.$/, '')}. Approve an edit that fits (reeve approve ${approval.id} --edit JSON), or reject it.`,
    )
  }
}
