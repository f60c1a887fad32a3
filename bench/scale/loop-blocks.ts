import { closeSync, openSync, readSync } from 'node:fs'
import type { Block } from './contract.ts'

const everyMs = 10

/**
 * Watches how long the event loop does nothing else, by a timer: from one call of it to the next. What counts is the CPU
 * time that the thread used meanwhile: neither other programs nor a disk that they keep busy make it longer. Beside it,
 * how long the loop stood still, without the time for which the kernel kept the thread waiting for a processor
 * (`/proc/thread-self/schedstat`; where there is none, all counts).
 */
export class LoopBlocks {
  readonly #kept = new KeptWaiting()
  #longest: Block = { ms: 0, stillMs: 0 }
  #wall = 0
  #cpu = 0
  #waited = 0
  readonly #timer: NodeJS.Timeout

  constructor() {
    this.#mark()
    this.#timer = setInterval(() => this.#look(), everyMs)
  }

  /** Stops, and answers the longest block. */
  end(): Block {
    clearInterval(this.#timer)
    this.#look()
    this.#kept.close()
    return this.#longest
  }

  #look(): void {
    const wall = this.#wall
    const cpu = this.#cpu
    const waited = this.#waited
    this.#mark()
    const stillMs = this.#wall - wall - everyMs - (this.#waited - waited)
    this.#longest.ms = Math.max(this.#longest.ms, this.#cpu - cpu)
    this.#longest.stillMs = Math.max(this.#longest.stillMs, stillMs)
  }

  #mark(): void {
    const { user, system } = process.threadCpuUsage()
    this.#wall = performance.now()
    this.#cpu = (user + system) / 1000
    this.#waited = this.#kept.ms()
  }
}

/** How long this thread was ready to run and did not, since it began. */
class KeptWaiting {
  readonly #file: number | undefined
  readonly #buffer = Buffer.alloc(128)

  constructor() {
    try {
      this.#file = openSync('/proc/thread-self/schedstat', 'r')
    } catch {
      // Not Linux.
    }
  }

  ms(): number {
    if (this.#file === undefined) return 0
    const length = readSync(this.#file, this.#buffer, 0, 128, 0)
    return Number(this.#buffer.toString('latin1', 0, length).split(' ')[1]) / 1e6
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
  }
}
