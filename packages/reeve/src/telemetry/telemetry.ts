import { Looks } from '../base/time/looks.ts'
import type { Engine } from '../engine/engine.ts'
import { freeCursor, holdCursor, moveCursor } from '../store/journal/cursors.ts'
import { Tail } from '../store/journal/tail.ts'
import { Otlp } from './otlp.ts'
import type { TelemetrySettings } from './settings.ts'
import { SignalsOfEvents } from './signals-of-events.ts'

const cursorName = 'telemetry'
const everyMs = 500

/** All types: which of them make a span is known by what they mean. */
const read = 'all'

/**
 * Makes traces and metrics of the journals, behind all that is done: by a cursor in the database, which one worker holds, so
 * that a restart misses nothing, and a collector that is away gets all when it is back.
 */
export class Telemetry {
  readonly #engine: Engine
  readonly #otlp: Otlp
  readonly #signals: SignalsOfEvents
  readonly #looks: Looks
  #tail: Tail | undefined
  #saved = ''

  constructor(engine: Engine, settings: TelemetrySettings) {
    this.#engine = engine
    this.#otlp = new Otlp(settings, engine.worker.id)
    this.#signals = new SignalsOfEvents(engine.database, settings.withContent)
    this.#looks = new Looks(engine.services, 'what telemetry is made of', everyMs, () => this.#look())
  }

  /** @throws `missing-package` */
  async begin(): Promise<void> {
    await this.#otlp.open()
    // Its first look may wait for the collector: nobody waits for that.
    void this.#looks.begin()
  }

  async end(): Promise<void> {
    await this.#looks.end()
    await this.#otlp.close()
    const { database, worker } = this.#engine
    // Where that fails, the cursor is free once this worker is none any more.
    await database.transaction((session) => freeCursor(session, cursorName, worker.id)).catch(() => {})
  }

  async #look(): Promise<boolean> {
    const tail = await this.#held()
    if (!tail) return false
    const place = this.#saved
    try {
      const found = await tail.read()
      const { spans, measurements } = await this.#signals.of(found)
      await this.#otlp.sendSpans(spans)
      this.#otlp.measure(measurements)
      if (tail.cursor === place) return false
      await this.#save(tail.cursor)
      return found.length > 0
    } catch (error) {
      // From where it stood: what was not taken is made again.
      const { database, services } = this.#engine
      this.#tail = Tail.fromCursor(database, services.clock, read, place)
      throw error
    }
  }

  async #held(): Promise<Tail | undefined> {
    if (this.#tail) return this.#tail
    const { database, services, worker } = this.#engine
    const place = await database.transaction((session) =>
      holdCursor(session, cursorName, worker.id, async () => {
        const tail = await Tail.fromNow(database, services.clock, read)
        return tail.cursor
      }),
    )
    if (place === undefined) return undefined
    this.#saved = place
    this.#tail = Tail.fromCursor(database, services.clock, read, place)
    return this.#tail
  }

  async #save(place: string): Promise<void> {
    const { database, worker } = this.#engine
    const isHeld = await database.transaction((session) => moveCursor(session, cursorName, worker.id, place))
    this.#saved = place
    if (!isHeld) this.#tail = undefined
  }
}
