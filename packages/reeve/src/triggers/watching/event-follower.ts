import { messageOf, ReeveError } from '../../base/errors.ts'
import { isoText } from '../../base/time/time.ts'
import type { Engine } from '../../engine/engine.ts'
import { freeCursor, holdCursor, moveCursor } from '../../store/journal/cursors.ts'
import { type Cause, errorIfSound, payloadIfSound } from '../../store/journal/events.ts'
import { lastSeqIn, payloadAt } from '../../store/journal/journal.ts'
import { Tail, type TailEvent } from '../../store/journal/tail.ts'
import type { Arrivals } from '../arrivals.ts'
import { type EventTrigger, eventTypes, type RunEvent } from '../event.ts'
import { mapInput, readBody } from '../mapping.ts'
import type { NamedTrigger } from '../named-triggers.ts'

const cursorName = 'event-triggers'

/**
 * Follows the ends of all runs and starts what is declared for them.
 *
 *   not held → held (by this worker alone) → read → started, each in a commit of its own → cursor moved
 *
 * A death between a start and the move repeats the event, and the start is then recognised by its key.
 */
export class EventFollower {
  readonly #engine: Engine
  readonly #arrivals: Arrivals
  readonly #triggers: readonly NamedTrigger<EventTrigger>[]
  readonly #types: string[]
  #tail: Tail | undefined
  #saved = ''

  constructor(engine: Engine, arrivals: Arrivals, triggers: readonly NamedTrigger<EventTrigger>[]) {
    this.#engine = engine
    this.#arrivals = arrivals
    this.#triggers = triggers
    this.#types = [...new Set(triggers.map(({ trigger }) => eventTypes[trigger.event]))]
  }

  /** What came since the last look. Whether there may be more at once. */
  async look(): Promise<boolean> {
    const tail = await this.#held()
    if (!tail) return false
    const events = await tail.read()
    for (const event of events) await this.#tell(event)
    if (tail.cursor === this.#saved) return false
    await this.#save(tail.cursor)
    return events.length > 0
  }

  async end(): Promise<void> {
    const { database, worker } = this.#engine
    if (this.#tail) await database.transaction((session) => freeCursor(session, cursorName, worker.id))
    this.#tail = undefined
  }

  async #held(): Promise<Tail | undefined> {
    if (this.#tail) return this.#tail
    const { database, services, worker } = this.#engine
    const place = await database.transaction((session) =>
      holdCursor(session, cursorName, worker.id, async () => {
        const tail = await Tail.fromNow(database, services.clock, this.#types)
        return tail.cursor
      }),
    )
    if (place === undefined) return undefined
    this.#saved = place
    this.#tail = Tail.fromCursor(database, services.clock, this.#types, place)
    return this.#tail
  }

  async #save(place: string): Promise<void> {
    const { database, worker } = this.#engine
    const isHeld = await database.transaction((session) => moveCursor(session, cursorName, worker.id, place))
    this.#saved = place
    // Another took over: this worker was taken for dead.
    if (!isHeld) this.#tail = undefined
  }

  async #tell(event: TailEvent): Promise<void> {
    for (const named of this.#triggers) {
      const { event: type, workflows } = named.trigger
      if (eventTypes[type] !== event.type) continue
      if (workflows && !workflows.includes(event.workflow)) continue
      await this.#fire(named, event)
    }
  }

  async #fire(named: NamedTrigger<EventTrigger>, event: TailEvent): Promise<void> {
    const { name, trigger } = named
    const delivery = `${event.run_id}:${event.seq}`
    const cause = await this.#causeOf(named, event)
    try {
      if (cause.depth > trigger.depth) {
        const why = `a loop, it seems: ${trigger.depth} event triggers fired one after the other, the last run being ${event.run_id}`
        this.#arrivals.log.warn('an event trigger starts nothing', { trigger: name, why })
        await this.#arrivals.refuse(named, delivery, `${why}. Change what it listens to, or its \`depth\``)
        return
      }
      const input = this.#inputOf(named, event)
      await this.#arrivals.take(named, { delivery, input, channel: 'event', causedBy: cause })
    } catch (error) {
      // What no run can be made of must not keep the others waiting; the database may be back later.
      if (!(error instanceof ReeveError) || error.retryable) throw error
      this.#arrivals.log.warn('no run could be started for an event', {
        trigger: name,
        error: messageOf(error),
      })
      await this.#arrivals.refuse(named, delivery, messageOf(error))
    }
  }

  /** The event's own run may have been started by a trigger, and so on back. */
  async #causeOf({ name, trigger }: NamedTrigger<EventTrigger>, event: TailEvent): Promise<Cause> {
    const { database } = this.#engine
    const seq = await lastSeqIn(database, event.run, 'run-started', 'run-continued', 'input-replaced')
    const payload = seq === undefined ? undefined : await payloadAt(database, event.run, seq)
    const first = { type: 'run-started', payload: payload ?? null }
    const { causedBy } = payloadIfSound(first, 'run-started') ?? {}
    return { run: event.run_id, event: trigger.event, trigger: name, depth: (causedBy?.depth ?? 0) + 1 }
  }

  #inputOf({ name, trigger }: NamedTrigger<EventTrigger>, event: TailEvent): unknown {
    const what = `event trigger "${name}"`
    const output = event.type === 'run-succeeded' ? payloadIfSound(event, 'run-succeeded') : undefined
    const isRead = event.type === 'run-succeeded'
    const told: RunEvent = {
      type: trigger.event,
      run: event.run_id,
      workflow: event.workflow,
      at: isoText(event.at),
      output: (isRead ? readBody(trigger.schema, output, what) : null) as RunEvent['output'],
    }
    if (event.type === 'run-failed') {
      const { code = 'unknown', message = '' } = errorIfSound(event) ?? {}
      told.error = { code, message }
    }
    const reason = payloadIfSound(event, 'run-stuck')?.reason ?? payloadIfSound(event, 'run-cancelled')?.by
    if (reason !== undefined) told.reason = reason
    return mapInput(trigger.input as (event: RunEvent) => unknown, told, what, undefined)
  }
}
