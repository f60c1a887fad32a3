import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Environment } from '../../base/config.ts'
import { moduleUrl } from '../../base/package-files.ts'
import type { Database } from '../database.ts'
import type { RunRow } from '../runs/runs.ts'
import { type AuditedRuns, verifyRuns } from './audit.ts'
import type { VerifyPart } from './audit-rounds.ts'
import type { AuditKeys, SealedSince } from './key/audit-keys.ts'

const mostThreads = 8
const page = 1000

/** Verifies parts in this thread. */
export function verifyPartOf(database: Database): VerifyPart {
  return async (part) => {
    const [where, values] =
      'runs' in part
        ? [`no in (${part.runs.map(() => '?').join(', ') || 'null'})`, part.runs]
        : ['no > ? and no <= ?', [part.after, part.upTo]]
    const rows = await database.all<RunRow>(
      `select * from runs where ${where} order by no limit ${page}`,
      values,
    )
    return verifyRuns(database, rows)
  }
}

/** What such a thread is given: the key objects themselves cannot be. */
export interface AuditThreadData {
  place: Environment['database']
  keys?: { secrets: string[]; since: SealedSince }
}

/** Threads that verify parts, each with connections of its own: as many as there are cores, 8 at most. */
export class AuditThreads {
  readonly width: number
  readonly #workers: Worker[]
  readonly #waiting = new Map<number, PromiseWithResolvers<AuditedRuns>>()
  #next = 0
  #failure: unknown

  constructor(
    place: Environment['database'],
    keys?: AuditKeys,
    threads = Math.min(mostThreads, availableParallelism()),
  ) {
    // While one part is handed over, the next is at work.
    this.width = threads * 2
    const script = moduleUrl('store/audit/audit-thread')
    const workerData: AuditThreadData = { place }
    if (keys) workerData.keys = { secrets: keys.all.map(({ secret }) => secret), since: keys.since }
    this.#workers = Array.from({ length: threads }, () => {
      const worker = new Worker(script, { workerData })
      worker.on('message', ({ id, found, error }) => {
        const waiting = this.#waiting.get(id)
        this.#waiting.delete(id)
        if (found) waiting?.resolve(found)
        else waiting?.reject(error)
      })
      worker.on('error', (error) => this.#fail(error))
      return worker
    })
  }

  readonly verify: VerifyPart = (part) => {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    const id = this.#next++
    const waiting = Promise.withResolvers<AuditedRuns>()
    this.#waiting.set(id, waiting)
    this.#workers[id % this.#workers.length]!.postMessage({ id, part })
    return waiting.promise
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }

  #fail(error: unknown): void {
    this.#failure = error
    for (const waiting of this.#waiting.values()) waiting.reject(error)
    this.#waiting.clear()
  }
}
