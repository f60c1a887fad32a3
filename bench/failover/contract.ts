/** One worker process: drives runs of `charging` and says when it begins to drive one, by this machine's clock. */
export interface FailoverSpec {
  url: string
  receiver: string
  capacity: number
}

export type FailoverMessage = { worker: string } | { began: number; at: number }

/** `answer some`: those held back now whose number is even. */
export type ReceiverOrder = 'count' | 'answer some' | 'answer all'

/** What the receiver says when it is asked to count. */
export interface Arrivals {
  /** By the number of a run: the keys under which its charges were applied. */
  keys: Record<number, string[]>
  applied: number
  /** Requests answered from an earlier one with the same key. */
  repeated: number
}
