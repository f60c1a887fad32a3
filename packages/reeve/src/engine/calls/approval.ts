import type { StandardSchemaV1 } from '@standard-schema/spec'
import { ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { canonical, type Json } from '../../base/json/json.ts'
import { afterQuiet } from '../../base/time/quiet-hours.ts'
import { isoText } from '../../base/time/time.ts'
import { type ApprovalTerms, hashOfRequest, type QuietHours } from '../../store/approvals/approval-terms.ts'
import {
  type ApprovalKind,
  type ApprovalRow,
  closingRow,
  type NewApproval,
  requestRow,
} from '../../store/approvals/approvals.ts'
import { nextDue } from '../../store/approvals/due.ts'
import type { Row } from '../../store/database.ts'
import { type EventPayloads, newEvent, payloadOf } from '../../store/journal/events.ts'
import { type DecisionItem, decisionIn } from '../../store/runs/decision-item.ts'
import type { CallSite } from '../call-site.ts'
import { asGiven } from '../deciding/edit.ts'
import type { SaidDecision } from '../decision.ts'
import type { Call } from '../replay/call.ts'
import { encodePayload } from '../replay/payload.ts'
import { type GivenTerms, readQuiet, readTerms } from './approval-terms.ts'
import { noteAuthor } from './authors.ts'
import { fail } from './fail.ts'
import { type Begun, performWait } from './give-up.ts'
import { isNoted, noteDone } from './requires/done.ts'
import { type Deadline, dueAtOf } from './waits.ts'

/** Without a decision by then (`timeout` or `until`) it expires, or what `onTimeout` says. Default: never. */
export interface ApprovalRequest extends Deadline, GivenTerms {
  kind: Exclude<ApprovalKind, 'outcome'>
  subject: string
  /** Exactly what is approved or asked. */
  shown: Json
  /** What replay compares, where what is shown may change with the code. Default: what is shown. */
  compared?: Json
  /** `effect`: the call of a tool that comes next is what is approved, and no other. */
  binds?: 'effect'
  /** JSON Schema of what an edit must be. */
  inputSchema?: Json | null
  /** Of what a person writes, these texts are kept apart: of an edit of what the tool was given, of an answer. */
  marks?: StandardSchemaV1 | undefined
  /** The workflow of which an ended run is reviewed: it counts as the sender, and not whoever sent the run's input. */
  reviewOf?: string
  /** The call that asked the same before, and was answered by what does not fit: its approval is open again. */
  again?: Call
  /** Aborted by the workflow's own code, it withdraws the request: the call fails with `wait-given-up`. */
  signal?: AbortSignal
}

/** An approval that was asked for, as its event has it. */
type Opened = Pick<EventPayloads['approval-requested'], 'approval' | 'expiresAt' | 'shown' | 'terms'>

/** The approval that a call asked for, where it is of this run: a fork opens none of its origin's. */
function approvalOf(site: CallSite, asked: Call | undefined): string | undefined {
  if (!asked || asked.step < (site.history?.ownFrom ?? 0)) return undefined
  const opened = asked.recorded?.opened[0]
  return asked.approval ?? (opened && payloadOf(opened, 'approval-requested').approval)
}

/** Parks the run until a person decides. What the person gave of their own is known as theirs from then on. */
export async function approval(site: CallSite, request: ApprovalRequest): Promise<unknown> {
  const said = (await requestApproval(site, request).promise) as SaidDecision
  const decision = withSecrets(site, request, said)
  if (decision.by !== null && (decision.edited || decision.status === 'answered'))
    noteAuthor(site, decision.value, decision.by)
  return decision
}

/** What people and the journal have of what was shown has no secrets; what goes on with it needs them. */
function withSecrets(
  { services }: CallSite,
  { kind, shown }: ApprovalRequest,
  decision: SaidDecision,
): SaidDecision {
  if (kind !== 'approval') return decision
  const seen = services.secrets.redactData(shown)
  if (seen === shown) return decision
  const given = JSON.parse(JSON.stringify(shown)) as Json
  return { ...decision, value: asGiven(given, decision.value, seen) }
}

/** The same, for who must know the call. */
export function requestApproval(site: CallSite, request: ApprovalRequest): Call {
  const { shown, compared = shown } = request
  const call = site.issue('approval', request.subject, sha256(canonical(compared)))
  if (isNoted(site)) {
    // Of a permission that was given for other calls nobody looked at this one.
    const note = (said: unknown) => {
      const { by, permission } = said as SaidDecision
      if (by !== null && permission === undefined) noteDone(site, 'person')
    }
    call.promise.then(note, () => {})
  }
  const standing = site.history?.standing
  if (standing && request.kind === 'approval' && !request.binds && call.step >= standing.from)
    standing.isAskedAnew = true
  performWait(site, call, request.signal, (over) => {
    const recorded = call.recorded?.opened[0]
    const opened = recorded ? payloadOf(recorded, 'approval-requested') : ask(site, call, request)
    return awaitDecision(site, call, { ...opened, marks: request.marks }, over)
  })
  return call
}

function ask(site: CallSite, call: Call, request: ApprovalRequest): Opened {
  const { kind, subject, binds, inputSchema, reviewOf } = request
  if (request.shown === undefined) {
    const what = `The approval "${call.name}" shows undefined, and a person could not decide on that`
    throw new ReeveError(
      'bad-option',
      `${what}. Give \`show\` what it is about; null, where there is nothing.`,
    )
  }
  // What is shown is what the journal keeps.
  const shown = site.services.secrets.redactData(request.shown)
  const { secrets, clock } = site.services
  const what = `the approval "${call.name}"`
  const times = timesOf(clock.now(), dueAtOf(site, request, what), readQuiet(request.quietHours, what))
  const given = readTerms(request, what, times)
  const terms = given && (secrets.redactData(given as unknown as Json) as unknown as ApprovalTerms)
  const expiresAt = expiryOf(times, terms)
  encodePayload(shown, `what is shown for "${call.name}"`)
  const again = approvalOf(site, request.again)
  const more = { id: again, expires_at: expiresAt, binds: binds ?? null, input_schema: textOf(inputSchema) }
  const asked = { kind, subject, shown, ...(terms && { terms }), ...(reviewOf && { reviewOf }) }
  const { id, row } = requestAnswer(site, call, asked, more)
  call.approval = id
  const opened = { approval: id, expiresAt, shown, ...(terms && { terms }) }
  const bound = binds === undefined ? {} : { binds }
  site.append(call, newEvent('approval-requested', { ...opened, kind, ...bound }), { rows: [row] })
  return opened
}

/** Nobody's time to decide ends in their quiet hours. */
function timesOf(now: number, decideBy: number | null, quiet: QuietHours | undefined) {
  return { now, decideBy: decideBy === null ? null : afterQuiet(decideBy, quiet) }
}

/** When nobody can decide any more (ms); null: never. Others who are asked have as long as those before them. */
function expiryOf(
  { now, decideBy }: { now: number; decideBy: number | null },
  terms: ApprovalTerms | undefined,
): number | null {
  if (decideBy === null || terms?.onTimeout === 'wait') return null
  if (terms?.onTimeout !== 'escalate') return decideBy
  return afterQuiet(decideBy + (decideBy - now), terms.quietHours)
}

function textOf(schema: Json | undefined): string | null {
  return (schema ?? null) === null ? null : JSON.stringify(schema)
}

function awaitDecision(
  site: CallSite,
  call: Call,
  opened: Opened & Pick<ApprovalRequest, 'marks'>,
  over: () => void,
): Begun {
  const { shown, marks } = opened
  const settle = (decision: SaidDecision, rows: Row[] = []) => {
    over()
    site.append(call, newEvent('approval-decided', decision), { value: decision, rows })
  }
  let stopWaiting = () => {}
  const dropTimer =
    opened.expiresAt === null
      ? () => {}
      : site.waits.until(opened.expiresAt, () => {
          stopWaiting()
          const decision = { status: 'expired', value: shown, edited: false, by: null, note: null } as const
          settle(decision, [closingRow(opened.approval, 'expired')])
        })
  stopWaiting = site.waits.forItem(`approval:${opened.approval}`, call.step, (item) => {
    dropTimer()
    const said = decisionIn(item)
    const hash = hashOfRequest(shown, opened.terms)
    if (!said || (said.hash === undefined ? opened.terms !== undefined : said.hash !== hash)) {
      over()
      fail(site, call, 'approval-failed', decidedOnOther(opened.approval))
      return
    }
    if (marks && said.answer !== undefined) site.mark(marks, said.answer)
    settle(decisionFrom(said, { opened, at: item.at, now: site.services.clock.now() }))
  })
  const stop = () => {
    dropTimer()
    stopWaiting()
  }
  return { stop, rows: [closingRow(opened.approval, 'withdrawn')] }
}

/** What a run hears of what a person said. What came too late to be acted upon is no approval. */
function decisionFrom(
  { status, by, note, answer, inPlaceOf, permission, votes }: DecisionItem,
  { opened, at, now }: { opened: Opened; at: number; now: number },
): SaidDecision {
  const value = answer === undefined ? opened.shown : answer
  const decision: SaidDecision = { status, value, edited: answer !== undefined, by, note }
  if (inPlaceOf !== undefined) decision.inPlaceOf = inPlaceOf
  if (permission !== undefined) decision.permission = permission
  if (votes !== undefined) decision.votes = votes
  const { executeBy, executeWithinMs } = opened.terms ?? {}
  // A clock that was set back since it was decided gives it no more time.
  const since = Math.min(at, now)
  const limits = [executeBy, executeWithinMs === undefined ? undefined : since + executeWithinMs]
  const until = Math.min(...limits.filter((limit) => limit !== undefined))
  if (status !== 'approved' || until === Number.POSITIVE_INFINITY) return decision
  if (now <= until) return { ...decision, executeBy: until }
  const late = `Approved, but it could not begin by ${isoText(until)}.`
  return { ...decision, status: 'expired', value: opened.shown, edited: false, note: late }
}

/** Somebody was shown what this run did not ask for. */
export function decidedOnOther(approval: string): ReeveError {
  return new ReeveError(
    'approval-changed',
    `What approval ${approval} shows is not what its run asked for in the journal: the database was changed from outside. The decision is not carried out. Look: reeve audit verify`,
  )
}

/** What is put before people, or one with an `id` once more: its row goes with the event that says so. */
export function requestAnswer(
  site: CallSite,
  call: Call,
  asked: { kind: ApprovalKind; subject: string; shown: Json; terms?: ApprovalTerms; reviewOf?: string },
  more: Pick<NewApproval, 'expires_at' | 'binds' | 'input_schema'> & { id?: string | undefined },
): { id: string; row: Row } {
  const id = more.id ?? site.services.newId()
  const { kind, subject, terms } = asked
  const shown = site.services.secrets.redactData(asked.shown)
  const now = site.services.clock.now()
  // The name of a tool is its code's own: permissions and figures go by it, whatever else a text of the run is.
  const isNamed = more.binds === 'effect' || kind === 'outcome'
  const sealed = isNamed ? subject : site.marks.sealText(site.services.secrets.redact(subject))
  const request: NewApproval = {
    ...more,
    ...crowdOf(site, { kind, subject, isNamed, reviewOf: asked.reviewOf }),
    id,
    run: site.run.no,
    step: call.step,
    kind,
    subject: sealed,
    shown: site.marks.seal(JSON.stringify(shown)),
    args_hash: hashOfRequest(shown, terms),
    terms: terms === undefined ? null : JSON.stringify(terms),
    requested_at: now,
    due_at: nextDue(terms, now),
  }
  return { id, row: requestRow(request) }
}

/**
 * Of whom and of what there may be a flood: of what came from outside, but for what already happened. Whoever sent the marked texts
 * chose where they stand in a subject: what is asked about any of them is one crowd.
 */
function crowdOf(
  { origin: { channel }, sender, workflow, marks }: CallSite,
  {
    kind,
    subject,
    isNamed,
    reviewOf,
  }: Pick<ApprovalRow, 'kind' | 'subject'> & { isNamed: boolean; reviewOf?: string | undefined },
): Pick<NewApproval, 'sender' | 'crowd'> {
  if (reviewOf !== undefined)
    return { sender: `review ${reviewOf}`, crowd: JSON.stringify(['review', workflow.name, kind, subject]) }
  if (channel === undefined || channel === 'operator' || channel === 'schedule' || kind === 'outcome')
    return {}
  const asked = isNamed || !marks.occurIn(subject) ? subject : '[marked]'
  const crowd = JSON.stringify([channel, workflow.name, kind, asked])
  return { crowd, ...(sender !== undefined && { sender: `${channel} ${sender}` }) }
}
