import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { RunningStandIn } from '../../../src/connectors/shape/sandbox.ts'

/** What a worker of its own works on. */
export interface Life {
  /** The name of a case's connector. */
  connector: string
  /** Of its stand-in. */
  url: string
  endpoints?: RunningStandIn['endpoints']
  credential: string
  folder: string
  /** Default: an SQLite file in the folder. */
  database?: string
  secretsKey: string
  calls: { action: string; args: Record<string, unknown> }[]
  /** It stands still for ever once this action was done, before that is written down. */
  hangsAfter?: string
  capacity?: number
}

/** A worker that was started; who holds it must kill it. */
export class Worker {
  readonly #child: ChildProcess
  readonly #messages: unknown[] = []
  #complaints = ''

  constructor(life: Life) {
    const program = join(import.meta.dirname, 'process.ts')
    this.#child = spawn(process.execPath, ['--conditions=reeve-source', program, JSON.stringify(life)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#child.on('message', (message) => this.#messages.push(message))
    this.#child.stderr!.on('data', (chunk: Buffer) => {
      this.#complaints = (this.#complaints + String(chunk)).slice(-4_000)
    })
  }

  /** The next thing that it says. @throws when it ends before, with the end of what it complained about */
  async says(): Promise<unknown> {
    for (;;) {
      if (this.#messages.length > 0) return this.#messages.shift()
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`the worker ended: ${this.#complaints}`)
      await Promise.race([once(this.#child, 'message'), once(this.#child, 'exit')])
    }
  }

  /** SIGKILL: it does nothing more. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}
