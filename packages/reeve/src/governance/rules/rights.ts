import type { Json } from '../../base/json/json.ts'
import { changesNothing } from '../../store/journal/vocabulary/effect-class.ts'
import type { RunFacts } from '../grants/constraints.ts'
import {
  type BudgetReservation,
  firstOver,
  reservationsFor,
  type SpentSince,
} from '../grants/effect-budgets.ts'
import { type PreparedGrant, type Refusal, refusalOf } from '../grants/grant.ts'
import { type Chain, hasRole, type Link } from '../principals.ts'
import type { Reason } from '../reasons.ts'
import type { GovernedTool } from '../tools/governed-tool.ts'

export interface CallOfChain {
  chain: Chain
  tool: GovernedTool
  args: Readonly<Record<string, Json | undefined>>
  account?: string
  facts: RunFacts
  spent: SpentSince
  now: number
}

export interface RightsRuling {
  reasons: Reason[]
  /** What the call takes of effect budgets, to be reserved with its intent. */
  reservations: BudgetReservation[]
  /** Arguments that a grant ties to a place or a set of values: they need no other ground. A range is a limit only. */
  tied: ReadonlySet<string>
}

/** Every link of the chain needs the right: parent ∩ own, on every path. */
export function judgeRights(call: CallOfChain): RightsRuling {
  const reasons: Reason[] = []
  const reservations = new Map<string, BudgetReservation>()
  const tied = new Set<string>()
  for (const link of call.chain) {
    const held = heldBy(link, call)
    if ('refused' in held) reasons.push(held.refused)
    else {
      const limit = limitOf(link, call.tool, held.grant)
      if (limit) reasons.push(limit)
      const final = link === call.chain.at(-1) && finalOf(link, call.tool, held.grant)
      if (final) reasons.push(final)
    }
    if ('grant' in held && held.grant) {
      const { grant } = held
      for (const argument of grant.ties) tied.add(argument)
      for (const one of reservationsOf(link, grant, call)) reservations.set(`${one.key}|${one.ceiling}`, one)
      if (grant.source.asks)
        reasons.push({
          code: 'grant-asks',
          text: `The grant "${grant.id}" wants a person to be asked.`,
          verdict: 'ask',
        })
    }
  }
  const over = firstOver([...reservations.values()], call.spent)
  if (over) {
    reasons.push({
      code: 'effect-budget-spent',
      text: `"${over.key}" allows ${over.ceiling}; ${over.spent} are taken and this call takes ${over.amount}.`,
      verdict: 'deny',
    })
  }
  return { reasons, reservations: [...reservations.values()], tied }
}

/** What the level of whoever acts makes of a call that its grants allow. What only reads is never held up by it. */
function limitOf(
  { level, principal, isGranted }: Link,
  tool: GovernedTool,
  grant?: PreparedGrant,
): Reason | undefined {
  if (level === undefined || level === 'autonomous' || changesNothing(tool.effect)) return undefined
  const who = `"${principal.id}" stands at ${level}`
  if (level === 'observe')
    return { code: 'level-observe', text: `${who}: it looks, and does nothing.`, verdict: 'deny' }
  if (level === 'draft')
    return { code: 'level-draft', text: `${who}: a person approves each effect.`, verdict: 'ask' }
  if (isGranted || grant?.id.startsWith('exception:')) return undefined
  const text = `${who}, and no grant in its code names this call: a person approves it.`
  return { code: 'level-supervised', text, verdict: 'ask' }
}

/** What an agent does once and nobody can undo is asked about, unless its code or an owner granted it by name. */
function finalOf(
  { principal, isGranted }: Link,
  { name, effect, isFinal }: GovernedTool,
  grant?: PreparedGrant,
): Reason | undefined {
  if (!isFinal || effect !== 'once' || principal.kind !== 'agent') return undefined
  if (isGranted || grant?.id.startsWith('exception:')) return undefined
  const text = `"${name}" cannot be undone, and no grant in the code of "${principal.id}" names it: a person approves it.`
  return { code: 'cannot-undo-unasked', text, verdict: 'ask' }
}

/** What a call takes of a grant's budgets: each principal has accounts of its own. */
export function reservationsOf(
  { principal }: Link,
  { budgets }: PreparedGrant,
  { args, now }: Pick<CallOfChain, 'args' | 'now'>,
): BudgetReservation[] {
  return reservationsFor(budgets, args, now).map((one) => ({ ...one, key: `${principal.id}/${one.key}` }))
}

function heldBy(link: Link, call: CallOfChain): { refused: Reason } | { grant?: PreparedGrant } {
  const { principal, grants, isRevoked } = link
  const who = `"${principal.id}"`
  const refuse = (code: string, text: string, argument?: string): { refused: Reason } => ({
    refused: { code, text, verdict: 'deny', ...(argument !== undefined && { argument }) },
  })
  if (isRevoked) return refuse('principal-revoked', `${who} was revoked.`)
  if (principal.kind === 'person') {
    if (changesNothing(call.tool.effect) ? hasRole(principal, 'viewer') : hasRole(principal, 'operator'))
      return {}
    return refuse(
      'role-too-low',
      `${who} is ${principal.role ?? 'nobody'} and may not ${changesNothing(call.tool.effect) ? 'read' : 'act'}.`,
    )
  }
  let nearest: Refusal | undefined
  for (const grant of grants) {
    if (!grant.isFor(call.tool.name)) continue
    const refusal = refusalOf(grant, call, call.facts, call.now)
    if (!refusal) return { grant }
    nearest ??= refusal
  }
  return nearest
    ? refuse(nearest.code, nearest.text, nearest.argument)
    : refuse('not-granted', `${who} has no grant for "${call.tool.name}".`)
}
