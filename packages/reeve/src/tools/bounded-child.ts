import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { messageOf, ReeveError } from '../base/errors.ts'

export interface ChildOptions {
  /** An absolute path: nothing is looked up in a PATH, and no shell is asked. */
  file: string
  args: readonly string[]
  /** The whole environment of the child. */
  env: Readonly<Record<string, string>>
  cwd: string
  timeoutMs: number
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

/** A child process in a group of its own, whose time and output are capped and whose whole group is killed at the end. */
export class BoundedChild {
  readonly process: ChildProcessWithoutNullStreams
  /** Never rejects once the child is started. */
  readonly ended: Promise<ChildEnd>
  readonly #stdout: Buffer[] = []
  readonly #stderr: Buffer[] = []
  #bytes = 0
  #cause: ChildEnd['cause'] = 'exit'

  private constructor(child: ChildProcessWithoutNullStreams, options: ChildOptions) {
    this.process = child
    this.ended = this.#watch(options)
  }

  /** @throws `not-started`: the child never ran; the signal's reason */
  static async start(options: ChildOptions): Promise<BoundedChild> {
    options.signal?.throwIfAborted()
    const { file, args, env, cwd } = options
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    let child: ChildProcessWithoutNullStreams
    try {
      child = spawn(file, args, { cwd, env: { ...env }, stdio: 'pipe', detached: true, windowsHide: true })
    } catch (cause) {
      throw notStarted(file, cause)
    }
    child.once('spawn', resolve)
    child.once('error', (cause) => reject(notStarted(file, cause)))
    const bounded = new BoundedChild(child, options)
    await promise
    return bounded
  }

  /** Gives the child its input and closes it. A child that does not read is no error. */
  write(input: string | Uint8Array): void {
    this.process.stdin.end(input)
  }

  kill(cause: ChildEnd['cause']): void {
    if (this.#cause === 'exit') this.#cause = cause
    this.#killGroup()
  }

  #watch({ timeoutMs, maxOutputBytes, signal }: ChildOptions): Promise<ChildEnd> {
    const { promise, resolve } = Promise.withResolvers<ChildEnd>()
    const timer = setTimeout(() => this.kill('timeout'), timeoutMs)
    const onAbort = () => this.kill('aborted')
    signal?.addEventListener('abort', onAbort, { once: true })
    const take = (chunks: Buffer[]) => (chunk: Buffer) => {
      this.#bytes += chunk.length
      if (this.#bytes > maxOutputBytes) this.kill('output')
      else chunks.push(chunk)
    }
    this.process.stdout.on('data', take(this.#stdout))
    this.process.stderr.on('data', take(this.#stderr))
    this.process.stdin.on('error', () => {})
    // What the leader leaves behind would keep its pipes open, and go on.
    this.process.on('exit', () => this.#killGroup())
    this.process.on('close', (exitCode, endedBy) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      const stdout = Buffer.concat(this.#stdout)
      const stderr = Buffer.concat(this.#stderr)
      resolve({ cause: this.#cause, exitCode, signal: endedBy, stdout, stderr })
    })
    return promise
  }

  #killGroup(): void {
    const { pid } = this.process
    if (pid === undefined) return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // Nobody is left in the group.
    }
  }
}

function notStarted(file: string, cause: unknown): ReeveError {
  return new ReeveError('not-started', `${file} could not be started: ${messageOf(cause)}`, {
    cause,
    details: { sent: false },
  })
}
