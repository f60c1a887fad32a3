import { Looks } from '../../base/time/looks.ts'
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

/** What triggers do by themselves: they look into folders and follow events, in each worker of a project. */
export class TriggerLoops {
  readonly #engine: Engine
  readonly #looks: Looks[]
  readonly #events: EventFollower | undefined

  constructor(
    engine: Engine,
    named: readonly NamedTrigger[],
    options: { project: string; letters: LetterReader },
  ) {
    this.#engine = engine
    const arrivals = new Arrivals(engine)
    const { database, services } = engine
    const { clock, log } = services
    this.#looks = named.flatMap((each) => {
      const folder = folderOf(each.trigger)
      if (!folder) return []
      const read = (file: SeenFile, content: Buffer) => inputOf(each, file, content, options.letters)
      const { project } = options
      const watcher = new FolderWatcher({
        named: each,
        folder,
        project,
        database,
        clock,
        log,
        arrivals,
        read,
      })
      return [new Looks(services, `the folder ${folder.folder}`, folderMs, () => watcher.look())]
    })
    const listening = triggersOn(named, 'event')
    if (listening.length === 0) return
    const events = new EventFollower(engine, arrivals, listening)
    this.#events = events
    this.#looks.push(new Looks(services, 'what event triggers listen to', eventsMs, () => events.look()))
  }

  /** Resolves when each has looked once. */
  async begin(): Promise<void> {
    const { database } = this.#engine
    if (!this.#events) await database.transaction((session) => dropCursor(session, 'event-triggers'))
    await Promise.all(this.#looks.map((looks) => looks.begin()))
  }

  /** Resolves when nothing of it is under way. */
  async end(): Promise<void> {
    await Promise.all(this.#looks.map((looks) => looks.end()))
    // Where that fails, the cursor is free once this worker is none any more.
    await this.#events?.end().catch(() => {})
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
