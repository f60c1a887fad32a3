import { messageOf } from '../base/errors.ts'
import { describeValue } from '../base/text/shorten.ts'
import { changesNothing } from '../store/journal/vocabulary/effect-class.ts'
import type { RunFacts } from './grants/constraints.ts'
import type { BudgetReservation, SpentSince } from './grants/effect-budgets.ts'
import { judgePolicies, type Policy } from './policies/judge-policies.ts'
import type { Chain } from './principals.ts'
import { steeringOf } from './provenance/origin.ts'
import type { Steering } from './provenance/reading.ts'
import { type Reason, strictest, type Verdict } from './reasons.ts'
import { judgeKind } from './rules/asked-kinds.ts'
import { type Args, argumentsOf, type JudgedCall } from './rules/call.ts'
import { judgeDictated } from './rules/dictated.ts'
import { type Directed, judgeDirecting } from './rules/directing.ts'
import { judgeOutgoing } from './rules/outgoing.ts'
import { judgeRights } from './rules/rights.ts'
import { judgeThing, taintOf } from './rules/things.ts'

/** A call to decide on, with all that the decision may look at. */
export interface CallToDecide extends JudgedCall {
  /** Who acts, on whose behalf. */
  chain: Chain
  /**
   * The arguments as the caller gave them, where the tool's schema made others of them: what the schema adds is the project's own
   * code. Grants are held against what the tool is handed; where values stand is looked for by what was given.
   */
  given?: Args
  /** The connector's account that it would act with. */
  account?: string
  /** Values of the run that grants refer to, such as `input.from`. */
  facts?: RunFacts
  /** What is reserved and spent of effect budgets. */
  spent?: SpentSince
  policies?: readonly Policy[]
  /** The tools of a plan that was made before anything untrusted was read, in its order: what is not there asks. */
  plan?: readonly string[]
  /** `rights`: a workflow's own code calls, which was reviewed; where its values stand is not looked at. Default `all`. */
  judges?: 'all' | 'rights'
  /** A switch that a person has set for this tool or agent, or for everything. */
  mode?: 'off' | 'ask' | 'allow'
  /** Milliseconds since 1970, by the store's clock. */
  now: number
}

/** What is decided, why, and what is to be written down with it. */
export interface Ruling {
  decision: Verdict
  /** The strictest first; empty when there is nothing against it. */
  reasons: Reason[]
  /** How what the call answers is to be labelled. */
  steering: Steering
  /** What the call leaves on the thing that it changes. */
  taints?: { thing: string; why: string }
  /** Delegated values that this call acts upon: from now on used. */
  delegations: string[]
  /** To be reserved in the commit of the effect's intent. */
  reservations: BudgetReservation[]
}

/**
 * Decides whether a call may be made: by who acts, what they were granted, and where each directing value stands. Pure: the same
 * call with the same values is decided the same. It assumes that the model is fooled, and that whoever fools it has read this.
 *
 * It never throws: what cannot be judged is denied.
 */
export function decide(call: CallToDecide): Ruling {
  try {
    return judge(call)
  } catch (error) {
    const text = `The call could not be judged, and so is refused: ${messageOf(error)}.`
    return { ...nothing, decision: 'deny', reasons: [{ code: 'not-judged', text, verdict: 'deny' }] }
  }
}

const nothing: Omit<Ruling, 'decision' | 'reasons'> = {
  steering: 'untrusted',
  delegations: [],
  reservations: [],
}

function judge(handed: CallToDecide): Ruling {
  const { tool, mode } = handed
  if (mode === 'off') {
    const text = `${describeValue(tool.name)} is switched off.`
    return { ...nothing, decision: 'deny', reasons: [{ code: 'switched-off', text, verdict: 'deny' }] }
  }
  const {
    reasons: refusals,
    reservations,
    tied,
  } = judgeRights({
    ...handed,
    facts: handed.facts ?? (() => undefined),
    spent: handed.spent ?? (() => 0),
  })
  const call = handed.given === undefined ? handed : { ...handed, args: handed.given }
  const {
    directed,
    reasons: directing,
    delegations,
  } = call.judges === 'rights' || (changesNothing(tool.effect) && tool.sends === 'none')
    ? { directed: [], reasons: [], delegations: [] }
    : judgeDirecting(call)
  const reasons: Reason[] = [
    ...refusals,
    ...directing.filter(({ argument }) => argument === undefined || !tied.has(argument)),
    ...(call.judges === 'rights' ? [] : judgeProvenance(call, directed, tied)),
    ...judgePlan(call),
  ]
  if (mode === 'ask')
    reasons.push({
      code: 'asked-always',
      text: 'A person has set that this is always asked.',
      verdict: 'ask',
    })
  const before = strictest(reasons.map(({ verdict }) => verdict))
  reasons.push(...judgePolicies(handed.policies ?? [], { ...handed, verdict: before }))
  const decision = strictest(reasons.map(({ verdict }) => verdict))
  const taint = taintOf(call, directed)
  return {
    decision,
    reasons: reasons.sort((a, b) => Number(b.verdict === 'deny') - Number(a.verdict === 'deny')),
    steering: decision === 'allow' ? steeringOfRead(call) : 'untrusted',
    ...(taint !== undefined && { taints: { thing: tool.stages!, why: taint } }),
    delegations,
    reservations,
  }
}

function judgeProvenance(
  call: CallToDecide,
  directed: readonly Directed[],
  tied: ReadonlySet<string>,
): Reason[] {
  // A grant that ties whatever directs the call says itself what is meant.
  const isTied =
    directed.some(({ role }) => role === 'directs') &&
    directed.every(({ name, role }) => role !== 'directs' || tied.has(name))
  return [
    ...(isTied ? [] : judgeKind(call, directed)),
    ...judgeOutgoing(call, directed),
    ...judgeDictated(call),
    ...judgeThing(call),
  ]
}

function judgePlan({ tool, plan }: CallToDecide): Reason[] {
  if (!plan || plan.includes(tool.name)) return []
  const text = `${describeValue(tool.name)} is not in the plan, which is: ${plan.join(', ') || 'nothing'}.`
  return [{ code: 'outside-plan', text, verdict: 'ask' }]
}

/** A read steered by untrusted text is untrusted: the text only says what to look for, the answer comes from a clean place. */
function steeringOfRead(call: JudgedCall): Steering {
  const steers = argumentsOf(call, (role) => role === 'directs' || role === 'query')
  const trusts = steers.map(({ value }) =>
    typeof value === 'string' ? steeringOf(value, call.values, call.request) : 'unpicked',
  )
  if (trusts.some((trust) => trust === 'untrusted' || trust === 'pushed' || trust === 'ambiguous'))
    return 'untrusted'
  if (
    trusts.some(
      (trust) => trust === 'operator' || trust === 'trusted' || trust === 'delegated' || trust === 'within',
    )
  )
    return 'operator'
  // All of it is the model's own making, and it has read what others wrote.
  return trusts.includes('nowhere') && call.values.hasReadUntrusted ? 'untrusted' : 'open'
}
