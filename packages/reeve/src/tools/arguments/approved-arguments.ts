import { messageOf, ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { isPlainRecord } from '../../base/json/record.ts'
import { isoText } from '../../base/time/time.ts'
import type { CallSite } from '../../engine/call-site.ts'
import { requestApproval } from '../../engine/calls/approval.ts'
import type { Actor } from '../../engine/calls/effect/definition.ts'
import type { SaidDecision } from '../../engine/decision.ts'
import type { Call } from '../../engine/replay/call.ts'
import { type ActsWith, actsWithWords } from '../../store/approvals/approval-terms.ts'
import { type ApprovedBy, payloadOf } from '../../store/journal/events.ts'
import { type AskedRuling, termsFor } from '../judged-call.ts'
import type { Tool } from '../tool.ts'
import {
  type Arguments,
  argumentsFor,
  asJson,
  editedGiven,
  inputSchemaOf,
  isPlain,
  lostEdit,
  sameJson,
} from './arguments.ts'
import { maskProblem } from './masked-arguments.ts'

/** Arguments that may be used: they fit, and a person approved them if that is needed. */
export interface Ready {
  given: unknown
  parsed: unknown
  json: Json
  approved?: ApprovedBy
}

/**
 * Asks until what was shown is approved and may run, or it is rejected:
 *
 *   asked → approved as shown → still fits and is what was shown → ready
 *         → edited (of what was given) → fits → ready
 *         ↘ does not fit (an edit; a schema that changed since) → asked again, with the problem, which no yes passes over
 *         ↘ fits, but would run as something else than was shown, or without the edit → asked again, as it is now
 */
export async function approvedArguments(
  site: CallSite,
  tool: Tool,
  asked: unknown,
  first: Arguments,
  actor: Actor | undefined,
  why: string | undefined,
  ruling: AskedRuling | undefined,
): Promise<Ready> {
  let given = asked
  let known = first.ok ? first : undefined
  let notice = why
  let again: Call | undefined
  const seen = (json: Json) => site.services.secrets.redactData(json)
  for (;;) {
    const before = rated(tool, given, known)
    known = undefined
    const request = seen(shownTo(tool, given, before, actor, notice))
    const actsWith = before.ok ? actsWithOf(site, tool, before.parsed) : undefined
    const call = requestApproval(site, {
      kind: 'approval',
      subject: tool.name,
      shown: request,
      compared: { tool: tool.name, given: asJson(given), ...agentOf(actor) },
      binds: 'effect',
      inputSchema: inputSchemaOf(tool),
      marks: tool.input,
      ...tool.approvalTerms,
      ...termsFor(tool, ruling),
      ...(actsWith && { actsWith }),
      ...(again && { again }),
      ...(tool.approvalTimeout === undefined ? {} : { timeout: tool.approvalTimeout }),
    })
    again = call
    const decision = (await call.promise) as SaidDecision
    if (decision.status !== 'approved') throw notApproved(tool, decision)
    const { by, edited, note } = decision
    notice = undefined
    const base = editableIn(call.recorded?.opened[0]?.payload, request)
    if (edited) given = editedGiven(given, decision.value, base)
    const read = rated(tool, given)
    const now = edited ? keepDrawn(tool, given, read, before) : read
    const approved: ApprovedBy = { call: call.step, by, edited: edited || given !== asked, note }
    if (isCarriedOut(site, tool)) return { given, parsed: asJson(given), json: null, ...now, approved }
    if (!now.ok) continue
    const ready: Ready = { given, ...now, approved }
    const askedWith = askedFor(call, actsWith)
    notice =
      lateNotice(site, decision) ?? otherAccountNotice(site, askedWith, actsWithOf(site, tool, now.parsed))
    if (notice !== undefined) continue
    if (edited) {
      notice = lostEdit(base, decision.value, before, now.json)
      if (notice === undefined) return ready
      continue
    }
    const shown = decision.value as { args: Json; problem?: string }
    if (shown.problem !== undefined) continue
    if (sameJson(shown.args, seen(now.json))) return ready
    // A default that is made anew each time (an id): what was shown is what runs.
    const isUnsteady = !sameJson(now.json, (rated(tool, given) as { json?: Json }).json ?? null)
    if (isUnsteady && isPlain(now.parsed, now.json) && seen(now.json) === now.json)
      return { ...ready, parsed: shown.args, json: shown.args }
    // What is no plain data (a date beside it) is as the journal has it of the first reading.
    if (isUnsteady && before.ok && sameJson(shown.args, seen(before.json))) return { ...ready, ...before }
  }
}

/** Approved, and not begun in time: the process was gone between. What the journal has of it decides, live as on replay. */
function lateNotice(
  { nextRecorded: next, services }: CallSite,
  { executeBy, by }: SaidDecision,
): string | undefined {
  if (executeBy === undefined) return undefined
  const isLate = next ? next.kind === 'approval' : services.clock.now() > executeBy
  return isLate
    ? `${by ?? 'Somebody'} approved it, but it did not begin by ${isoText(executeBy)}.`
    : undefined
}

/** With what it would act as things are now. What cannot be told here is refused where it acts. */
function actsWithOf(site: CallSite, { service }: Tool, parsed: unknown): ActsWith | undefined {
  const mode = service?.mode(site.services.host)
  if (!service || mode === undefined) return undefined
  try {
    return { connection: service.connection, account: service.account(parsed, site.run.principal), mode }
  } catch {
    return undefined
  }
}

/** With what it was to act as it was asked, in this life or in one before. */
function askedFor({ recorded }: Call, now: ActsWith | undefined): ActsWith | undefined {
  const request = recorded?.opened[0]
  return request?.payload ? payloadOf(request, 'approval-requested').terms?.actsWith : now
}

/**
 * Approved for one account, and it would act with another: the configuration was changed between. What the journal has of it decides,
 * live as on replay.
 */
function otherAccountNotice(
  { nextRecorded: next }: CallSite,
  asked: ActsWith | undefined,
  now: ActsWith | undefined,
): string | undefined {
  if (!asked || (next ? next.kind !== 'approval' : !now || sameJson({ ...asked }, { ...now })))
    return undefined
  const words = now ? ` It would act with ${actsWithWords(now)} now.` : ''
  return `It was approved for ${actsWithWords(asked)}.${words}`
}

/** The journal has its result: it does not run again, whatever the code has become since. */
function isCarriedOut({ nextRecorded: next }: CallSite, tool: Tool): boolean {
  return next?.kind === 'effect' && next.name === tool.name && next.settled !== undefined
}

/** Parses and rates; what the tool's own code cannot rate cannot be approved. */
function rated(tool: Tool, given: unknown, known?: Arguments): Arguments {
  const read = known ?? argumentsFor(tool, given)
  if (!read.ok) return read
  const masked = maskProblem(given)
  if (masked !== undefined) return { ok: false, problem: masked }
  try {
    tool.needsApproval(read.parsed)
    tool.riskOf(read.parsed)
    tool.effectOf(read.parsed)
    return read
  } catch (error) {
    return { ok: false, problem: messageOf(error) }
  }
}

/** What a schema draws anew each time (an id), and the edit does not name, stays as the person was shown it. */
function keepDrawn(tool: Tool, given: unknown, now: Arguments, before: Arguments): Arguments {
  if (
    !now.ok ||
    !before.ok ||
    !isPlainRecord(given) ||
    !isPlainRecord(now.parsed) ||
    !isPlainRecord(before.parsed)
  )
    return now
  const again = rated(tool, given)
  if (!again.ok || sameJson(now.json, again.json)) return now
  const [json, other, shown] = [now.json, again.json, before.json] as Record<string, Json>[]
  const drawn = Object.keys(json!).filter(
    (key) =>
      !Object.hasOwn(given, key) && Object.hasOwn(shown!, key) && !sameJson(json![key]!, other![key] ?? null),
  )
  const kept = (all: object) => Object.fromEntries(Object.entries(all).filter(([key]) => drawn.includes(key)))
  const parsed = { ...now.parsed, ...kept(before.parsed) }
  return { ok: true, parsed, json: { ...json, ...kept(shown!) } }
}

/** All that a person decides on. Arguments that do not fit are shown as they were given. */
function shownTo(
  tool: Tool,
  given: unknown,
  read: Arguments,
  actor: Actor | undefined,
  notice: string | undefined,
): Json {
  const raw = asJson(given)
  const request = { tool: tool.name, risk: read.ok ? tool.riskOf(read.parsed) : tool.risk }
  if (!read.ok) return { ...request, args: raw, ...agentOf(actor), problem: read.problem }
  const shown: { [key: string]: Json } = { ...request, args: read.json }
  if (!sameJson(raw, read.json)) shown.given = raw
  if (notice !== undefined) shown.notice = notice
  return { ...shown, ...agentOf(actor) }
}

/** What an edit was an edit of, as it was asked for: in this life or in one before. */
function editableIn(recorded: string | null | undefined, asked: Json): Json {
  const shown = recorded ? (JSON.parse(recorded) as { shown: Json }).shown : asked
  const { given, args } = shown as { given?: Json; args: Json }
  return given === undefined ? args : given
}

function agentOf(actor: Actor | undefined): { agent?: string; under?: string[] } {
  return actor ? { agent: actor.agent, under: [...actor.under] } : {}
}

function notApproved(tool: Tool, decision: SaidDecision): ReeveError {
  const why =
    decision.status === 'expired'
      ? 'nobody decided in time'
      : `rejected by ${decision.by ?? 'a person'}${decision.note ? `: ${decision.note}` : ''}`
  return new ReeveError('not-approved', `The call of "${tool.name}" was not approved: ${why}`, {
    details: { status: decision.status, by: decision.by, note: decision.note },
  })
}
