import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Clock } from '../base/time/time.ts'
import { folderMark } from '../memory/ingest/folder-mark.ts'
import { requireKnowledge } from '../memory/ingest/ingest.ts'
import type { IngestReport } from '../memory/ingest/one-ingest.ts'
import type { Knowledge } from '../memory/knowledge.ts'
import type { Memory } from '../memory/memory.ts'
import type { Project } from './load.ts'

/** Files that changed are looked for this often, or more rarely where looking takes long. */
const lookMs = 15_000
const lookShare = 20
/** And vectors that are to be made anew, where the embedder may have been out of reach. */
const embedMs = 60_000

/**
 * Reads a project's knowledge into memory, in the background: neither the start nor the runs wait for it, except that
 * recalls do. What changes in its folders later is read then.
 */
export class ProjectKnowledge {
  readonly ingested: IngestReport[] = []
  readonly #folder: string
  readonly #places: readonly string[]
  readonly #knowledge: Knowledge
  readonly #memory: Memory
  readonly #clock: Clock
  readonly #log: Log
  /** By place: how its files stood when they were last read. */
  readonly #marks = new Map<string, string>()
  readonly #timers = new Map<string, () => void>()
  #looking: Promise<void> | undefined
  readonly #stopped = new AbortController()
  #reading: Promise<void> | undefined
  #embedding: Promise<void> | undefined

  constructor(
    { folder, config }: Project,
    { knowledge, memory, clock, log }: { knowledge: Knowledge; memory: Memory; clock: Clock; log: Log },
  ) {
    const defaults = existsSync(join(folder, 'knowledge')) ? ['knowledge'] : []
    this.#folder = folder
    this.#places = config.knowledge ?? defaults
    this.#knowledge = knowledge
    this.#memory = memory
    this.#clock = clock
    this.#log = log
  }

  /** Begins to read, once all of it was found. @throws `no-knowledge` */
  async begin(): Promise<void> {
    for (const place of this.#places) await requireKnowledge(resolve(this.#folder, place))
    const signal = this.#stopped.signal
    this.read().then(
      () => this.#again('look', lookMs, () => this.#look()),
      (error) => {
        if (!signal.aborted)
          this.#log.error('the knowledge was not read in full: recalls miss what is not in', {
            error: messageOf(error),
          })
      },
    )
    this.#embed()
  }

  #embed(): void {
    const signal = this.#stopped.signal
    this.#embedding = this.#memory.reembed(signal).then(
      (count) => {
        if (count > 0) this.#log.info(`${count} items of memory were embedded again`)
      },
      (error) => {
        if (!signal.aborted)
          this.#log.error('not all vectors of memory were made again: the old ones stay in use', {
            error: messageOf(error),
          })
      },
    )
    // One that is asked over a network may have been down.
    if (this.#memory.embedder.embedAll) {
      const again = () => this.#again('embed', embedMs, () => this.#embed())
      this.#embedding.then(again)
    }
  }

  #again(what: string, ms: number, work: () => void): void {
    if (!this.#stopped.signal.aborted) this.#timers.set(what, this.#clock.after(ms, work, 'upkeep'))
  }

  /** Reads those places again in which a file is another than before. */
  #look(): void {
    const begun = performance.now()
    this.#looking = this.#readChanged()
      .catch((error) => {
        if (!this.#stopped.signal.aborted)
          this.#log.warn('the knowledge could not be looked at again', { error: messageOf(error) })
      })
      .then(() => {
        const tookMs = performance.now() - begun
        this.#again('look', Math.max(lookMs, tookMs * lookShare), () => this.#look())
      })
  }

  async #readChanged(): Promise<void> {
    for (const place of this.#places) {
      const path = resolve(this.#folder, place)
      const mark = await folderMark(path)
      if (mark === this.#marks.get(place) || mark === '') continue
      const { signal } = this.#stopped
      const { added, changed, removed, problems } = await this.#knowledge.ingest(path, { place, signal })
      this.#marks.set(place, (await folderMark(path)) === mark ? mark : '')
      if (added + changed + removed > 0)
        this.#log.info(`knowledge changed in ${place}`, { added, changed, removed })
      for (const { where, problem } of problems)
        this.#log.warn(`knowledge in ${place} was passed over: ${where}`, { problem })
    }
  }

  /** Resolves when all is read; what was found stands in `ingested`. @throws `no-knowledge` */
  read(): Promise<void> {
    this.#reading ??= this.#read()
    return this.#reading
  }

  async end(): Promise<void> {
    this.#stopped.abort()
    for (const cancel of this.#timers.values()) cancel()
    await this.#reading?.catch(() => undefined)
    await this.#looking
    await this.#embedding
  }

  async #read(): Promise<void> {
    // Asked for all at once: no recall comes between two places.
    const reports = this.#places.map((place) =>
      this.#knowledge.ingest(resolve(this.#folder, place), { place, signal: this.#stopped.signal }),
    )
    this.ingested.push(...(await Promise.all(reports)))
  }
}
