import { Worker } from 'node:worker_threads'
import { ReeveError } from '../../base/errors.ts'
import { moduleUrl } from '../../base/package-files.ts'
import type { Batch, Bulk } from '../database.ts'
import { type PackedRows, type PackedValues, Packing } from './packed-rows.ts'

/** A batch as it goes to the thread: statements by number, each told once. */
export interface Order {
  now: number
  statements: [number, Bulk][]
  /** Packed in the order of the guards and writes, the owners of a write behind its rows. */
  values: PackedValues
  guards: { statement: number; rows: PackedRows }[]
  writes: { statement: number; rows: PackedRows; next: number | undefined }[]
}

/** What the thread answers to each order, in their order; first it says that it is ready. */
export type Reply = { ready: true } | { refused: number[] } | { failed: Failure }

/** An error, which a message carries without what it is. */
export interface Failure {
  message: string
  code: unknown
  errcode: unknown
  isOurs: boolean
  retryable: boolean
}

interface Awaited {
  resolve: (refused: number[]) => void
  reject: (error: unknown) => void
}

/**
 * A thread with a connection of its own that writes large batches, so that neither the disk nor SQLite holds up the
 * event loop, and runs go on while others are written.
 *
 *   none → starting → ready → none (it ended by itself; at the next batch there is a new one) | closed
 */
export class SqliteWriterThread {
  readonly #file: string
  readonly #busyMs: number
  readonly #numbers = new Map<Bulk, number>()
  #told = 0
  #worker: Worker | undefined
  #ready = false
  #closed = false
  #awaited: Awaited[] = []

  constructor(file: string, busyMs: number) {
    this.#file = file
    this.#busyMs = busyMs
  }

  /** Whether it takes batches now. Asking starts it. */
  get isReady(): boolean {
    if (!this.#worker && !this.#closed) this.#start()
    return this.#ready
  }

  /** Answers the owners that were refused. `now`: the store's clock. */
  write({ guards, writes }: Batch, now: number): Promise<number[]> {
    const packing = new Packing()
    const packedGuards = guards.map(({ statement, rows }) => ({
      statement: this.#numberOf(statement),
      rows: packing.rows(rows),
    }))
    const packedWrites = writes.map(({ statement, rows, owners, next }) => {
      const packed = packing.rows(rows)
      packing.numbers(owners)
      return { statement: this.#numberOf(statement), rows: packed, next: next && this.#numberOf(next) }
    })
    const { values } = packing
    const order: Order = { now, statements: [], values, guards: packedGuards, writes: packedWrites }
    for (const [statement, number] of this.#numbers) {
      if (number >= this.#told) order.statements.push([number, { ...statement }])
    }
    this.#told = this.#numbers.size
    const { promise, resolve, reject } = Promise.withResolvers<number[]>()
    this.#awaited.push({ resolve, reject })
    this.#worker!.ref()
    this.#worker!.postMessage(order)
    return promise
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#worker?.terminate()
  }

  #numberOf(statement: Bulk): number {
    let number = this.#numbers.get(statement)
    if (number === undefined) {
      number = this.#numbers.size
      this.#numbers.set(statement, number)
    }
    return number
  }

  #start(): void {
    const worker = new Worker(moduleUrl('store/sqlite/writer-thread'), {
      workerData: { file: this.#file, busyMs: this.#busyMs },
      name: 'reeve-writer',
    })
    this.#worker = worker
    worker.unref()
    worker.on('message', (reply: Reply) => this.#replied(reply))
    worker.on('error', (error) => this.#ended(error))
    worker.on('exit', () => this.#ended(new Error('The thread that writes to the database ended by itself.')))
  }

  #replied(reply: Reply): void {
    if ('ready' in reply) {
      this.#ready = true
      return
    }
    const { resolve, reject } = this.#awaited.shift()!
    if (this.#awaited.length === 0) this.#worker?.unref()
    if ('refused' in reply) resolve(reply.refused)
    else reject(errorOf(reply.failed))
  }

  /** What it was at may be on disk or not, and nobody can tell: whoever waits for it hears so. */
  #ended(error: unknown): void {
    this.#worker = undefined
    this.#ready = false
    this.#told = 0
    for (const { reject } of this.#awaited.splice(0)) reject(error)
  }
}

function errorOf({ message, code, errcode, isOurs, retryable }: Failure): Error {
  if (isOurs) return new ReeveError(String(code), message, { retryable })
  return Object.assign(new Error(message), { code, errcode })
}
