import { sha256 } from '../../base/hash.ts'
import { addUsage } from '../route/heal.ts'
import type { Answer, Question, Usage } from '../solver.ts'

/** Questions for one batch at a provider's. */
export interface BatchOrder {
  /** Unlike every other order's anywhere; by it and by the ids made from it the batch is found again. */
  key: string
  questions: readonly Question[]
}

/** A batch that the provider ends within a day, answers in any order, and bills at a lower price. */
export interface BatchService {
  /** The most that an answer may cost in a batch, in US dollars. */
  worstCaseUsd(question: Question): number
  /**
   * Answers the provider's id of the batch. @throws `not-applied` when there is certainly no batch; after any other error
   * there may be one
   */
  submit(order: BatchOrder, signal: AbortSignal): Promise<string>
  /** Looks for a batch that may have been submitted under this key since that time (ms, by our clock). */
  find(wanted: { key: string; count: number; since: number }, signal: AbortSignal): Promise<FoundBatch>
  status(batch: string, signal: AbortSignal): Promise<BatchStatus>
  /** What became of the questions, once the batch has ended; in any order, and with nothing left out or mended. */
  results(batch: string, signal: AbortSignal): Promise<BatchItem[]>
  cancel(batch: string, signal: AbortSignal): Promise<void>
}

/** What is known at the provider of a batch. */
export type FoundBatch =
  | { outcome: 'found'; batch: string }
  | { outcome: 'none' }
  /** There are batches that may be it, and nobody can tell. */
  | { outcome: 'unclear'; reason: string }

/** `under way → ended`; `gone`: the provider does not know it, or not any more. */
export interface BatchStatus {
  state: 'under way' | 'ended' | 'gone'
  /** How many questions were answered, and so billed; absent: the provider does not say. */
  answered?: number
}

/**
 * One line of a batch's results. The usage of an answer is absent where the provider told no tokens; a problem has one
 * where the provider has worked, and so billed, for nothing.
 */
export type BatchItem = { id: string; answer: Answer } | { id: string; problem: string; usage?: Usage }

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
