import { messageOf } from '../../base/errors.ts'
import type { Engine } from '../../engine/engine.ts'
import { dropCursor } from '../../store/journal/cursors.ts'
import { Arrivals } from '../arrivals.ts'
import { inputOfFile, inputOfLetter } from '../inputs.ts'
import type { LetterReader } from '../letters/read-letter.ts'
import { folderOf, type NamedTrigger, triggersOn } from '../named-triggers.ts'
import { EventFollower } from './event-follower.ts'
import { FolderWatcher, type SeenFile } from './folder-watcher.ts'

/** Between two looks (ms). */
const folderMs = 1_000
const eventsMs = 200
/** After a look that failed. */
const againMs = 5_000

interface Watched {
  what: string
  everyMs: number
  /** Whether there may be more to do at once. */
  look(): Promise<boolean>
}

/** What triggers do by themselves: they look into folders and follow events, in each worker of a project. */
export class TriggerLoops {
  readonly #engine: Engine
  readonly #watched: Watched[]
  readonly #events: EventFollower | undefined
  readonly #rounds = new Map<Watched, Promise<void>>()
  readonly #timers = new Map<Watched, () => void>()
  #isEnded = false

  constructor(
    engine: Engine,
    named: readonly NamedTrigger[],
    options: { project: string; letters: LetterReader },
  ) {
    this.#engine = engine
    const arrivals = new Arrivals(engine)
    const { database, services } = engine
    const folders = named.flatMap((each) => {
      const folder = folderOf(each.trigger)
      if (!folder) return []
      const read = (file: SeenFile, content: Buffer) => inputOf(each, file, content, options.letters)
      const { clock, log } = services
      return [
        new FolderWatcher({
          named: each,
          folder,
          project: options.project,
          database,
          clock,
          log,
          arrivals,
          read,
        }),
      ]
    })
    const listening = triggersOn(named, 'event')
    this.#events = listening.length > 0 ? new EventFollower(engine, arrivals, listening) : undefined
    this.#watched = [
      ...folders.map((watcher) => ({
        what: 'a watched folder',
        everyMs: folderMs,
        look: () => watcher.look(),
      })),
      ...(this.#events
        ? [{ what: 'event triggers', everyMs: eventsMs, look: () => this.#events!.look() }]
        : []),
    ]
  }

  /** Resolves when each has looked once. */
  async begin(): Promise<void> {
    const { database } = this.#engine
    if (!this.#events) await database.transaction((session) => dropCursor(session, 'event-triggers'))
    await Promise.all(this.#watched.map((watched) => this.#round(watched)))
  }

  /** Resolves when nothing of it is under way. */
  async end(): Promise<void> {
    this.#isEnded = true
    for (const cancel of this.#timers.values()) cancel()
    await Promise.all(this.#rounds.values())
    await this.#events?.end().catch(() => {})
  }

  #round(watched: Watched): Promise<void> {
    const round = this.#once(watched)
    this.#rounds.set(watched, round)
    return round
  }

  async #once(watched: Watched): Promise<void> {
    const { clock, log } = this.#engine.services
    let waitMs = watched.everyMs
    try {
      if (await watched.look()) waitMs = 0
    } catch (error) {
      waitMs = againMs
      log.warn(`${watched.what} could not be looked at; it is tried again`, { error: messageOf(error) })
    }
    if (!this.#isEnded)
      this.#timers.set(
        watched,
        clock.after(waitMs, () => void this.#round(watched)),
      )
  }
}

function inputOf(
  { name, trigger }: NamedTrigger,
  file: SeenFile,
  content: Buffer,
  letters: LetterReader,
): unknown {
  if (trigger.on === 'mail') return inputOfLetter(trigger, name, content, letters)
  if (trigger.on === 'files') return inputOfFile(trigger, name, file, content)
  return undefined
}
