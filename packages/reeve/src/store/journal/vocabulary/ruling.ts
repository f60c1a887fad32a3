/** Why a call was allowed, asked or denied, for a person. */
export interface RecordedReason {
  code: string
  text: string
  verdict: 'allow' | 'ask' | 'deny'
  argument?: string
  origin?: string
}

/** What was decided of a call, and all by which it could be decided again. */
export interface RecordedRuling {
  decision: 'allow' | 'ask' | 'deny'
  /** Absent: nothing was against it. */
  reasons?: RecordedReason[]
  /** Hash of the grants, policies and standing by which it was decided. */
  policy: string
  /** Hash of the tool's definition. */
  definition: string
  /** The last event of the run's journal that was looked at. */
  seq: number
  /** Who acts, on whose behalf: the ids of the principals, the first one first. */
  chain: string[]
  /** What the answer is worth; of an agent's call. */
  answer?: {
    label: 'trusted' | 'untrusted'
    steering?: 'operator' | 'untrusted'
    isPrivate?: true
    isProse?: true
    isVouched?: true
    place: string
    askedBy?: string[]
  }
  /** The first call after the agent was given its task; its words, once, where they are not the run's input. Of an agent's call. */
  task?: { step: number; words?: string[] }
  /** The tools of the plan that the agent keeps to. */
  plan?: string[]
  /** What it leaves on the thing that it changes. */
  taints?: { thing: string; why: string }
  /** Delegated values that are used up by it. */
  delegations?: string[]
  /** What it takes of effect budgets, in millionths. */
  reservations?: { account: string; amount: number; ceiling: number }[]
}
