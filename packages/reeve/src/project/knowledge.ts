import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { requireKnowledge } from '../memory/ingest/ingest.ts'
import type { IngestReport } from '../memory/ingest/one-ingest.ts'
import type { Knowledge } from '../memory/knowledge.ts'
import type { Memory } from '../memory/memory.ts'
import type { Project } from './load.ts'

/**
 * Reads a project's knowledge into memory, in the background: neither the start nor the runs wait for it, except that
 * recalls do.
 */
export class ProjectKnowledge {
  readonly ingested: IngestReport[] = []
  readonly #folder: string
  readonly #places: readonly string[]
  readonly #knowledge: Knowledge
  readonly #memory: Memory
  readonly #log: Log
  readonly #stopped = new AbortController()
  #reading: Promise<void> | undefined
  #embedding: Promise<void> | undefined

  constructor({ folder, config }: Project, knowledge: Knowledge, memory: Memory, log: Log) {
    const defaults = existsSync(join(folder, 'knowledge')) ? ['knowledge'] : []
    this.#folder = folder
    this.#places = config.knowledge ?? defaults
    this.#knowledge = knowledge
    this.#memory = memory
    this.#log = log
  }

  /** Begins to read, once all of it was found. @throws `no-knowledge` */
  async begin(): Promise<void> {
    for (const place of this.#places) await requireKnowledge(resolve(this.#folder, place))
    const signal = this.#stopped.signal
    this.read().catch((error) => {
      if (!signal.aborted)
        this.#log.error('the knowledge was not read in full: recalls miss what is not in', {
          error: messageOf(error),
        })
    })
    this.#embedding = this.#memory.reembed(signal).then(
      (count) => {
        if (count > 0) this.#log.info(`${count} items of memory were embedded anew`)
      },
      (error) => {
        if (!signal.aborted)
          this.#log.error('the vectors of memory were not all made anew: the old ones answer', {
            error: messageOf(error),
          })
      },
    )
  }

  /** Resolves when all is read; what was found stands in `ingested`. @throws `no-knowledge` */
  read(): Promise<void> {
    this.#reading ??= this.#read()
    return this.#reading
  }

  async end(): Promise<void> {
    this.#stopped.abort()
    await this.#reading?.catch(() => undefined)
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
