import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { messageOf, ReeveError } from '../errors.ts'
import { afterFreeTime } from './free-time.ts'
import { ProcessTree } from './process-tree.ts'

export interface ChildOptions {
  /** An absolute path: nothing is looked up in a PATH, and no shell is asked. */
  file: string
  args: readonly string[]
  /** The whole environment of the child. */
  env: Readonly<Record<string, string>>
  cwd: string
  /** Default: it may take as long as it takes. */
  timeoutMs?: number
  /** Whether the time in which programs of this machine waited for a processor counts too. Default true: the timeout is one of the clock. */
  countsWaiting?: boolean
  /** Of stdout and stderr together. */
  maxOutputBytes: number
  signal?: AbortSignal
}

export interface ChildEnd {
  /** Why it ended: by itself, or killed at one of its limits. */
  cause: 'exit' | 'timeout' | 'output' | 'aborted'
  exitCode: number | null
  signal: NodeJS.Signals | null
  stdout: Buffer
  stderr: Buffer
}

/** What was printed is still read for this long after the whole tree has ended. */
const drainMs = 1000

/** A child process whose time and output are capped; it and all that it started are killed at its end. */
export class BoundedChild {
  readonly process: ChildProcessWithoutNullStreams
  /** Never rejects once the child is started. */
  readonly ended: Promise<ChildEnd>
  readonly #tree: ProcessTree
  readonly #stdout: Buffer[] = []
  readonly #stderr: Buffer[] = []
  readonly #killed = Promise.withResolvers<void>()
  #bytes = 0
  #cause: ChildEnd['cause'] = 'exit'

  private constructor(tree: ProcessTree, options: ChildOptions) {
    this.#tree = tree
    this.process = tree.leader
    this.ended = this.#watch(options)
  }

  /** @throws `not-started`: the child never ran; the signal's reason */
  static async start(options: ChildOptions): Promise<BoundedChild> {
    options.signal?.throwIfAborted()
    let bounded: BoundedChild | undefined
    try {
      await ProcessTree.start(options, (tree) => {
        bounded = new BoundedChild(tree, options)
      })
    } catch (cause) {
      throw notStarted(options.file, cause)
    }
    return bounded!
  }

  /** Gives the child its input and closes it. A child that does not read is no error. */
  write(input: string | Uint8Array): void {
    this.process.stdin.end(input)
  }

  kill(cause: ChildEnd['cause']): void {
    if (this.#cause === 'exit') this.#cause = cause
    void this.#tree.end().then(this.#killed.resolve)
  }

  async #watch({ timeoutMs, countsWaiting = true, maxOutputBytes, signal }: ChildOptions): Promise<ChildEnd> {
    const stopClock = timeoutMs === undefined ? undefined : this.#endAfter(timeoutMs, countsWaiting)
    const onAbort = () => this.kill('aborted')
    signal?.addEventListener('abort', onAbort, { once: true })
    // Aborted while it was started.
    if (signal?.aborted) onAbort()
    const take = (chunks: Buffer[]) => (chunk: Buffer) => {
      this.#bytes += chunk.length
      if (this.#bytes > maxOutputBytes) this.kill('output')
      else chunks.push(chunk)
    }
    this.process.stdout.on('data', take(this.#stdout))
    this.process.stderr.on('data', take(this.#stderr))
    const closed = once(this.process, 'close').catch(() => {})
    await Promise.race([once(this.process, 'exit').catch(() => {}), this.#killed.promise])
    stopClock?.()
    signal?.removeEventListener('abort', onAbort)
    await this.#tree.end()
    await this.#drained(closed)
    const { exitCode, signalCode } = this.process
    const stdout = Buffer.concat(this.#stdout)
    const stderr = Buffer.concat(this.#stderr)
    return { cause: this.#cause, exitCode, signal: signalCode, stdout, stderr }
  }

  #endAfter(ms: number, countsWaiting: boolean): () => void {
    const late = () => this.kill('timeout')
    if (!countsWaiting) return afterFreeTime(ms, late)
    const timer = setTimeout(late, ms)
    return () => clearTimeout(timer)
  }

  /** Where the tree cannot be known for certain, somebody may hold the pipes open for ever. */
  async #drained(closed: Promise<unknown>): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, drainMs)
    await Promise.race([closed, late])
    clearTimeout(timer)
    this.process.stdout.destroy()
    this.process.stderr.destroy()
  }
}

function notStarted(file: string, cause: unknown): ReeveError {
  return new ReeveError('not-started', `${file} could not be started: ${messageOf(cause)}`, {
    cause,
    details: { sent: false },
  })
}
