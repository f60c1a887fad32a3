import type { Origin } from '../../store/journal/events.ts'
import { endedStatuses, type RunStatus } from '../../store/runs/runs.ts'

/** The claimed run that an execution drives. */
export interface Claim {
  no: number
  id: string
  epoch: number
  parent: number | null
  /** For whom it acts. */
  principal: string
  /** Of one that was started here; of others the journal has it. */
  origin?: Origin
  /** The same: who sent its input, as that says. */
  sender?: string | undefined
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

export function isEnded(status: RunStatus | 'lost' | 'exists'): boolean {
  return (endedStatuses as readonly string[]).includes(status)
}
