import { type Clock, isoText } from '../../base/time/time.ts'
import type { Database } from '../../store/database.ts'
import { definitionOf, type EventType, payloadIfSound } from '../../store/journal/events.ts'
import { Tail, type TailEvent } from '../../store/journal/tail.ts'
import { describeEvent, type EventTone } from '../events/describe-event.ts'

/** Which events are followed; all that is given must hold. */
export interface EventFilter {
  /** The id of a run. */
  run?: string
  workflow?: string
  /** The kinds of events: a type, such as `run-succeeded`. Default: all. */
  types?: readonly EventType[]
}

/** An event as it is told while it happens: what to read again, and a line for a live view. Its payload is read apart. */
export interface FollowedEvent {
  runId: string
  workflow: string
  seq: number
  /** ISO 8601. */
  at: string
  type: string
  call: number | null
  /** Foreign text. */
  name: string | null
  tone: EventTone
  words: string
  /** The approval that a person is asked by it; null: nobody is asked. */
  approvalId: string | null
}

/**
 * The events of all runs, in the order in which they became visible; those of one run in their own order. `cursor` is where
 * it stands after what `read` gave last: whoever goes on from there, also in another process, misses nothing; where
 * many processes write at the same moment some events may come once more, which `run` and `seq` tell.
 */
export class EventFeed {
  readonly #tail: Tail
  readonly #filter: EventFilter

  private constructor(tail: Tail, filter: EventFilter) {
    this.#tail = tail
    this.#filter = filter
  }

  /** `cursor` absent: from now on. @throws `bad-cursor` */
  static async open(
    database: Database,
    clock: Clock,
    { cursor, ...filter }: EventFilter & { cursor?: string } = {},
  ): Promise<EventFeed> {
    const types = filter.types?.filter((type) => definitionOf(type) !== undefined) ?? 'all'
    const tail =
      cursor === undefined
        ? await Tail.fromNow(database, clock, types)
        : Tail.fromCursor(database, clock, types, cursor)
    return new EventFeed(tail, filter)
  }

  get cursor(): string {
    return this.#tail.cursor
  }

  /** What came since the last time; some hundred events at most, and then more with the next call. */
  async read(): Promise<FollowedEvent[]> {
    const { run, workflow } = this.#filter
    const events = await this.#tail.read()
    return events
      .filter(
        (event) =>
          (run === undefined || event.run_id === run) &&
          (workflow === undefined || event.workflow === workflow),
      )
      .map(followed)
  }
}

/** An event of a `Tail` that reads payloads. */
export function followed(event: TailEvent): FollowedEvent {
  const { run_id: run, workflow, seq, at, type, step: call, name } = event
  const { approval = null } = payloadIfSound(event, 'approval-requested', 'effect-unknown') ?? {}
  return {
    runId: run,
    workflow,
    seq,
    at: isoText(at),
    type,
    call,
    name,
    ...describeEvent(event),
    approvalId: approval,
  }
}
