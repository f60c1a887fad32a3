import { ReeveError } from '../../base/errors.ts'
import { lastMoment, toMs } from '../../base/time/time.ts'
import type { Driven } from '../execution/driven.ts'
import { chapterSeqOf } from '../replay/history.ts'
import type { Workflow } from '../workflow.ts'

/** When a run's time is up, by the limit of its workflow (`limits.time`). */
export class RunDeadline {
  /** Infinite where there is no limit (ms). */
  readonly at: number
  readonly #limit: Workflow['limits']['time']

  /** Counts from when the run's chapter began. */
  constructor({ workflow, history, claim }: Pick<Driven, 'workflow' | 'history' | 'claim'>) {
    const { time } = workflow.limits
    const beganAt = history && chapterSeqOf(history) > 0 ? history.first.at : claim.createdAt
    this.#limit = time
    this.at = time === undefined ? Number.POSITIVE_INFINITY : beganAt + toMs(time)
  }

  /** What a run fails with whose time is up. */
  errorAt(now: number): ReeveError | undefined {
    if (now < this.at) return undefined
    const what = `The run took longer than its workflow allows (limits.time: ${this.#limit}).`
    return new ReeveError('limit-time', what)
  }

  /** When a run wakes that waits; null: only what comes wakes it. A journal of before may hold a time that no database keeps exactly. */
  wakeAt(earliestWait: number | undefined): number | null {
    const earliest = Math.min(earliestWait ?? Number.POSITIVE_INFINITY, this.at)
    return earliest === Number.POSITIVE_INFINITY ? null : Math.min(earliest, lastMoment)
  }
}
