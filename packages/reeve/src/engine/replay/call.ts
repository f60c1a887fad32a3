import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { CallKind } from '../../store/journal/events.ts'
import type { Override } from '../overriding/override.ts'
import type { RecordedCall } from './history.ts'

/** One `ctx` call of a run. Its promise settles when its settlement is durable and its turn in the journal has come. */
export interface Call<Kind extends CallKind = CallKind> {
  readonly step: number
  readonly kind: Kind
  readonly name: string
  readonly args: string | null
  /** What the journal knows of it; undefined for a call made for the first time. */
  readonly recorded: RecordedCall | undefined
  readonly promise: Promise<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  /** The id of the approval that it asked for in this life. */
  approval?: string
  /** How its wait ends as a person says, or why it cannot; undefined while it does not wait. */
  override: ((given: Override) => string | (() => void)) | undefined
  /** What its next attempt waits for, and until when, for people. */
  lacks?: string
  /** A person settled it: what comes of it afterwards counts for nothing. */
  overridden: boolean
  /** What it comes to is written, durable or not yet: nobody can say anything else of it. */
  isSettled: boolean
  /** Its race was decided without it, or a failure beside it ended a `ctx.all`: the run ends without it. */
  isLeft?: true
  /** Aborts what acts for it, where that has asked for its signal. */
  stop?: AbortController
  /** Says which texts of its result are marked. */
  resultMarks?: StandardSchemaV1
}

/** A call's outcome on its way to the workflow. */
export interface Settlement {
  call: Call
  value: unknown
  error: Error | undefined
  /** The time of its event, known once that is durable. */
  at: number
}
