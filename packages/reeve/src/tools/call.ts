import { ReeveError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import { describeIssues, parse, validate } from '../base/schema.ts'
import { approval, type Decision } from '../engine/approval.ts'
import { type Actor, type Effect, effect } from '../engine/effect.ts'
import type { Execution } from '../engine/execution.ts'
import type { Tool } from './tool.ts'

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
  if (tool.name === '') {
    const advice = 'Give it a name, or make it the default export of a file in tools/.'
    throw new ReeveError('bad-tool', `A tool without a name was called. ${advice}`)
  }
  let args = parse(tool.input, given, `The arguments of tool "${tool.name}"`) as Json
  if (tool.needsApproval(args)) args = await approvedArguments(execution, tool, args, actor)
  const definition: Effect = {
    name: tool.name,
    effect: tool.effectOf(args),
    timeoutMs: tool.timeoutMs,
    run: tool.run,
    ...(tool.retry && { retry: tool.retry }),
    ...(tool.verify && { verify: tool.verify }),
    ...(actor && { actor }),
  }
  const result = await effect(execution, definition, args)
  return checkOutput(tool, result)
}

/** Asks until the arguments are approved as they are, or rejected. An edit that does not fit is asked again, with why. */
async function approvedArguments(
  execution: Execution,
  tool: Tool,
  args: Json,
  actor: Actor | undefined,
): Promise<Json> {
  let shown = args
  let problem: string | undefined
  for (;;) {
    const request = {
      tool: tool.name,
      // An edit that does not fit cannot be rated.
      risk: problem === undefined ? tool.riskOf(args) : tool.risk,
      args: shown,
      ...(actor && { agent: actor.agent, under: [...actor.under] }),
      ...(problem === undefined ? {} : { problem }),
    }
    const decision = (await approval(execution, {
      kind: 'approval',
      subject: tool.name,
      shown: request,
      ...(tool.approvalTimeout === undefined ? {} : { timeout: tool.approvalTimeout }),
    })) as Decision
    if (decision.status !== 'approved') throw notApproved(tool, decision)
    if (!decision.edited) return shown
    const edited = editedArguments(decision.value)
    const checked = validate(tool.input, edited)
    if (checked.ok) return checked.value as Json
    shown = edited
    problem = describeIssues(checked.issues)
  }
}

/** An edit may be of the arguments alone or of the whole that was shown. */
function editedArguments(value: Json): Json {
  if (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    'tool' in value &&
    value.args !== undefined
  ) {
    return value.args
  }
  return value
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

/** The effect has happened and its result is in the journal as it is; the workflow never sees one that does not fit. */
function checkOutput(tool: Tool, result: unknown): unknown {
  const checked = validate(tool.output, result)
  if (checked.ok) return checked.value
  throw new ReeveError(
    'bad-result',
    `Tool "${tool.name}" answered what its output schema does not allow: ${describeIssues(checked.issues)}`,
  )
}
