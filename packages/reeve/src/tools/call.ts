import { messageOf, ReeveError } from '../base/errors.ts'
import type { Json } from '../base/json/json.ts'
import { isPlainRecord } from '../base/json/record.ts'
import { describeIssues, validate } from '../base/schema/schema.ts'
import { type Decision, requestApproval } from '../engine/calls/approval.ts'
import { type Actor, type Effect, effect, intendedArguments } from '../engine/calls/effect.ts'
import type { Call } from '../engine/execution/call.ts'
import type { Execution } from '../engine/execution/execution.ts'
import { checkOnce } from '../engine/execution/parsed-values.ts'
import type { ApprovedBy } from '../store/journal/events.ts'
import {
  type Arguments,
  argumentsFor,
  asJson,
  copyOf,
  editedGiven,
  inputSchemaOf,
  isPlain,
  lostEdit,
  outputSchemaOf,
  sameJson,
} from './arguments.ts'
import { rateOf } from './call-rate.ts'
import { maskProblem, refuseMask } from './masked-arguments.ts'
import type { Tool } from './tool.ts'

/** A call of a tool as it was made. */
export interface CallReport<Input = unknown, Output = unknown, Args = unknown> {
  result: Output
  /** What the tool was handed: parsed, and as a person edited it. */
  args: Args
  /** The same before it was parsed, in the form in which the caller gives arguments. */
  given: Input
  /** Who approved exactly these arguments; null when nobody was asked. `edited`: they are not those that were asked for. */
  approved: { by: string | null; edited: boolean; note: string | null } | null
}

/** Arguments that may be used: they fit, and a person approved them if that is needed. */
interface Ready {
  given: unknown
  parsed: unknown
  json: Json
  approved?: ApprovedBy
}

/**
 * Calls a tool: schema → approval if needed (the run parks) → intent → effect → result. What a person approved, as they
 * edited it, is what runs. `actor`: the agent that calls; absent: the workflow's own code.
 * @throws `bad-tool` `invalid-input` `not-approved` `bad-result` and what the tool fails with
 */
export async function callTool(
  execution: Execution,
  tool: Tool,
  given: unknown,
  actor?: Actor,
): Promise<unknown> {
  return (await callAndReport(execution, tool, given, actor)).result
}

/** The same, and tells what was run. `onReady` hears that before it runs, live as on replay. */
export async function callAndReport(
  execution: Execution,
  tool: Tool,
  given: unknown,
  actor?: Actor,
  onReady: (ready: Pick<Ready, 'given' | 'approved'>) => void = () => {},
): Promise<CallReport> {
  if (tool.name === '') {
    const advice = 'Give it a name, or make it the default export of a file in tools/.'
    throw new ReeveError('bad-tool', `A tool without a name was called. ${advice}`)
  }
  const ready = await readyArguments(execution, tool, copyOf(given), actor)
  onReady(ready)
  const { parsed, json, approved } = ready
  // The journal has no secrets, and JSON alone: only plain arguments can be taken from there.
  const isKept = isPlain(parsed, json) && execution.services.secrets.redactData(json) === json
  const handed = (args: Json) => (isKept && args !== json && !sameJson(args, json) ? args : parsed) as Json
  const definition: Effect = {
    name: tool.name,
    effect: tool.effectOf(parsed),
    timeoutMs: tool.timeoutMs,
    run: (args, attempt) => tool.run(handed(args), attempt),
    ...(tool.retry && { retry: tool.retry }),
    ...(tool.rate && { rate: rateOf(tool.name, tool.rate, parsed) }),
    ...(tool.verify && { verify: (args, attempt) => tool.verify!(handed(args), attempt) }),
    result: { schema: () => outputSchemaOf(tool), problem: (result) => resultProblem(tool, result) },
    ...(actor && { actor }),
    ...(approved && { approved }),
  }
  const intended = intendedArguments(execution.nextRecorded)
  // As the journal has them: a later life may come to others.
  const args = copyOf(intended !== undefined && isPlain(parsed, json) ? intended : parsed)
  const result = await effect(execution, definition, json, asJson(ready.given))
  const { by = null, edited = false, note = null } = approved ?? {}
  return {
    result: checkOutput(execution, tool, result),
    args,
    given: ready.given,
    approved: approved ? { by, edited, note } : null,
  }
}

async function readyArguments(
  execution: Execution,
  tool: Tool,
  given: unknown,
  actor: Actor | undefined,
): Promise<Ready> {
  const first = readOnce(execution, tool, given)
  const notice = first.ok ? askedAgain(execution, tool, first.parsed) : undefined
  if (first.ok && notice === undefined && !tool.needsApproval(first.parsed)) {
    refuseMask(tool, given)
    return { given, ...first }
  }
  // The code may have changed since a person was asked; who approved then is told why it does not fit now.
  const { nextRecorded: next } = execution
  if (!first.ok && !(next?.kind === 'approval' && next.name === tool.name)) {
    const what = `The arguments of tool "${tool.name}" do not fit its schema`
    throw new ReeveError('invalid-input', `${what}: ${first.problem}`)
  }
  return approvedArguments(execution, tool, given, first, actor, notice)
}

/** Why a call is asked for that needs no approval by itself: its fork shares a decision that was given to another run. */
function askedAgain(execution: Execution, tool: Tool, parsed: unknown): string | undefined {
  const { history, nextStep } = execution
  const standing = history?.standing
  if (!standing || standing.isAskedAnew || nextStep < standing.from || tool.effectOf(parsed) === 'read')
    return undefined
  const { call, name, by } = standing.decisions.at(-1)!
  return `This run is a fork. "${name}" (call ${call}) was approved${by === null ? '' : ` by ${by}`} for the run that it was forked from, and acted upon there.`
}

/** Whether a person is asked, or the call refused, must come out the same in every life of the run. */
function readOnce(execution: Execution, tool: Tool, given: unknown): Arguments {
  const checked = checkOnce(execution, tool.input, copyOf(given), `The arguments of tool "${tool.name}"`)
  if (!checked.ok) return { ok: false, problem: describeIssues(checked.issues) }
  return { ok: true, parsed: checked.value, json: asJson(checked.value) }
}

/**
 * Asks until what was shown is approved and may run, or it is rejected:
 *
 *   asked → approved as shown → still fits and is what was shown → ready
 *         → edited (of what was given) → fits → ready
 *         ↘ does not fit (an edit; a schema that changed since) → asked again, with the problem, which no yes passes over
 *         ↘ fits, but would run as something else than was shown, or without the edit → asked again, as it is now
 */
async function approvedArguments(
  execution: Execution,
  tool: Tool,
  asked: unknown,
  first: Arguments,
  actor: Actor | undefined,
  why: string | undefined,
): Promise<Ready> {
  let given = asked
  let known = first.ok ? first : undefined
  let notice = why
  let again: Call | undefined
  const seen = (json: Json) => execution.services.secrets.redactData(json)
  for (;;) {
    const before = rated(tool, given, known)
    known = undefined
    const request = seen(shownTo(tool, given, before, actor, notice))
    const call = requestApproval(execution, {
      kind: 'approval',
      subject: tool.name,
      shown: request,
      compared: { tool: tool.name, given: asJson(given), ...agentOf(actor) },
      binds: 'effect',
      inputSchema: inputSchemaOf(tool),
      ...(again && { again }),
      ...(tool.approvalTimeout === undefined ? {} : { timeout: tool.approvalTimeout }),
    })
    again = call
    const decision = (await call.promise) as Decision
    if (decision.status !== 'approved') throw notApproved(tool, decision)
    const { by, edited, note } = decision
    notice = undefined
    const base = editableIn(call.recorded?.opened[0]?.payload, request)
    if (edited) given = editedGiven(given, decision.value, base)
    const read = rated(tool, given)
    const now = edited ? keepDrawn(tool, given, read, before) : read
    const approved: ApprovedBy = { call: call.step, by, edited: edited || given !== asked, note }
    if (isCarriedOut(execution, tool)) return { given, parsed: asJson(given), json: null, ...now, approved }
    if (!now.ok) continue
    const ready: Ready = { given, ...now, approved }
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

/** The journal has its result: it does not run again, whatever the code has become since. */
function isCarriedOut({ nextRecorded: next }: Execution, tool: Tool): boolean {
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

function notApproved(tool: Tool, decision: Decision): ReeveError {
  const why =
    decision.status === 'expired'
      ? 'nobody decided in time'
      : `rejected by ${decision.by ?? 'a person'}${decision.note ? `: ${decision.note}` : ''}`
  return new ReeveError('not-approved', `The call of "${tool.name}" was not approved: ${why}`, {
    details: { status: decision.status, by: decision.by, note: decision.note },
  })
}

/** A schema that cannot say at once is heard when the workflow gets the result. */
function resultProblem(tool: Tool, result: unknown): string | undefined {
  try {
    const checked = validate(tool.output, result)
    return checked.ok ? undefined : describeIssues(checked.issues)
  } catch {
    return undefined
  }
}

/** The effect has happened and its result is in the journal as it is; the workflow never sees one that does not fit. */
function checkOutput(execution: Execution, tool: Tool, result: unknown): unknown {
  const checked = checkOnce(execution, tool.output, result, `The result of tool "${tool.name}"`, {
    isOwn: true,
  })
  if (checked.ok) return checked.value
  throw new ReeveError(
    'bad-result',
    `Tool "${tool.name}" answered what its output schema does not allow: ${describeIssues(checked.issues)}`,
  )
}
