import { ReeveError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import { canonical, type Json } from '../base/json/json.ts'
import type { Actor } from '../engine/calls/effect/definition.ts'
import type { Judge } from '../engine/calls/effect/judge.ts'
import type { RecordedCall } from '../engine/replay/history.ts'
import type { CallToJudge, Task } from '../governance/runs/call-to-judge.ts'
import type { JudgedRun } from '../governance/runs/judged-run.ts'
import type { ArgumentPlace } from '../store/approvals/approval-terms.ts'
import { errorOf, payloadIfSound, type RecordedRuling } from '../store/journal/events.ts'
import { inputSchemaOf } from './arguments/arguments.ts'
import type { Tool } from './tool.ts'

/** Who calls a tool, and by what the call is judged. */
export interface Caller {
  /** The agent that acts; absent: the workflow's own code. */
  actor?: Actor
  /** The run's judge; absent: nobody's grants hold, and no policy. */
  judged?: JudgedRun
  /** The agents that act, the outermost first. */
  agents?: CallToJudge['agents']
  /** What the outermost of them was given to do. */
  task?: Task
  /** The tools of the plan that they keep to. */
  plan?: readonly string[]
}

/** Why a person is asked: from the journal, and so the same in each life. */
export interface AskedRuling {
  /** What a person approved by an edit was denied, and nothing was sent: why. */
  deniedEdit?: string
  ruling: RecordedRuling
  places: readonly ArgumentPlace[]
}

/**
 * Whether the call is judged before a person may be asked: then an effect comes first in the journal, else its approval. What the
 * journal has decides, for the code, the grants and the switches may have changed since.
 */
export function isJudgedFirst({ judged }: Caller, next: RecordedCall | undefined): boolean {
  if (next?.kind === 'approval') return false
  if (next?.kind === 'effect') return wasJudged(next)
  return judged !== undefined
}

function wasJudged({ opened, settled }: RecordedCall): boolean {
  if (settled?.type === 'effect-asked') return true
  if (settled?.type === 'effect-failed' && errorOf(settled).code === 'call-denied') return true
  return opened.some((event) => {
    const intent = payloadIfSound(event, 'effect-intended')
    return intent?.ruling !== undefined && intent.approved === undefined
  })
}

/** Whether the call was made, or settled as one that a person must be asked about first. */
export async function askedFirst<Report>(
  act: () => Promise<Report>,
): Promise<{ report: Report } | { ruling: AskedRuling }> {
  try {
    return { report: await act() }
  } catch (error) {
    if (!(error instanceof ReeveError) || error.code !== 'approval-needed') throw error
    const details = error.details as unknown as Partial<AskedRuling>
    const { ruling = unknownRuling, places = [], deniedEdit } = details
    return { ruling: { ruling, places, ...(deniedEdit !== undefined && { deniedEdit }) } }
  }
}

/** Of a refusal whose particulars were too long to be kept: what is approved upon it is judged anew as a whole. */
const unknownRuling: RecordedRuling = { decision: 'ask', policy: '', definition: '', seq: 0, chain: [] }

/** What whoever decides is told beside the arguments, and what the approval is bound to. */
export function termsFor(
  { name }: Tool,
  asked: AskedRuling | undefined,
): { why?: string[]; places?: ArgumentPlace[]; definition?: string; policy?: string } {
  if (!asked) return {}
  const { reasons = [], definition, policy } = asked.ruling
  // That the tool wants to be asked goes without saying.
  const why = reasons
    .filter(({ code, verdict }) => verdict === 'ask' && code !== 'tool-asks')
    .map(({ text }) => text)
  const places = asked.places.map(({ argument, place, trust }) => ({ argument, place, trust }))
  return {
    ...(why.length > 0 && { why }),
    ...(places.length > 0 && { places }),
    definition: `${name}:${definition}`,
    policy,
  }
}

export function judgeFor(
  judged: JudgedRun,
  tool: Tool,
  parsed: unknown,
  { agents = [], task, plan }: Caller,
  trial: Pick<CallToJudge, 'asksItself' | 'approved' | 'isEdited' | 'given' | 'account'>,
): Judge {
  return judged.judgeOf({
    tool: { ...tool.governed(), effect: tool.effectOf(parsed) },
    definition: definitionOf(tool),
    agents,
    task,
    plan,
    ...trial,
  })
}

const definitions = new WeakMap<Tool, string>()

/** Of all that a tool is: what it says of itself, what it takes, and its code. */
export function definitionOf(tool: Tool): string {
  let hash = definitions.get(tool)
  if (hash === undefined) {
    const { name, description, effect, risk, secrets, run, verify } = tool
    const code = `${run}\n${verify ?? ''}`
    const whole = {
      name,
      description,
      effect,
      risk,
      governed: tool.governed(),
      input: inputSchemaOf(tool),
      ...(secrets.length > 0 && { secrets }),
      code,
    }
    hash = sha256(canonical(JSON.parse(JSON.stringify(whole)) as Json)).slice(0, 16)
    definitions.set(tool, hash)
  }
  return hash
}
