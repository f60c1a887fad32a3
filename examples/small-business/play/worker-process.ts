import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Order, Rested } from './worker.ts'

export interface WorkerOptions {
  /** The project. */
  folder: string
  seed: number
  /** Of the dashboard; `none`: it is not served. */
  port: string
  /** How many were started at this moment of the business before, and this one. */
  start: number
  env: Record<string, string>
}

/** The worker was killed while it was to do something: another one goes on. One that ends by itself has a fault, and the play ends. */
export class WorkerDied extends Error {}

/** A process with the runtime: started, told what to do, killed. */
export class WorkerProcess {
  readonly #child: ChildProcess
  readonly #open = new Map<number, { resolve: (answer: Rested) => void; reject: (error: Error) => void }>()
  #next = 1
  /** How it stood when it last rested. */
  due: number | null = null
  page: string | null = null

  private constructor(child: ChildProcess) {
    this.#child = child
    child.on('message', ({ id, answer, error }: { id: number; answer?: Rested; error?: string }) => {
      const waiting = this.#open.get(id)
      this.#open.delete(id)
      if (error !== undefined) return waiting?.reject(new Error(error))
      this.due = answer!.due
      this.page = answer!.page
      waiting?.resolve(answer!)
    })
    child.on('exit', (code, signal) => {
      for (const { reject } of this.#open.values()) reject(endOf(code, signal))
      this.#open.clear()
    })
  }

  /** Resolves when it has taken up what there is to do at that time. @throws `WorkerDied` */
  static async start(
    { folder, seed, port, start, env }: WorkerOptions,
    at: number,
    onStart: (pid: number) => void,
  ): Promise<WorkerProcess> {
    const child = fork(
      join(import.meta.dirname, 'worker.ts'),
      [folder, String(at), String(seed), port, String(start)],
      {
        // It is started anew after each kill: what it compiled is kept.
        env: { NODE_COMPILE_CACHE: compiled, ...process.env, ...env },
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      },
    )
    if (child.pid !== undefined) onStart(child.pid)
    const worker = new WorkerProcess(child)
    starting.add(child)
    try {
      await worker.#answer(0)
    } finally {
      starting.delete(child)
    }
    return worker
  }

  /** @throws `WorkerDied` when it is killed meanwhile, and what it threw */
  ask(order: Order): Promise<Rested> {
    const id = this.#next++
    const answer = this.#answer(id)
    this.#child.send({ id, order }, (error) => {
      if (error) this.#open.get(id)?.reject(new WorkerDied(String(error)))
    })
    return answer
  }

  /** Ends it in good order. */
  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit')
    await this.ask({ type: 'stop' })
    await exited
  }

  /** SIGKILL: nothing of it goes on. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Of one that is only being started, too. */
  static killStarting(): void {
    for (const child of starting) child.kill('SIGKILL')
  }

  #answer(id: number): Promise<Rested> {
    const { promise, resolve, reject } = Promise.withResolvers<Rested>()
    this.#open.set(id, { resolve, reject })
    const { exitCode, signalCode } = this.#child
    if (exitCode !== null || signalCode !== null) reject(endOf(exitCode, signalCode))
    return promise
  }
}

function endOf(code: number | null, signal: string | null): Error {
  return signal === 'SIGKILL'
    ? new WorkerDied('the worker was killed')
    : new Error(`the worker ended by itself: ${signal ?? code}`)
}

const compiled = join(import.meta.dirname, '../.reeve/compiled')
const starting = new Set<ChildProcess>()
