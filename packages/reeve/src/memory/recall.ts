import { setImmediate } from 'node:timers/promises'
import type { Passage } from '../models/solver.ts'
import { readKnowledge } from './ingest/ingest.ts'
import { documentHash, type SplitOptions, splittingDocument } from './ingest/passages.ts'
import { Fingerprint } from './search/fingerprint.ts'
import type { SearchAudit } from './search/search-audit.ts'
import { createSearchIndex, type Embed, type SearchOptions } from './search/search-index.ts'

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
  /** Counted over everything ingested so far. */
  documents: number
  passages: number
}

export interface RecallAudit extends SearchAudit {
  /** Which state of the knowledge was searched. */
  knowledge: string
}

export interface Recall {
  passages: Passage[]
  audit: RecallAudit
}

export interface Knowledge {
  /**
   * Reads a folder or file and updates what changed since it was last ingested. Documents that are gone are removed,
   * except those of a file that could not be read in full this time: they stay as they were.
   * Ingests run one after the other, with room for other work between documents. @throws `no-knowledge`, and the reason
   * of `signal` when that is aborted: what was read until then stays
   */
  ingest(path: string, signal?: AbortSignal): Promise<IngestReport>
  /** Waits for what is being ingested, so that a search never misses what is about to be there. */
  recall(query: string, options?: SearchOptions): Promise<Recall>
  /** Equal for equal documents, whatever the order and the number of ingests that led to them. */
  fingerprint(): string
}

interface KnownDocument {
  root: string
  file: string
  hash: string
}

const maxReportedProblems = 1_000
/** Then others have their turn. */
const sliceMs = 20

/** What an operator lets the system know: documents in memory, searched by words and vectors. */
export function createKnowledge(options: { embed?: Embed; split?: SplitOptions } = {}): Knowledge {
  const index = createSearchIndex([], { embed: options.embed })
  const known = new Map<string, KnownDocument>()
  const fingerprint = new Fingerprint()
  let lastIngest: Promise<unknown> = Promise.resolve()

  async function ingest(path: string, signal: AbortSignal | undefined): Promise<IngestReport> {
    const report: IngestReport = {
      added: 0,
      changed: 0,
      removed: 0,
      unchanged: 0,
      problems: [],
      documents: 0,
      passages: 0,
    }
    const seen = new Set<string>()
    const incomplete = new Set<string>()
    const note = (where: string, problem: string) => {
      if (report.problems.length < maxReportedProblems) report.problems.push({ where, problem })
    }
    let sliceEnd = performance.now() + sliceMs
    const inSlices = async <T>(work: Generator<void, T>): Promise<T> => {
      for (;;) {
        const { done, value } = work.next()
        if (done) return value
        await letOthersGo()
      }
    }
    const letOthersGo = async () => {
      if (performance.now() <= sliceEnd) return
      await setImmediate()
      sliceEnd = performance.now() + sliceMs
    }
    for await (const reading of readKnowledge(path)) {
      await letOthersGo()
      signal?.throwIfAborted()
      if (!reading.ok) {
        note(reading.where, reading.problem)
        incomplete.add(reading.file)
        continue
      }
      const { document, file } = reading
      const before = known.get(document.id)
      if (seen.has(document.id) || (before && before.root !== path)) {
        note(file, `the id "${document.id}" is taken by another document; the first one is kept`)
        continue
      }
      seen.add(document.id)
      const hash = documentHash(document)
      if (before?.hash === hash) {
        report.unchanged++
        continue
      }
      const passages = await inSlices(splittingDocument(document, options.split))
      await inSlices(index.updating(document.id, passages))
      known.set(document.id, { root: path, file, hash })
      fingerprint.set(document.id, hash)
      report[before ? 'changed' : 'added']++
    }
    for (const [id, { root, file }] of known) {
      if (root !== path || seen.has(id) || lies(file, incomplete)) continue
      index.update(id, [])
      known.delete(id)
      fingerprint.delete(id)
      report.removed++
    }
    report.documents = known.size
    report.passages = index.size
    return report
  }

  return {
    ingest(path, signal) {
      const next = lastIngest.then(() => ingest(path, signal))
      lastIngest = next.catch(() => undefined)
      return next
    },
    async recall(query, searchOptions) {
      await lastIngest
      const { passages, how } = index.search(query, searchOptions)
      return { passages, audit: { ...how, knowledge: fingerprint.value() } }
    },
    fingerprint: () => fingerprint.value(),
  }
}

/** Whether the file, or a folder that holds it, is among these. */
function lies(file: string, among: ReadonlySet<string>): boolean {
  if (among.size === 0) return false
  if (among.has('.') || among.has(file)) return true
  for (let at = file.indexOf('/'); at !== -1; at = file.indexOf('/', at + 1)) {
    if (among.has(file.slice(0, at))) return true
  }
  return false
}
