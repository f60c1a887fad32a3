import { closeSync, openSync, readSync } from 'node:fs'
import type { Block } from './contract.ts'

const everyMs = 10

/**
 * Watches how long the event loop does nothing else, by a timer: from one call of it to the next. A thread that waits for a
 * processor because other programs have them all is not blocked, so the time for which the kernel kept it waiting
 * (`/proc/thread-self/schedstat`) does not count; waiting for a disk or a lock does. Where there is no /proc, all counts.
 */
export class LoopBlocks {
  readonly #kept = new KeptWaiting()
  #longest: Block = { ms: 0, wallMs: 0, cpuMs: 0 }
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
    const wallMs = Math.max(0, this.#wall - wall - everyMs)
    const ms = Math.max(0, wallMs - (this.#waited - waited))
    if (ms > this.#longest.ms) this.#longest = { ms, wallMs, cpuMs: this.#cpu - cpu }
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
