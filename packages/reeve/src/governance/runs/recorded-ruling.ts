import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import type { RecordedRuling } from '../../store/journal/events.ts'
import type { EffectReservation } from '../../store/spending/effect-budgets.ts'
import type { CallToDecide, Ruling } from '../decide.ts'
import type { BudgetReservation } from '../grants/effect-budgets.ts'
import type { Chain } from '../principals.ts'
import type { Reason } from '../reasons.ts'
import { argumentsOf } from '../rules/call.ts'
import { judgeDirecting } from '../rules/directing.ts'
import type { CallToJudge } from './call-to-judge.ts'
import type { RunReadings } from './run-readings.ts'

/** Where the value of a directing argument stands, for whoever decides. */
interface ValuePlace {
  argument: string
  value: string | number
  place: string
  trust: string
}

/** What is written down of a ruling. */
export function recordedRuling(
  call: CallToJudge,
  args: Record<string, Json>,
  of: {
    ruling: Ruling
    reasons: Reason[]
    decision: RecordedRuling['decision']
    chain: Chain
    readings: RunReadings
    policy: string
    task?: RecordedRuling['task']
  },
): RecordedRuling {
  const { ruling, reasons, decision, chain, readings, policy, task } = of
  const { taints, delegations, reservations } = ruling
  return {
    decision,
    ...(reasons.length > 0 && { reasons }),
    policy,
    definition: call.definition,
    seq: readings.seq,
    chain: chain.map(({ principal }) => principal.id),
    ...(call.agents.length > 0 && { answer: answerOf(call, args, ruling) }),
    ...(task && { task }),
    ...(call.plan && { plan: [...call.plan] }),
    ...(taints && { taints }),
    ...(delegations.length > 0 && { delegations }),
    ...(reservations.length > 0 && {
      reservations: reservations.map(({ key, amount, ceiling }) => ({
        account: key,
        amount: up(amount),
        ceiling: down(ceiling),
      })),
    }),
  }
}

/** What the answer of a call is worth, once there is one. */
function answerOf(
  { tool, approved }: CallToJudge,
  args: Record<string, Json>,
  { steering }: Ruling,
): NonNullable<RecordedRuling['answer']> {
  const askedBy = argumentsOf({ tool, args } as never, (role) => role === 'directs').map(({ value }) =>
    String(value),
  )
  // A person who approved exactly these arguments leads the call.
  const led = approved ? 'open' : steering
  return {
    label: tool.answers,
    ...(led !== 'open' && { steering: led }),
    ...(tool.reads === 'private' && { isPrivate: true as const }),
    ...(tool.isProse && { isProse: true as const }),
    ...(tool.isVouched && { isVouched: true as const }),
    place: tool.place,
    ...(askedBy.length > 0 && { askedBy }),
  }
}

export const million = 1_000_000
const most = Number.MAX_SAFE_INTEGER

function up(amount: number): number {
  return Math.min(Math.ceil(amount * million - 1e-4), most)
}

function down(ceiling: number): number {
  return Math.min(Math.floor(ceiling * million + 1e-4), most - 1)
}

export function inMillionths(
  { key, amount, ceiling, since }: BudgetReservation,
  now: number,
): EffectReservation {
  return {
    account: key,
    amount: up(amount),
    ceiling: down(ceiling),
    since: Math.floor(since),
    perMs: since === 0 ? null : Math.ceil(now - since),
  }
}

export function ownQuestion({ asksItself, tool }: CallToJudge): Reason[] {
  if (!asksItself) return []
  return [
    { code: 'tool-asks', text: `"${tool.name}" wants a person to approve such a call.`, verdict: 'ask' },
  ]
}

/** Whether a person has said yes to all that this ruling asks: under the same policy, or knowing each of its reasons. */
export function isApproved(approved: RecordedRuling | undefined, now: RecordedRuling): boolean {
  if (!approved || approved.definition !== now.definition) return false
  if (approved.policy === now.policy) return true
  const known = new Set(approved.reasons?.map(({ code, argument }) => `${code} ${argument}`))
  return (
    now.reasons?.every(
      ({ code, argument, verdict }) => verdict !== 'ask' || known.has(`${code} ${argument}`),
    ) ?? true
  )
}

export function placesOf(call: CallToDecide): ValuePlace[] {
  if (call.judges === 'rights') return []
  return judgeDirecting({ ...call, args: call.given ?? call.args }).directed.map(
    ({ name, value, origin }) => ({
      argument: name,
      value,
      place: origin.place,
      trust: origin.trust,
    }),
  )
}

/** So long arguments stand with a refusal; longer ones are only in what the model said. */
const longestArgs = 8192

export function refusal(
  { tool, isEdited }: CallToJudge,
  args: Record<string, Json>,
  ruling: RecordedRuling,
  places: ValuePlace[],
  isRepeat = false,
): ReeveError {
  const { decision, reasons = [] } = ruling
  const why = reasons
    .filter(({ verdict }) => verdict === decision)
    .map(({ text }) => text)
    .join(' ')
  const details = { ruling, places, ...(JSON.stringify(args).length <= longestArgs && { args }) }
  if (decision === 'ask')
    return new ReeveError(
      'approval-needed',
      `A person must be asked before "${tool.name}" is called: ${why}`,
      { details },
    )
  if (isEdited && !isRepeat)
    return new ReeveError(
      'approval-needed',
      `The call of "${tool.name}" was refused as a person edited it, and they are asked again: ${why}`,
      { details: { ...details, deniedEdit: why } },
    )
  return new ReeveError('call-denied', `The call of "${tool.name}" was refused. ${why}`, { details })
}
