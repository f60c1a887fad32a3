import type { Log } from '../../base/log.ts'
import { jsonWithoutSecretShapes } from '../../base/secrets/secret-shapes.ts'
import type { Clock } from '../../base/time/time.ts'
import { type FollowedEvent, followed } from '../../inspect/follow/follow-events.ts'
import type { Database } from '../../store/database.ts'
import { Tail, type TailEvent } from '../../store/journal/tail.ts'

/** An event as watchers hear of it. What it holds is to be asked for: `GET /api/runs/RUN/events`. */
interface HeardEvent extends FollowedEvent {
  /** Of all runs, unique; not always in order on Postgres. */
  id: number
}

export interface EventFilter {
  runs?: readonly string[] | undefined
  workflows?: readonly string[] | undefined
  kinds?: readonly string[] | undefined
}

const pollMs = 50
const told = 'all'
/** The newest events, kept for all watchers together; who is further behind reads from the database. */
const mostKept = 5_000
/** So many of them a watcher takes at once. */
const pageSize = 100

interface Kept {
  event: HeardEvent
  /** The event as JSON: made once, however many watch. */
  text: string
  /** From where a watcher goes on that heard all up to it; absent where more was read with it. */
  cursor?: string
}

/**
 * Reads the journal once for all who watch it. What it read last is kept; each watcher takes from there at its own pace,
 * and one that fell behind reads from the database until it has caught up. So a watcher costs no memory, however slow.
 */
export class EventHub {
  readonly #database: Database
  readonly #clock: Clock
  readonly #log: Log
  readonly #waiting = new Set<() => void>()
  #kept: Kept[] = []
  /** How many were read before those that are kept. */
  #dropped = 0
  #watchers = 0
  /** Resolves when it follows; absent while nobody watches. */
  #following: Promise<void> | undefined
  /** Behind all that is kept. */
  #cursor = ''
  #stopPolling = () => {}
  #isClosed = false

  constructor(database: Database, clock: Clock, log: Log) {
    this.#database = database
    this.#clock = clock
    this.#log = log
  }

  /** `cursor`: from where; absent: from now on. @throws `bad-cursor` */
  async watch(filter: EventFilter, cursor: string | undefined): Promise<Watcher> {
    const own = cursor === undefined ? undefined : Tail.fromCursor(this.#database, this.#clock, told, cursor)
    this.#watchers++
    try {
      this.#following ??= this.#begin()
      await this.#following
      await own?.notAhead()
      return new Watcher(this, filter, own, own?.cursor ?? this.#cursor)
    } catch (error) {
      this.left()
      throw error
    }
  }

  /** A cursor behind all that is written now. */
  async now(): Promise<string> {
    return (await Tail.fromNow(this.#database, this.#clock, told)).cursor
  }

  close(): void {
    this.#isClosed = true
    this.#stopPolling()
    this.#wake()
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Those from a place on; undefined: some of them are not kept any more. */
  since(place: number): readonly Kept[] | undefined {
    const from = place - this.#dropped
    return from < 0 ? undefined : this.#kept.slice(from, from + pageSize)
  }

  tailFrom(cursor: string): Tail {
    return Tail.fromCursor(this.#database, this.#clock, told, cursor)
  }

  /** The place behind all that was read. */
  get newest(): number {
    return this.#dropped + this.#kept.length
  }

  /** Resolves when there is more, or the hub was closed, or `signal` was aborted. */
  more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#waiting.add(done)
      signal.addEventListener('abort', done, { once: true })
    })
  }

  /** One who watched is gone. */
  left(): void {
    this.#watchers--
    if (this.#watchers > 0) return
    this.#stopPolling()
    this.#following = undefined
    this.#dropped = this.newest
    this.#kept = []
  }

  async #begin(): Promise<void> {
    const tail = await Tail.fromNow(this.#database, this.#clock, told)
    this.#cursor = tail.cursor
    if (this.#watchers > 0) this.#poll(tail)
  }

  #poll(tail: Tail): void {
    let isStopped = false
    const stop = this.#clock.after(pollMs, async () => {
      await this.#look(tail, () => isStopped || this.#isClosed)
      if (!isStopped && !this.#isClosed) this.#poll(tail)
    })
    this.#stopPolling = () => {
      isStopped = true
      stop()
    }
  }

  async #look(tail: Tail, isStopped: () => boolean): Promise<void> {
    try {
      const events = await tail.read()
      if (isStopped() || events.length === 0) return
      this.#cursor = tail.cursor
      for (const event of events) this.#kept.push(keptOf(event))
      this.#kept.at(-1)!.cursor = this.#cursor
      const tooMany = this.#kept.length - mostKept
      if (tooMany > 0) {
        this.#kept.splice(0, tooMany)
        this.#dropped += tooMany
      }
      this.#wake()
    } catch (error) {
      this.#log.warn('the journal could not be read for those who watch it; it is tried again', {
        error: String(error),
      })
    }
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done()
  }
}

/** One who watches: takes events at its own pace. */
export class Watcher {
  readonly #hub: EventHub
  readonly #filter: EventFilter
  /** Reads from the database, until it has caught up with the hub. */
  #own: Tail | undefined
  /** What it reads of the hub must not have been read of the database. */
  #wants: Tail | undefined
  #place: number
  #cursor: string

  constructor(hub: EventHub, filter: EventFilter, own: Tail | undefined, cursor: string) {
    this.#hub = hub
    this.#filter = filter
    this.#own = own
    this.#cursor = cursor
    this.#place = hub.newest
  }

  /** From where another watcher would go on: it hears nothing less, and at most what was read together again. */
  get cursor(): string {
    return this.#cursor
  }

  /** The next events that fit the filter, as JSON; none when `signal` was aborted or the hub was closed. */
  async next(signal: AbortSignal): Promise<string[]> {
    while (!signal.aborted && !this.#hub.isClosed) {
      const found = this.#own ? await this.#readOwn(this.#own) : this.#readKept()
      if (found.length > 0) return found
      if (!this.#own && this.#place === this.#hub.newest) await this.#hub.more(signal)
    }
    return []
  }

  leave(): void {
    this.#hub.left()
  }

  async #readOwn(own: Tail): Promise<string[]> {
    const place = this.#hub.newest
    const events = await own.read()
    this.#cursor = own.cursor
    if (events.length === 0) {
      // What the hub had read by then was there to be read here; what it read since may have been.
      this.#own = undefined
      this.#wants = own
      this.#place = place
    }
    return events
      .map(keptOf)
      .filter(({ event }) => this.#fits(event))
      .map(({ text }) => text)
  }

  #readKept(): string[] {
    const kept = this.#hub.since(this.#place)
    if (!kept) {
      this.#own = this.#hub.tailFrom(this.#cursor)
      this.#wants = undefined
      return []
    }
    this.#place += kept.length
    this.#cursor = kept.findLast(({ cursor }) => cursor !== undefined)?.cursor ?? this.#cursor
    return kept
      .filter(({ event }) => this.#wants?.awaits(event.id) !== false && this.#fits(event))
      .map(({ text }) => text)
  }

  #fits({ runId: run, workflow, type }: HeardEvent): boolean {
    const { runs, workflows, kinds } = this.#filter
    return (
      (runs?.includes(run) ?? true) &&
      (workflows?.includes(workflow) ?? true) &&
      (kinds?.includes(type) ?? true)
    )
  }
}

function keptOf(read: TailEvent): Kept {
  const event = { id: read.id, ...followed(read) }
  return { event, text: jsonWithoutSecretShapes(event) }
}
