import type { CallKind } from '../../store/journal/events.ts'
import type { RunStatus } from '../../store/runs/runs.ts'
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
}

/** A call's outcome on its way to the workflow. */
export interface Settlement {
  call: Call
  value: unknown
  error: Error | undefined
  /** The time of its event, known once that is durable. */
  at: number
}

/** The claimed run that an execution drives. */
export interface Claim {
  no: number
  id: string
  epoch: number
  parent: number | null
  /** For whom it acts. */
  principal: string
  createdAt: number
  crashes: number
  /** What its history took in memory when it was claimed, roughly; 0 for a short one. */
  historyBytes: number
  /** Inbox items that had arrived when it was last looked at. */
  inbox: number
}

/** The state that a worker leaves a run in. */
export interface Leaving {
  /** Something acts yet, and is left to itself. */
  isAbandoned?: true
  status: Exclude<RunStatus, 'running'>
  reason: string | null
  /** It goes on from the beginning of its function, in this version of its workflow; `call`: the last one before that. */
  continues?: { version: string; call: number }
}

/** How an execution ended: the run's new state, or (nothing of it written) its claim lost, or the run there before. */
export type Ending =
  | (Leaving & { payload: string | null })
  | { status: 'lost' | 'exists'; reason: null; payload: null }
