import { ReeveError } from '../base/errors.ts'
import type { Json } from '../base/json/json.ts'
import { hasMarks } from '../base/schema/marked.ts'
import { describeIssues, validate } from '../base/schema/schema.ts'
import { shorten } from '../base/text/shorten.ts'
import type { CallSite } from '../engine/call-site.ts'
import type { Effect } from '../engine/calls/effect/definition.ts'
import { effect } from '../engine/calls/effect/effect.ts'
import { intendedArguments } from '../engine/calls/effect/intent.ts'
import { checkOnce } from '../engine/replay/parsed-values.ts'
import type { RecordedRuling } from '../store/journal/events.ts'
import { changesNothing } from '../store/journal/vocabulary/effect-class.ts'
import { approvedArguments, type Ready } from './arguments/approved-arguments.ts'
import { type Arguments, asJson, copyOf, isPlain, outputSchemaOf, sameJson } from './arguments/arguments.ts'
import { refuseMask } from './arguments/masked-arguments.ts'
import { rateOf } from './call-rate.ts'
import { type AskedRuling, askedFirst, type Caller, isJudgedFirst, judgeFor } from './judged-call.ts'
import { keyFor } from './once-per.ts'
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

/** What a call of a tool takes; of one that is named, what its schema will say. */
export type CallInput<Called> = Called extends Tool<infer Input, infer _Output, infer _Args> ? Input : Json

/** What a call of a tool gives. */
export type CallOutput<Called> = Called extends Tool<infer _Input, infer Output, infer _Args> ? Output : Json

/** The same, with what was really run. */
export type CallReportOf<Called> =
  Called extends Tool<infer Input, infer Output, infer Args>
    ? CallReport<Input, Output, Args>
    : CallReport<Json, Json, Json>

/**
 * Calls a tool: schema → permission, where somebody's grants hold → approval if needed (the run parks) → permission once more →
 * intent → effect → result. What a person approved, as they edited it, is what runs.
 * @throws `bad-tool` `invalid-input` `call-denied` `not-approved` `bad-result` and what the tool fails with
 */
export async function callTool(
  site: CallSite,
  tool: Tool,
  given: unknown,
  caller?: Caller,
): Promise<unknown> {
  return (await callAndReport(site, tool, given, caller)).result
}

/** The same, and tells what was run. `onReady` hears that before it runs, live as on replay. */
export async function callAndReport(
  site: CallSite,
  tool: Tool,
  asked: unknown,
  caller: Caller = {},
  onReady: (ready: Pick<Ready, 'given' | 'approved'>) => void = () => {},
): Promise<CallReport> {
  if (tool.name === '') {
    const advice = 'Give it a name, or make it the default export of a file in tools/.'
    throw new ReeveError('bad-tool', `A tool without a name was called. ${advice}`)
  }
  const given = copyOf(asked)
  const { actor } = caller
  const first = readOnce(site, tool, given)
  const notice = first.ok ? askedAgain(site, tool, first.parsed) : undefined
  const asksItself = first.ok && (notice !== undefined || tool.needsApproval(first.parsed))
  const { nextRecorded: next } = site
  // The code may have changed since a person was asked; who approved then is told why it does not fit now.
  if (!first.ok && !(next?.kind === 'approval' && next.name === tool.name)) {
    const what = `The arguments of tool "${tool.name}" do not fit its schema`
    throw new ReeveError('invalid-input', `${what}: ${first.problem}`)
  }
  let ruling: AskedRuling | undefined
  if (first.ok && isJudgedFirst(caller, next)) {
    if (!asksItself) refuseMask(tool, given)
    const ready: Ready = { given, ...first }
    if (!asksItself) onReady(ready)
    const tried = await askedFirst(() => act(site, tool, ready, caller, { asksItself, approved: undefined }))
    if ('report' in tried) return tried.report
    ruling = tried.ruling
  } else if (first.ok && !asksItself) {
    refuseMask(tool, given)
    const ready: Ready = { given, ...first }
    onReady(ready)
    return act(site, tool, ready, caller, { asksItself: false, approved: undefined })
  }
  let why = notice
  for (;;) {
    const ready = await approvedArguments(site, tool, given, first, actor, why, ruling)
    onReady(ready)
    const approved = ruling?.ruling
    const tried = await askedFirst(() => act(site, tool, ready, caller, { asksItself: false, approved }))
    if ('report' in tried) return tried.report
    const { deniedEdit } = tried.ruling
    why = deniedEdit === undefined ? notice : deniedNotice(deniedEdit, ready)
    // What was denied says nothing of what was asked for: that is asked on its own terms again.
    // Else what holds has changed since a person said yes: they are asked again, with why.
    if (deniedEdit === undefined) ruling = tried.ruling
  }
}

function deniedNotice(why: string, { json, approved }: Ready): string {
  const by = approved?.by ?? 'a person'
  return `The edit of ${by} was not carried out: ${why} It was: ${shorten(JSON.stringify(json), 300)}.`
}

async function act(
  site: CallSite,
  tool: Tool,
  { given, parsed, json, approved }: Ready,
  caller: Caller,
  trial: { asksItself: boolean; approved: RecordedRuling | undefined },
): Promise<CallReport> {
  // The journal has no secrets, and JSON alone: only plain arguments can be taken from there.
  const isKept = isPlain(parsed, json) && site.services.secrets.redactData(json) === json
  const handed = (args: Json) => (isKept && args !== json && !sameJson(args, json) ? args : parsed) as Json
  const { actor } = caller
  const { service } = tool
  const account = service?.account(parsed, site.run.principal)
  const rate = tool.rate
    ? rateOf(tool.name, tool.rate, parsed)
    : account && service?.rate(account, site.services.host)
  const definition: Effect = {
    name: tool.name,
    effect: tool.effectOf(parsed),
    timeoutMs: tool.timeoutMs,
    run: hasMarks(tool.output)
      ? async (args, attempt) => {
          const result = await tool.run(handed(args), attempt)
          site.mark(tool.output, result)
          return result
        }
      : (args, attempt) => tool.run(handed(args), attempt),
    ...(tool.keepsReads && { keepsReads: true }),
    ...(tool.retry && { retry: tool.retry }),
    ...(tool.secrets.length > 0 && { secrets: tool.secrets }),
    ...(rate && { rate }),
    ...(service && account !== undefined && { account, gate: service.gate(account), outlastsOutages: true }),
    ...(tool.oncePer && { oncePer: keyFor(tool.name, tool.oncePer, parsed) }),
    ...(tool.verify && { verify: (args, attempt) => tool.verify!(handed(args), attempt) }),
    result: {
      schema: () => outputSchemaOf(tool),
      problem: (result) => resultProblem(tool, result),
      mark: (result) => site.mark(tool.output, result),
    },
    ...(actor && { actor }),
    ...(approved && { approved }),
    ...(caller.judged && {
      judge: judgeFor(caller.judged, tool, parsed, caller, {
        ...trial,
        isEdited: approved?.edited === true,
        given: asJson(given),
        account,
      }),
    }),
  }
  const intended = intendedArguments(site.nextRecorded)
  // As the journal has them: a later life may come to others.
  const args = copyOf(intended !== undefined && isPlain(parsed, json) ? intended : parsed)
  const result = await effect(site, definition, json, asJson(given))
  const { by = null, edited = false, note = null } = approved ?? {}
  return {
    result: checkOutput(site, tool, result),
    args,
    given,
    approved: approved ? { by, edited, note } : null,
  }
}

/** Why a call is asked for that needs no approval by itself: its fork shares a decision that was given to another run. */
function askedAgain(site: CallSite, tool: Tool, parsed: unknown): string | undefined {
  const { history, nextStep } = site
  const standing = history?.standing
  if (!standing || standing.isAskedAnew || nextStep < standing.from || changesNothing(tool.effectOf(parsed)))
    return undefined
  const { call, name, by } = standing.decisions.at(-1)!
  return `This run is a fork. "${name}" (call ${call}) was approved${by === null ? '' : ` by ${by}`} for the run that it was forked from, and carried out there.`
}

/** Whether a person is asked, or the call refused, must come out the same in every life of the run. */
function readOnce(site: CallSite, tool: Tool, given: unknown): Arguments {
  const checked = checkOnce(site, tool.input, copyOf(given), `The arguments of tool "${tool.name}"`)
  if (!checked.ok) return { ok: false, problem: describeIssues(checked.issues) }
  site.mark(tool.input, given)
  site.mark(tool.input, checked.value)
  return { ok: true, parsed: checked.value, json: asJson(checked.value) }
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
function checkOutput(site: CallSite, tool: Tool, result: unknown): unknown {
  const checked = checkOnce(site, tool.output, result, `The result of tool "${tool.name}"`, {
    isOwn: true,
  })
  if (checked.ok) return checked.value
  throw new ReeveError(
    'bad-result',
    `Tool "${tool.name}" answered what its output schema does not allow: ${describeIssues(checked.issues)}`,
  )
}
