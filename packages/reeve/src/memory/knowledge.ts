import { Ingest, type IngestReport } from './ingest/one-ingest.ts'
import type { KnowledgeDocument, SplitOptions } from './ingest/passages.ts'
import type { Memory } from './memory.ts'

/** What an operator lets the system know: files, whose passages are items of memory. */
export class Knowledge {
  readonly #memory: Memory
  readonly #split: SplitOptions | undefined
  #lastIngest: Promise<unknown> = Promise.resolve()

  constructor(memory: Memory, split?: SplitOptions) {
    this.#memory = memory
    this.#split = split
  }

  /**
   * Reads a folder or file and updates what changed since it was last ingested: files whose time and size are as they were
   * are not read. Documents that are gone are removed, except those of a file that could not be read in full this time:
   * they stay as they were. Ingests of one process run one after the other, with room for other work.
   * @param options.place what this place is called, on every machine that has it. Default: the path
   * @throws `no-knowledge`, and the reason of `signal` when that is aborted: what was read until then stays
   */
  ingest(path: string, options: { place?: string; signal?: AbortSignal } = {}): Promise<IngestReport> {
    const next = this.#lastIngest.then(() =>
      new Ingest(this.#memory, options.place ?? path, this.#split, options.signal).run(path),
    )
    this.#lastIngest = next.catch(() => undefined)
    return next
  }

  /**
   * Takes documents in that lie in no file: those of the same id and place are replaced, all others stay.
   * @param options.place what they come from, such as `helpdesk`
   */
  add(
    documents: Iterable<KnowledgeDocument> | AsyncIterable<KnowledgeDocument>,
    options: { place: string; signal?: AbortSignal },
  ): Promise<IngestReport> {
    const next = this.#lastIngest.then(() =>
      new Ingest(this.#memory, options.place, this.#split, options.signal).add(documents),
    )
    this.#lastIngest = next.catch(() => undefined)
    return next
  }

  /** Resolves when nothing is being ingested: a search then misses nothing that was about to be there. */
  async settled(): Promise<void> {
    await this.#lastIngest
  }
}
