import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { describeValue } from '../../base/text/shorten.ts'
import type { Reason, Verdict } from '../reasons.ts'
import type { GovernedTool } from '../tools/governed-tool.ts'
import type { PolicyAnswer } from './judge-policies.ts'

/** What a policy of a project is told of a call. Plain data. */
export interface PolicyCall {
  tool: GovernedTool
  args: Readonly<Record<string, Json>>
  /** Who acts, on whose behalf: the one who started it first, the one that calls last (`agent:desk`). */
  chain: readonly string[]
  workflow: string
  run: string
  /** What is decided without the policies, and why. */
  verdict: Verdict
  reasons: readonly Reason[]
  /** Where the value of each directing argument stands, and how far that is trusted. Of agents' calls. */
  places: readonly { argument: string; value: string | number; place: string; trust: string }[]
  /** Whether the run has read what strangers wrote, and what is the operator's own. */
  hasReadUntrusted: boolean
  hasReadPrivate: boolean
}

/** A policy as its file exports it. */
export interface ProjectPolicy {
  /** By which it is known as one. */
  readonly kind: 'reeve-policy'
  /** What it says of a call. */
  readonly decide: (call: PolicyCall) => PolicyAnswer
}

/**
 * Declares a policy: a file in `policies/` exports it as its default. It may only tighten what is decided: it answers `ask`,
 * `deny`, either with a reason, or nothing. It runs in a thread of its own, for at most a quarter of a second; one that throws
 * or takes longer denies the call.
 * @throws `bad-policy`
 * @example
 * import { policy } from 'reeve'
 *
 * export default policy(({ tool, args }) => {
 *   if (tool.name === 'payments.refund' && Number(args.amountUsd) > 50)
 *     return { verdict: 'ask', text: 'Refunds above $50 are looked at.' }
 *   return undefined
 * })
 */
export function policy(decide: (call: PolicyCall) => PolicyAnswer): ProjectPolicy {
  if (typeof decide === 'function') return { kind: 'reeve-policy', decide }
  throw new ReeveError('bad-policy', `policy() got ${describeValue(decide)}. Give it a function of the call.`)
}

export function isPolicy(value: unknown): value is ProjectPolicy {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'reeve-policy'
}
