import { type ChildProcess, fork } from 'node:child_process'
import { Worker } from 'node:worker_threads'
import { readVariables } from '../../base/config.ts'
import { ReeveError } from '../../base/errors.ts'
import { type Duration, toMs } from '../../base/time/time.ts'

export interface ReaderProcessOptions {
  /** What it reads, for errors: `mail`. */
  what: string
  /** The module that the process runs; it calls `serveReader` once. */
  module: URL
  /** For one input. Default `5s`. */
  timeout?: Duration
  /** What the process may take. Default 256 MiB. */
  memoryBytes?: number
  /** Refused before they are sent. Default 32 MiB. */
  maxBytes?: number
}

type Answer<Output> = { output: Output } | { error: string }

interface Waiting {
  input: unknown
  resolve: (answer: Answer<never>) => void
  reject: (error: unknown) => void
}

/**
 * Reads what strangers wrote in a process of its own, one input after the other: a parser that is kept busy, or runs out
 * of memory, is ended with its process, costs that input alone, and keeps nothing else waiting. The process has no
 * environment but the conditions of its modules. Close it when no more inputs come.
 */
export class ReaderProcess<Input, Output> {
  readonly #options: ReaderProcessOptions
  readonly #timeoutMs: number
  readonly #waiting: Waiting[] = []
  #child: ChildProcess | undefined
  #busy = false
  #closed = false

  /** @throws `bad-duration` */
  constructor(options: ReaderProcessOptions) {
    this.#options = options
    this.#timeoutMs = toMs(options.timeout ?? '5s', '`timeout` of a reader process')
  }

  /**
   * What the module answers for this input. `bytes`: how large the input is, where that is known.
   * @throws `input-too-large`, `not-read` with why: the reader's own complaint, its time or its memory
   */
  async read(input: Input, bytes = 0): Promise<Output> {
    const { what, maxBytes = 33_554_432 } = this.#options
    if (bytes > maxBytes) {
      throw new ReeveError(
        'input-too-large',
        `This ${what} has ${bytes} bytes, and ${maxBytes} are the most.`,
      )
    }
    if (this.#closed) throw this.#notRead('its reader is closed')
    const { promise, resolve, reject } = Promise.withResolvers<Answer<Output>>()
    this.#waiting.push({ input, resolve: resolve as Waiting['resolve'], reject })
    this.#next()
    const answer = await promise
    if ('output' in answer) return answer.output
    throw this.#notRead(answer.error)
  }

  /** Ends the process; what still waits is refused. */
  close(): void {
    this.#closed = true
    this.#child?.kill('SIGKILL')
    for (const { reject } of this.#waiting.splice(0)) reject(this.#notRead('its reader is closed'))
  }

  #next(): void {
    if (this.#busy) return
    const next = this.#waiting.shift()
    if (!next) return
    this.#busy = true
    const child = this.#running()
    const end = (settle: () => void) => {
      clearTimeout(timer)
      child.off('message', onMessage).off('exit', onExit).off('error', onExit)
      // Nothing waits for it now: an idle reader keeps no process alive.
      child.unref()
      child.channel?.unref()
      this.#busy = false
      settle()
      this.#next()
    }
    const onMessage = (answer: unknown) => end(() => next.resolve(answer as Answer<never>))
    const onExit = () => {
      this.#child = undefined
      end(() =>
        next.reject(this.#notRead(`reading it takes more than ${this.#timeoutMs} ms or too much memory`)),
      )
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), this.#timeoutMs)
    child.once('message', onMessage).once('exit', onExit).once('error', onExit)
    child.ref()
    child.channel?.ref()
    child.send(next.input as never, (error) => error && child.kill('SIGKILL'))
  }

  #running(): ChildProcess {
    const { module, memoryBytes = 268_435_456 } = this.#options
    this.#child ??= fork(module, [], {
      execArgv: [
        ...conditionsOf(process.execArgv),
        `--max-old-space-size=${Math.ceil(memoryBytes / 1_048_576)}`,
      ],
      env: nodeOptions(readVariables().NODE_OPTIONS),
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    }).once('exit', () => {
      this.#child = undefined
    })
    return this.#child
  }

  #notRead(why: string): ReeveError {
    return new ReeveError('not-read', `This ${this.#options.what} could not be read: ${why}.`)
  }
}

/** In the module of a `ReaderProcess`: answers each input with what `read` gives. */
export function serveReader<Input, Output>(read: (input: Input) => Promise<Output> | Output): void {
  process.on('message', async (input) => {
    try {
      process.send!({ output: await read(input as Input) })
    } catch (error) {
      process.send!({ error: (error instanceof Error ? error.message : String(error)).slice(0, 2000) })
    }
  })
  process.once('disconnect', () => process.exit(0))
  endWithParent()
}

/** A thread of its own looks: while an input keeps the process busy, it does not hear that its parent is gone. */
function endWithParent(): void {
  const watch = `setInterval(() => { if (process.ppid !== ${process.ppid}) process.kill(process.pid, 'SIGKILL') }, 500)`
  new Worker(watch, { eval: true, env: {}, stdin: false }).unref()
}

function conditionsOf(args: readonly string[]): string[] {
  return args.flatMap((arg, index) =>
    /^(?:-C|--conditions)=/.test(arg)
      ? [arg]
      : arg === '-C' || arg === '--conditions'
        ? [arg, args[index + 1]!]
        : [],
  )
}

function nodeOptions(options = ''): Record<string, string> {
  const conditions = options.match(/(?:--conditions|-C)[= ]\S+/g)
  return conditions ? { NODE_OPTIONS: conditions.join(' ') } : {}
}
