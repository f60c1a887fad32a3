import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { ReeveError } from '../../base/errors.ts'
import type { Duration } from '../../base/time/time.ts'
import type { RetryPolicy } from '../../engine/calls/retry.ts'
import type { Question } from '../solver.ts'
import type { CacheOptions } from './answer-cache.ts'
import type { BudgetScope } from './budget.ts'

/** A route's name, the question, and what the answer must be. */
export interface QuestionRequest {
  route: string
  question: Question
  schema: StandardSchemaV1 | undefined
  retry?: RetryPolicy | undefined
  /** The agent that asks: its ceiling counts too. */
  agent?: string
  /** More ceilings that this question counts in; below `run:` they never wait for budget. */
  ceilings?: BudgetScope[]
  /** Whoever asks does something else than to wait until there is money. */
  failsOverBudget?: boolean
  /** When the asker's time is up (ms): what is not answered by then fails with the error that `late` makes. */
  deadline?: { at: number; late: () => ReeveError }
  /** Told as a solver is about to be asked; on replay it is not. */
  onAsked?: () => void
  /** May be answered from what was answered before, and is kept for those who ask later. */
  cache?: Duration | CacheOptions | undefined
  /** Nobody may watch the text being written: it has to pass a check first. */
  isPrivate?: boolean
  /** Notes which texts of the value are marked, before it is written. Default: those that `schema` marks. */
  mark?: (value: unknown) => void
  /** What replay compares, where the asker knows better than the question's own parts. */
  args?: string
}
