import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { readVariables } from '../../base/config.ts'
import { messageOf, ReeveError } from '../../base/errors.ts'
import { workedMsOf } from '../../base/process/process-mark.ts'
import { ProcessTree } from '../../base/process/process-tree.ts'
import { type Duration, toMs } from '../../base/time/time.ts'

/** For `ReaderProcess`. */
export interface ReaderProcessOptions {
  /** What it reads, for errors: `mail`. */
  what: string
  /** The module that the process runs; it calls `serveReader` once. */
  module: URL
  /**
   * For one input, of work: on a machine that is busy with others it may last up to twelve times as long. (Where the system does not
   * tell how much a process has worked, as outside of Linux, it is plain time.) Default `5s`.
   */
  timeout?: Duration
  /** What the process may take. Default 256 MiB. */
  memoryBytes?: number
  /** Refused before they are sent. Default 32 MiB. */
  maxBytes?: number
}

type Answer<Output> = { output: Output } | { error: string }

/** What the process says once, when its modules are loaded: the time of an input counts from then on. */
const ready = { isReady: true }

/** A process takes a while to start where the machine is busy, and no stranger has anything to do with that. */
const longestStartMs = 60_000

/** Of the timeout: no input takes longer, however little its process could work. */
const mostTimes = 12

interface Waiting {
  input: unknown
  resolve: (answer: Answer<never>) => void
  reject: (error: unknown) => void
}

/**
 * Reads what strangers wrote in a process of its own, one input after the other: a parser that is kept busy, or runs out
 * of memory, is ended with its process and all that it started, costs that input alone, and keeps nothing else waiting. The process has no
 * environment but the conditions of its modules. Close it when no more inputs come.
 */
export class ReaderProcess<Input, Output> {
  readonly #options: ReaderProcessOptions
  readonly #timeoutMs: number
  readonly #waiting: Waiting[] = []
  #tree: ProcessTree<ChildProcess> | undefined
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
    void this.#work()
    const answer = await promise
    if ('output' in answer) return answer.output
    throw this.#notRead(answer.error)
  }

  /** Ends the process; what still waits is refused. */
  close(): void {
    this.#closed = true
    void this.#tree?.end()
    for (const { reject } of this.#waiting.splice(0)) reject(this.#notRead('its reader is closed'))
  }

  async #work(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      try {
        next.resolve(await this.#answerTo(next.input))
      } catch (error) {
        next.reject(error)
      }
    }
    this.#busy = false
  }

  /** @throws `not-read`: no answer came */
  async #answerTo(input: unknown): Promise<Answer<never>> {
    const tree = await this.#running()
    const { leader } = tree
    const { promise, resolve } = Promise.withResolvers<Answer<never> | undefined>()
    const onMessage = (answer: unknown) => resolve(answer as Answer<never>)
    const onExit = () => resolve(undefined)
    const stopWatch = this.#endWhenLate(tree)
    leader.once('message', onMessage).once('exit', onExit).once('error', onExit)
    leader.ref()
    leader.channel?.ref()
    leader.send(input as never, (error) => error && void tree.end())
    const answer = await promise
    stopWatch()
    leader.off('message', onMessage).off('exit', onExit).off('error', onExit)
    // Nothing waits for it now: an idle reader keeps no process alive.
    leader.unref()
    leader.channel?.unref()
    if (answer) return answer
    if (this.#tree === tree) this.#tree = undefined
    throw this.#notRead(`reading it takes more than ${this.#timeoutMs} ms or too much memory`)
  }

  /** Ends the process when it has worked for too long on what it was given now. */
  #endWhenLate(tree: ProcessTree<ChildProcess>): () => void {
    const timeoutMs = this.#timeoutMs
    const worked = () => (tree.leader.pid === undefined ? undefined : workedMsOf(tree.leader.pid))
    const before = worked()
    let looks = 0
    let timer = setTimeout(look, timeoutMs)
    function look(): void {
      const now = worked()
      const left = before === undefined || now === undefined ? 0 : timeoutMs - (now - before)
      looks++
      if (left <= 0 || looks === mostTimes) void tree.end()
      else timer = setTimeout(look, Math.max(left, timeoutMs / mostTimes))
    }
    return () => clearTimeout(timer)
  }

  async #running(): Promise<ProcessTree<ChildProcess>> {
    if (this.#tree) return this.#tree
    const { module, memoryBytes = 268_435_456 } = this.#options
    const heap = `--max-old-space-size=${Math.ceil(memoryBytes / 1_048_576)}`
    const program = {
      file: process.execPath,
      args: [...conditionsOf(process.execArgv), heap, fileURLToPath(module)],
      env: nodeOptions(readVariables().NODE_OPTIONS),
      cwd: undefined,
    }
    try {
      let isReady: Promise<void> | undefined
      const started = await ProcessTree.startForMessages(program, (tree) => {
        this.#tree = tree
        isReady = readiness(tree)
        tree.leader.once('exit', () => {
          if (this.#tree === tree) this.#tree = undefined
        })
        if (this.#closed) void tree.end()
      })
      await isReady
      return started
    } catch (error) {
      this.#tree = undefined
      throw this.#notRead(`its process cannot be started: ${messageOf(error)}`)
    }
  }

  #notRead(why: string): ReeveError {
    return new ReeveError('not-read', `This ${this.#options.what} could not be read: ${why}.`)
  }
}

/** @throws when it ends before it is ready, or takes too long to become so */
async function readiness(tree: ProcessTree<ChildProcess>): Promise<void> {
  const { leader } = tree
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const onMessage = () => resolve(true)
  const onExit = () => resolve(false)
  const timer = setTimeout(() => void tree.end(), longestStartMs)
  leader.once('message', onMessage).once('exit', onExit).once('error', onExit)
  const isReady = await promise
  clearTimeout(timer)
  leader.off('message', onMessage).off('exit', onExit).off('error', onExit)
  if (!isReady) throw new Error('it ended before it was ready')
}

/**
 * In the module of a `ReaderProcess`: answers each input with what `read` gives.
 * @example
 * import { serveReader } from 'reeve/tools'
 *
 * serveReader((text: string) => text.split('\n').length)
 */
export function serveReader<Input, Output>(read: (input: Input) => Promise<Output> | Output): void {
  process.on('message', async (input) => {
    try {
      process.send!({ output: await read(input as Input) })
    } catch (error) {
      process.send!({ error: (error instanceof Error ? error.message : String(error)).slice(0, 2000) })
    }
  })
  process.once('disconnect', () => process.exit(0))
  process.send?.(ready)
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
