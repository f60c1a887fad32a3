import { sha256 } from '../../base/hash.ts'
import { addUsage } from '../route/heal.ts'
import type { BatchItem, BatchStatus, Usage } from '../solver.ts'

/** The id under which a question travels: within what all providers allow, and telling nothing of the key. */
export function itemId(key: string, place: number): string {
  return `${itemPrefix(key)}${place}`
}

export function itemPrefix(key: string): string {
  return `${sha256(key).slice(0, 24)}-`
}

/** A batch's results, by the places of its questions. */
export interface BatchBill {
  items: Map<number, BatchItem>
  /** Of all answers, the useless and the repeated ones included. */
  usage: Usage
  /** The most that may have been billed beyond it: for answers that were made and are not among the results. */
  unsettledUsd: number
}

/**
 * Puts results where they belong. Of several with one id the first that answers counts; ids that were never sent are
 * left aside. `mostUsd`: the most that one answer of this batch may cost.
 */
export function toBill(
  results: readonly BatchItem[],
  order: { key: string; count: number },
  status: BatchStatus,
  mostUsd: number,
): BatchBill {
  const places = new Map(Array.from({ length: order.count }, (_, place) => [itemId(order.key, place), place]))
  const items = new Map<number, BatchItem>()
  const usage: Usage = { inputTokens: 0, outputTokens: 0, costUsd: 0 }
  let told = 0
  for (const item of results) {
    const place = places.get(item.id)
    if (place === undefined) continue
    const known = items.get(place)
    if (!known || (!('answer' in known) && 'answer' in item)) items.set(place, item)
    const paid = 'answer' in item ? item.answer.usage : item.usage
    if (!paid) continue
    if (!(known && 'answer' in known)) told++
    addUsage(usage, paid)
  }
  const untold = Math.max(0, (status.answered ?? order.count) - told)
  return { items, usage, unsettledUsd: untold * mostUsd }
}
