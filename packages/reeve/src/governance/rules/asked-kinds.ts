import { changesNothing } from '../../store/journal/vocabulary/effect-class.ts'
import type { Trust } from '../provenance/origin.ts'
import type { Reason } from '../reasons.ts'
import { namingOf } from '../request/named-items.ts'
import { asksFor, suggests } from '../request/request-kinds.ts'
import type { JudgedCall } from './call.ts'
import type { Directed } from './directing.ts'

/**
 * The request's own words bound which kinds of effect may happen unasked, once the run has read untrusted text: no word of mail,
 * no mail. Without such text nobody but the operator can have led the model, and there is nothing to bound.
 */
export function judgeKind(call: JudgedCall, directed: readonly Directed[]): Reason[] {
  const { tool, request, values } = call
  if (changesNothing(tool.effect) || tool.confirms || tool.stages || !values.hasReadUntrusted) return []
  if (tool.isAdditive && tool.effect === 'idempotent') return []
  if (asksFor(request, tool.kinds)) return []
  const directs = directed.filter(({ role }) => role === 'directs')
  const comesFrom = (...trusts: Trust[]) =>
    directs.length > 0 && directs.every(({ origin }) => trusts.includes(origin.trust))
  // A page in the operator's words, or in a text that they name, is asked for with them; so is to be logged in as somebody known.
  if (tool.kinds.length === 1 && tool.kinds[0] === 'web' && comesFrom('operator', 'delegated')) return []
  if (
    tool.kinds.length === 1 &&
    tool.kinds[0] === 'session' &&
    comesFrom('operator', 'delegated', 'within', 'trusted')
  )
    return []
  if (request.leavesItToText) {
    const named = values.items.find(
      (item) =>
        item.reading.steering !== 'untrusted' &&
        item.leaves.some((leaf) => leaf.isFree && suggests(String(leaf.value), tool.kinds)) &&
        namingOf(item, request, values) === 'exactly',
    )
    if (named) return []
  }
  const what = tool.kinds.map((kind) => kind.replace('word:', '')).join(', ') || tool.name
  return [
    {
      code: 'kind-not-asked-for',
      text: `The request has no word of this kind of effect (${what}), and the run has read text that others wrote.`,
      verdict: 'ask',
    },
  ]
}
