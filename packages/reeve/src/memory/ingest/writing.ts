import { type DocumentChange, writeDocuments } from '../../store/memory/documents.ts'
import { describeItems } from '../../store/memory/words/term-frequencies.ts'
import type { Memory } from '../memory.ts'

const indexEveryMs = 1_000
/** So many change how common words are, and which index is best. */
const manyItems = 1_000

/** What became of documents that were to be written. */
export interface Written {
  change: DocumentChange
  /** False: another process took the same in just now. */
  isNew: boolean
}

/** Writes what an ingest has read, one transaction at a time, while it reads on. */
export class Writing {
  readonly #memory: Memory
  readonly #onWritten: (written: Written[]) => void
  #changes: readonly DocumentChange[] = []
  #ids: Promise<string[]> | undefined
  #added = 0
  #indexAt = performance.now() + indexEveryMs

  constructor(memory: Memory, onWritten: (written: Written[]) => void) {
    this.#memory = memory
    this.#onWritten = onWritten
  }

  /** Resolves once what was begun before is written. @throws why that was not */
  async begin(changes: readonly DocumentChange[]): Promise<void> {
    await this.#settle()
    if (performance.now() >= this.#indexAt) await this.#index()
    if (changes.length === 0) return
    this.#changes = changes
    this.#ids = writeDocuments(this.#memory.database, changes, this.#memory.clock.now())
    // Its failure is told to whoever waits for it.
    this.#ids.catch(() => {})
  }

  /** Resolves once all is written and stands in the indexes. @throws why it does not */
  async finish(): Promise<void> {
    await this.#settle()
    await this.#index()
    if (this.#added >= manyItems) await describeItems(this.#memory.database)
  }

  /** Resolves once nothing is being written any more, however that went. */
  async abandon(): Promise<void> {
    await this.#ids?.catch(() => {})
  }

  async #settle(): Promise<void> {
    if (!this.#ids) return
    const ids = new Set(await this.#ids)
    this.#ids = undefined
    this.#added += this.#changes.reduce((sum, { added }) => sum + added.length, 0)
    this.#onWritten(this.#changes.map((change) => ({ change, isNew: ids.has(change.document.id) })))
  }

  /** So that a search finds little that the indexes of spellings and of vectors lack. */
  async #index(): Promise<void> {
    while (await this.#memory.spellings.learn());
    await this.#memory.nearest.refresh(this.#memory.embedder.name)
    this.#indexAt = performance.now() + indexEveryMs
  }
}
