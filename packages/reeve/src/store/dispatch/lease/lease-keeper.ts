import { Worker } from 'node:worker_threads'
import type { Environment } from '../../../base/config.ts'
import { messageOf } from '../../../base/errors.ts'
import type { Log } from '../../../base/log.ts'
import { moduleUrl } from '../../../base/package-files.ts'
import { formatMs } from '../../../base/time/time.ts'

/** So long a worker's lease is kept while it does not beat itself (ms). */
const defaultMaxBlockedMs = 120_000
const restartAfterMs = 1_000
const longestRestartMs = 60_000

/** What the thread is handed. */
export interface LeaseThreadData {
  database: Environment['database']
  worker: string
  maxBlockedMs: number
  /** One number: how often the worker has beaten itself. */
  beats: Int32Array
}

/** What the thread says: it has beaten in the worker's stead, and the worker beats again. */
export interface StoodIn {
  stoodInMs: number
}

export interface LeaseKeeperOptions {
  database: Environment['database']
  log: Log
  /** Default 120,000. */
  maxBlockedMs?: number | undefined
  /** For tests of what happens when the thread ends. */
  script?: URL
}

/**
 * Keeps a worker's lease while the worker itself cannot: a blocked worker is not a dead one.
 *
 *   off → watching ⇄ standing in (the worker has not beaten for a while) → given up (not for `maxBlockedMs`) → watching
 *
 * It is a thread with a connection of its own: it lives as long as its process, and stops with it, when that is stopped.
 * It only moves the time of a heartbeat that is there: whoever was declared dead meanwhile stays so, and each commit
 * still checks its claim.
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions
  readonly #maxBlockedMs: number
  readonly #script: URL
  readonly #beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  #thread: Worker | undefined
  #worker = ''
  #ended = false
  #restartMs = restartAfterMs
  #cancelRestart = () => {}

  constructor(options: LeaseKeeperOptions) {
    this.#options = options
    this.#maxBlockedMs = options.maxBlockedMs ?? defaultMaxBlockedMs
    this.#script = options.script ?? moduleUrl('store/dispatch/lease/lease-thread')
  }

  /** From now on, if it does not watch already. */
  begin(worker: string): void {
    if (this.#worker !== '' || this.#ended) return
    this.#worker = worker
    this.#start()
  }

  /** The worker's own heartbeat arrived. */
  beaten(): void {
    Atomics.add(this.#beats, 0, 1)
  }

  async end(): Promise<void> {
    this.#ended = true
    this.#cancelRestart()
    await this.#thread?.terminate()
  }

  #start(): void {
    const { database } = this.#options
    const workerData: LeaseThreadData = {
      database,
      worker: this.#worker,
      maxBlockedMs: this.#maxBlockedMs,
      beats: this.#beats,
    }
    try {
      const thread = new Worker(this.#script, {
        workerData,
        name: 'reeve lease',
        execArgv: [],
        resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 },
      })
      this.#thread = thread
      thread.unref()
      let why = 'it ended'
      thread.on('error', (error) => {
        why = messageOf(error)
      })
      thread.on('message', ({ stoodInMs }: StoodIn) => this.#tell(stoodInMs))
      thread.on('exit', () => this.#lost(why))
    } catch (error) {
      this.#lost(messageOf(error))
    }
  }

  #tell(stoodInMs: number): void {
    this.#restartMs = restartAfterMs
    this.#options.log.warn(
      `this worker did not show for ${formatMs(stoodInMs)} that it lives: its event loop was blocked, or the database did not answer it. A thread kept its lease. Runs of this process wait meanwhile: put long computations into a child process or a thread`,
    )
  }

  #lost(why: string): void {
    this.#thread = undefined
    if (this.#ended) return
    this.#options.log.warn(
      `the thread that keeps this worker's lease while the event loop is blocked is gone, and is started again in ${formatMs(this.#restartMs)}`,
      { error: why },
    )
    const timer = setTimeout(() => this.#start(), this.#restartMs)
    timer.unref()
    this.#cancelRestart = () => clearTimeout(timer)
    this.#restartMs = Math.min(2 * this.#restartMs, longestRestartMs)
  }
}
