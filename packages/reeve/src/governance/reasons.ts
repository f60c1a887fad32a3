/** What permission comes to. */
export type Verdict = 'allow' | 'ask' | 'deny'

/** Why, for a person. */
export interface Reason {
  /** Stable. */
  code: string
  /** A plain sentence. */
  text: string
  verdict: Verdict
  argument?: string
  /** Where the value stands. */
  origin?: string
}

const order: readonly Verdict[] = ['allow', 'ask', 'deny']

/** The strictest of all. */
export function strictest(verdicts: Iterable<Verdict>): Verdict {
  let worst = 0
  for (const verdict of verdicts) worst = Math.max(worst, order.indexOf(verdict))
  return order[worst]!
}
