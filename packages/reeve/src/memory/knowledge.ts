import type { DocumentReader } from './ingest/document-reader.ts'
import { Ingest, type IngestOptions, type IngestProgress, type IngestReport } from './ingest/one-ingest.ts'
import type { KnowledgeDocument, SplitOptions } from './ingest/passages.ts'
import type { Memory } from './memory.ts'

/** How a place is taken in. */
export interface TakeInOptions {
  /** What comes from there is data and no instruction: what recalls it sees the mark. Default false. */
  untrusted?: boolean | undefined
  onProgress?: ((progress: IngestProgress) => void) | undefined
  signal?: AbortSignal | undefined
}

/** What an operator lets the system know: files, whose passages are items of memory. */
export class Knowledge {
  readonly #memory: Memory
  readonly #split: SplitOptions | undefined
  readonly #reader: DocumentReader | undefined
  /** By place: its files that could not be read in the state that they are in. */
  readonly #broken = new Map<string, NonNullable<IngestOptions['broken']>>()
  #lastIngest: Promise<unknown> = Promise.resolve()

  /** @param reader reads what is neither text nor lines of JSON; without it such files are reported and passed over */
  constructor(memory: Memory, split?: SplitOptions, reader?: DocumentReader) {
    this.#memory = memory
    this.#split = split
    this.#reader = reader
  }

  /**
   * Reads a folder or file and updates what changed since it was last ingested: files whose time and size are as they were
   * are not read. Documents that are gone are removed, except those of a file that could not be read in full this time:
   * they stay as they were. Ingests of one process run one after the other, with room for other work.
   * @param options.place what this place is called, on every machine that has it. Default: the path
   * @throws `no-knowledge`, and the reason of `signal` when that is aborted: what was read until then stays
   */
  ingest(path: string, options: TakeInOptions & { place?: string } = {}): Promise<IngestReport> {
    return this.#next(options.place ?? path, options, (ingest) => ingest.run(path))
  }

  /**
   * Takes documents in that lie in no file: those of the same id and place are replaced, all others stay.
   * @param options.place what they come from, such as `helpdesk`
   */
  add(
    documents: Iterable<KnowledgeDocument> | AsyncIterable<KnowledgeDocument>,
    options: TakeInOptions & { place: string },
  ): Promise<IngestReport> {
    return this.#next(options.place, options, (ingest) => ingest.add(documents))
  }

  /** Resolves when nothing is being ingested: a search then misses nothing that was about to be there. */
  async settled(): Promise<void> {
    await this.#lastIngest
  }

  #next(
    place: string,
    { untrusted, onProgress, signal }: TakeInOptions,
    work: (ingest: Ingest) => Promise<IngestReport>,
  ): Promise<IngestReport> {
    const broken = this.#broken.get(place) ?? new Map()
    this.#broken.set(place, broken)
    const { split, reader, memory } = { split: this.#split, reader: this.#reader, memory: this.#memory }
    const next = this.#lastIngest.then(() =>
      work(new Ingest({ memory, place, split, reader, untrusted, broken, onProgress, signal })),
    )
    this.#lastIngest = next.catch(() => undefined)
    return next
  }
}
