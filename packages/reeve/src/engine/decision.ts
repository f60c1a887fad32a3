import type { Json } from '../base/json/json.ts'

/** What every decision says. */
export interface DecisionDetails {
  edited: boolean
  by: string | null
  note: string | null
  /** Who had asked `by` to decide instead. */
  inPlaceOf?: string
  /** The remembered permission of `by` that decided it: nobody was asked. */
  permission?: string
  /** All who approved, where it took several; `at` in ms. */
  votes?: { by: string; note: string | null; at: number }[]
  /** What was approved may begin until then (ms). */
  executeBy?: number
}

/** It may be done. */
export interface ApprovedDecision<T = Json> extends DecisionDetails {
  status: 'approved'
  /** What was approved: what was shown, or the person's edit of it. */
  value: T
}

/** It must not be done: a person said so, or nobody decided in time. */
export interface RefusedDecision extends DecisionDetails {
  status: 'rejected' | 'expired'
}

/** A person's decision as a workflow sees it: there is a `value` once its status is known to be `approved`. */
export type Decision<T = Json> = ApprovedDecision<T> | RefusedDecision

/** What the journal has of a decision, or of the answer to a question. */
export interface SaidDecision extends DecisionDetails {
  status: 'approved' | 'rejected' | 'answered' | 'expired'
  /** What was shown, or the person's edit of it; the answer. */
  value: Json
}
