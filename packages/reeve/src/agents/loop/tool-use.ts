import { z } from 'zod'
import { messageOf, ReeveError } from '../../base/errors.ts'
import { canonical, type Json } from '../../base/json/json.ts'
import { hasMarks } from '../../base/schema/marked.ts'
import type { CallSite } from '../../engine/call-site.ts'
import { describeMismatch, readAnswer, valueIn } from '../../models/reading/structured.ts'
import type { ToolCall } from '../../models/solver.ts'
import type { Capability, Changed } from '../capability.ts'
import type { CallOutcome, Progress } from './progress.ts'
import type { WindowResult } from './window.ts'

/** The most calls of one turn that are made; the rest is handed back. */
const mostCalls = 16

/** Errors that are the run's own end, not news for a model. */
const endings = new Set(['limit-steps', 'limit-time', 'run-ending', 'run-ended', 'over-budget'])

/** Calls that act outside and have succeeded, by tool and arguments. */
export type DoneBefore = Map<string, string>

export interface TurnResults {
  results: WindowResult[]
  outcomes: CallOutcome[]
}

interface Planned {
  call: ToolCall
  key: string
  capability?: Capability
  args?: unknown
  problem?: string
  noted?: CallOutcome['noted']
  repeated?: boolean
}

/**
 * Makes the calls of one turn, all at once, and answers what the model gets to see, in their order. A call that cannot
 * be made (no such tool, arguments that do not fit, once too often) becomes an error for the model. The same call twice
 * in a turn is made once. A call that acts outside and has succeeded is not made again with the same arguments: its
 * result is given again.
 */
export async function makeCalls(
  calls: ToolCall[],
  capabilities: ReadonlyMap<string, Capability>,
  progress: Progress,
  done: DoneBefore,
  onCall: (call: ToolCall, status?: CallOutcome['status']) => void,
): Promise<TurnResults> {
  const planned = calls.map((call, index) => plan(call, index, capabilities, progress))
  const made = new Map<string, Promise<Attempted>>()
  const instead = new Map<string, Json>()
  const outcomes = await Promise.all(
    planned.map(async (each): Promise<CallOutcome> => {
      const { key, capability, call } = each
      if (each.problem !== undefined || !capability) {
        onCall(call, each.repeated ? 'repeated' : 'rejected')
        const status = each.repeated ? 'repeated' : 'rejected'
        return { key, status, text: each.problem ?? '', ...(each.noted && { noted: each.noted }) }
      }
      const before = done.get(key)
      if (before !== undefined) {
        onCall(call, 'done')
        return { key, status: 'done', text: before }
      }
      let result = made.get(key)
      if (!result) {
        onCall(call)
        result = attemptCall(capability, each.args)
        made.set(key, result)
      }
      const { text, failed, ran } = await result
      if (ran !== undefined) instead.set(key, ran)
      onCall(call, failed ? 'failed' : 'done')
      return { key, status: failed ? 'failed' : 'done', text }
    }),
  )
  const results = outcomes.map(({ key, status, text }, index): WindowResult => {
    const { call, capability, args } = planned[index]!
    const shown = done.has(key)
      ? `This was done before with these arguments and was not done again. Its result was: ${text}`
      : text
    const ran = instead.get(key)
    if (status === 'done' && capability?.acts(args) && !done.has(key)) {
      done.set(key, text)
      if (ran !== undefined) done.set(`${call.tool} ${canonical(ran)}`, text)
    }
    return { call: ran === undefined ? call : { ...call, args: ran }, text: shown, failed: status !== 'done' }
  })
  return { results, outcomes }
}

function plan(
  call: ToolCall,
  index: number,
  capabilities: ReadonlyMap<string, Capability>,
  progress: Progress,
): Planned {
  const capability = capabilities.get(call.tool)
  const key = `${call.tool} ${canonical(call.args)}`
  if (!capability) {
    const known = [...capabilities.keys()].join(', ') || 'none'
    return { call, key, problem: `There is no tool "${call.tool}". The tools are: ${known}.` }
  }
  if (index >= mostCalls)
    return { call, key, problem: `Only ${mostCalls} calls are made in one turn; this one was not made.` }
  if (call.problem !== undefined) {
    const problem = `The call was not made: its arguments cannot be read exactly. ${call.problem}`
    return unread(call, key, capability, problem)
  }
  const given = readArguments(call.args, capability)
  if (!given.ok) return unread(call, key, capability, `The call was not made. ${given.problem}`)
  const settledKey = `${call.tool} ${canonical(given.args)}`
  if (progress.isRepetition(settledKey)) {
    const problem = 'The call was not made: it has given the same result each time before.'
    return { call, key: settledKey, problem, repeated: true }
  }
  return { call, key: settledKey, capability, args: given.args }
}

/** One whose arguments cannot be read. Of a text in their place nobody can tell what in it is marked: the journal has none of it. */
function unread(call: ToolCall, key: string, capability: Capability, problem: string): Planned {
  if (typeof call.args !== 'string' || !hasMarks(capability.input)) return { call, key, problem }
  const text = 'The call was not made: its arguments cannot be read.'
  return { call, key, problem, noted: { key: call.tool, text } }
}

/** Arguments that came as text are read as leniently as an answer is; then they must fit. */
function readArguments(
  given: Json,
  capability: Capability,
): { ok: true; args: unknown } | { ok: false; problem: string } {
  const read =
    typeof given === 'string' ? readAnswer(given, z.unknown()) : { ok: true as const, value: given }
  if (!read.ok) return { ok: false, problem: `Its arguments cannot be read. ${read.problem}` }
  const args = capability.unwrap ? capability.unwrap(read.value) : read.value
  const checked = capability.check(args)
  if (checked.ok) return { ok: true, args }
  return { ok: false, problem: describeMismatch(capability.input, args, checked.issues) }
}

/** Keeps apart what stands where the schema of a call has marks. Arguments that came as a text are kept apart as a whole, too. */
export function markArguments(site: CallSite, capability: Capability | undefined, given: Json): void {
  if (!capability || !hasMarks(capability.input)) return
  const { input, unwrap } = capability
  const read = typeof given === 'string' ? valueIn(given) : given
  if (typeof given === 'string' && given !== '') site.marks.add([{ mark: 'personal', text: given }])
  site.mark(input, unwrap ? unwrap(read) : read)
}

interface Attempted {
  text: string
  failed: boolean
  /** The arguments that a person put in the place of the model's. */
  ran?: Json
}

async function attemptCall(capability: Capability, args: unknown): Promise<Attempted> {
  let changed: Changed | undefined
  const attempted = (text: string, failed: boolean): Attempted =>
    changed ? { text: `${changedBy(changed)}\nResult: ${text}`, failed, ran: changed.args } : { text, failed }
  try {
    const result = await capability.run(args, (edit) => {
      changed = edit
    })
    return attempted(typeof result === 'string' ? result : (JSON.stringify(result) ?? 'null'), false)
  } catch (error) {
    if (error instanceof ReeveError && endings.has(error.code)) throw error
    const code = error instanceof ReeveError ? `${error.code}: ` : ''
    return attempted(`${code}${messageOf(error)}`, true)
  }
}

/** What the model must go on from: its own arguments are not what was run. */
function changedBy({ args, by, note }: Changed): string {
  const why = note === null ? '' : ` Note: ${note}`
  return `The arguments were changed by ${by ?? 'a person'} before this was run. It was run with: ${JSON.stringify(args)}.${why}`
}
