import { setImmediate } from 'node:timers/promises'
import {
  countKnowledge,
  type DocumentChange,
  documentIdsOf,
  documentsOf,
  type KnownDocument,
  markFile,
  readDocuments,
  readMarks,
  removeDocuments,
  withPassages,
} from '../../store/memory/documents.ts'
import type { Memory } from '../memory.ts'
import { changeOf } from './document-change.ts'
import type { DocumentReader } from './document-reader.ts'
import { lies, readKnowledge } from './ingest.ts'
import {
  documentHash,
  isKeepable,
  type KnowledgeDocument,
  type SplitOptions,
  splittingDocument,
} from './passages.ts'
import { Writing, type Written } from './writing.ts'

/** A part of the knowledge that could not be read. */
export interface KnowledgeProblem {
  /** A file, or `file:line`, relative to the ingested path. */
  where: string
  problem: string
}

/** What was read of one place of knowledge. */
export interface IngestReport {
  added: number
  changed: number
  removed: number
  unchanged: number
  /** What was passed over. The rest was ingested nevertheless. */
  problems: KnowledgeProblem[]
  /** Counted over everything that is known. */
  documents: number
  passages: number
}

/** How far an ingest is. */
export interface IngestProgress {
  /** What was read last: a file, or the source of a document. */
  at: string
  /** Documents that were read. */
  read: number
  /** Those of them that were written because they are new or changed. */
  written: number
  problems: number
}

/** What one reading of one place needs. */
export interface IngestOptions {
  memory: Memory
  /** What the place is called. */
  place: string
  split?: SplitOptions | undefined
  /** For formats that strangers may have written. */
  reader?: DocumentReader | undefined
  /** All documents of the place come from outside. */
  untrusted?: boolean | undefined
  /** By file: those that could not be read in the state that they are in. Kept from one reading to the next. */
  broken?: Map<string, { mark: string; problem: string }>
  onProgress?: ((progress: IngestProgress) => void) | undefined
  signal?: AbortSignal | undefined
}

const maxReportedProblems = 1_000
/** Then others have their turn. */
const sliceMs = 20
/** Documents that are written in one transaction. */
const documentsAtOnce = 128
const passagesAtOnce = 192
/** Changes whenever the same file would give other passages. */
const splitting = 'v2'

interface Pending {
  document: KnowledgeDocument
  file: string
  hash: string
}

/** One reading of one place. */
export class Ingest {
  readonly #options: IngestOptions
  readonly #memory: Memory
  readonly #place: string
  readonly #signal: AbortSignal | undefined
  readonly #report: IngestReport = {
    added: 0,
    changed: 0,
    removed: 0,
    unchanged: 0,
    problems: [],
    documents: 0,
    passages: 0,
  }
  readonly #seen = new Set<string>()
  readonly #incomplete = new Set<string>()
  #pending: Pending[] = []
  #read = 0
  #changes: DocumentChange[] = []
  readonly #writing: Writing
  #sliceEnd = performance.now() + sliceMs

  constructor(options: IngestOptions) {
    this.#options = options
    this.#memory = options.memory
    this.#place = options.place
    this.#signal = options.signal
    this.#writing = new Writing(options.memory, (written) => this.#count(written))
  }

  async run(path: string): Promise<IngestReport> {
    return this.#run(path).finally(() => this.#writing.abandon())
  }

  async #run(path: string): Promise<IngestReport> {
    const { database } = this.#memory
    const known = await readMarks(database, this.#place)
    const marks = new Map<string, string>()
    for (const [file, mark] of known)
      if (mark.startsWith(`${splitting}:`)) marks.set(file, mark.slice(splitting.length + 1))
    const read = new Map<string, string | undefined>()
    const unchanged: string[] = []
    const { broken = new Map(), reader } = this.#options
    const before = { marks, broken, onUnchanged: (file: string) => unchanged.push(file) }
    for await (const reading of readKnowledge(path, before, reader)) {
      await this.#letOthersGo()
      this.#signal?.throwIfAborted()
      const { file, mark } = reading
      if (!reading.ok) {
        this.#note(reading.where, reading.problem)
        this.#incomplete.add(file)
        if (mark !== undefined && reading.where === file) broken.set(file, { mark, problem: reading.problem })
        continue
      }
      broken.delete(file)
      if (!read.has(file)) read.set(file, mark)
      await this.#take(reading.document, file)
    }
    await this.#finish()
    for (const file of unchanged) {
      const ids = await documentIdsOf(database, this.#place, file)
      for (const id of ids) this.#seen.add(id)
      this.#report.unchanged += ids.length
    }
    await this.#removeGone()
    for (const [file, mark] of read) {
      const isWhole = !lies(file, this.#incomplete)
      const kept = mark !== undefined && isWhole ? `${splitting}:${mark}` : undefined
      if (known.get(file) !== kept) await markFile(database, this.#place, file, kept)
    }
    return Object.assign(this.#report, await countKnowledge(database))
  }

  async add(
    documents: Iterable<KnowledgeDocument> | AsyncIterable<KnowledgeDocument>,
  ): Promise<IngestReport> {
    return this.#add(documents).finally(() => this.#writing.abandon())
  }

  async #add(
    documents: Iterable<KnowledgeDocument> | AsyncIterable<KnowledgeDocument>,
  ): Promise<IngestReport> {
    for await (const document of documents) {
      await this.#letOthersGo()
      this.#signal?.throwIfAborted()
      await this.#take(document, document.source)
    }
    await this.#finish()
    return Object.assign(this.#report, await countKnowledge(this.#memory.database))
  }

  #note(where: string, problem: string): void {
    if (this.#report.problems.length < maxReportedProblems) this.#report.problems.push({ where, problem })
  }

  #tell(at: string): void {
    const { added, changed, problems } = this.#report
    this.#options.onProgress?.({ at, read: this.#read, written: added + changed, problems: problems.length })
  }

  async #take(document: KnowledgeDocument, file: string): Promise<void> {
    if (this.#seen.has(document.id)) {
      this.#note(file, taken(document.id))
      return
    }
    this.#seen.add(document.id)
    if (!isKeepable(document)) {
      this.#note(file, `"${document.id.toWellFormed()}" holds NUL or half of a pair: no database keeps that`)
      return
    }
    const { untrusted } = this.#options
    const marked = untrusted ? { ...document, untrusted } : document
    this.#pending.push({ document: marked, file, hash: documentHash(marked) })
    this.#read++
    this.#tell(file)
    if (this.#pending.length >= documentsAtOnce) await this.#flush()
  }

  async #finish(): Promise<void> {
    await this.#flush()
    await this.#writing.finish()
  }

  async #flush(): Promise<void> {
    const { database } = this.#memory
    const pending = this.#pending
    this.#pending = []
    const ids = pending.map(({ document }) => document.id)
    const known = await readDocuments(database, ids)
    const stood = await withPassages(database, ids)
    for (const { document, file, hash } of pending) {
      const before = known.get(document.id)
      if (before && before.place !== this.#place) this.#note(file, taken(document.id))
      else if (before?.hash === hash) this.#report.unchanged++
      else await this.#change({ document, file, hash }, before, stood.has(document.id))
      if (this.#changes.reduce((sum, { added }) => sum + added.length, 0) >= passagesAtOnce)
        await this.#write()
    }
    await this.#write()
  }

  async #change(
    { document, file, hash }: Pending,
    before: KnownDocument | undefined,
    stood: boolean,
  ): Promise<void> {
    const known = { id: document.id, place: this.#place, file, hash }
    const passages = await this.#inSlices(splittingDocument(document, this.#options.split))
    const pause = async () => {
      this.#signal?.throwIfAborted()
      await this.#letOthersGo()
    }
    this.#changes.push(await changeOf(this.#memory, { document: known, before, stood }, passages, pause))
  }

  async #write(): Promise<void> {
    const changes = this.#changes
    this.#changes = []
    await this.#writing.begin(changes)
  }

  #count(written: readonly Written[]): void {
    for (const { change, isNew } of written) {
      if (!isNew) this.#report.unchanged++
      else this.#report[change.before === undefined ? 'added' : 'changed']++
    }
    this.#tell(written.at(-1)!.change.document.file)
  }

  async #removeGone(): Promise<void> {
    const { database, clock } = this.#memory
    for (let after = ''; ; ) {
      const page = await documentsOf(database, this.#place, after, 500)
      const gone = page.filter(({ id, file }) => !this.#seen.has(id) && !lies(file, this.#incomplete))
      if (gone.length > 0) {
        await removeDocuments(
          database,
          gone.map(({ id }) => id),
          clock.now(),
        )
        this.#report.removed += gone.length
      }
      if (page.length < 500) return
      after = page.at(-1)!.id
      await this.#letOthersGo()
    }
  }

  async #inSlices<T>(work: Generator<void, T>): Promise<T> {
    for (;;) {
      const { done, value } = work.next()
      if (done) return value
      await this.#letOthersGo()
    }
  }

  async #letOthersGo(): Promise<void> {
    if (performance.now() <= this.#sliceEnd) return
    await setImmediate()
    this.#sliceEnd = performance.now() + sliceMs
  }
}

const taken = (id: string) => `the id "${id}" is taken by another document; the first one is kept`
