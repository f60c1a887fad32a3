import { createHash } from 'node:crypto'
import type { Json } from '../base/json.ts'
import type { Schema } from '../base/schema.ts'
import type { Duration } from '../base/time.ts'
import { type ApprovalRequest, approval, type Decision } from './approval.ts'
import { type Child, type ChildOptions, startChild } from './children.ts'
import type { Execution } from './execution.ts'
import { encodePayload } from './payload.ts'
import { type StepAttempt, type StepOptions, step } from './step.ts'
import { sleep, waitFor } from './waits.ts'
import type { Workflow, WorkflowRegistry } from './workflow.ts'

/**
 * What a workflow may do, as far as the engine goes. Every call is numbered, journaled and, on replay, answered from the
 * journal. Between calls a workflow must be deterministic: time, chance and the outside come only from here.
 */
export class CoreContext {
  readonly #execution: Execution
  readonly #workflows: WorkflowRegistry
  #random: (() => number) | undefined
  readonly #patches = new Map<string, boolean>()

  constructor(execution: Execution, workflows: WorkflowRegistry) {
    this.#execution = execution
    this.#workflows = workflows
  }

  /** For the layers above that add calls of their own. */
  static executionOf(context: CoreContext): Execution {
    return context.#execution
  }

  /** The run's id. */
  get runId(): string {
    return this.#execution.claim.id
  }

  /**
   * Runs `body` and remembers its result: recorded once, run at least once. The result must be plain JSON.
   * @throws what the last attempt threw, as its record
   */
  step<T>(name: string, body: (attempt: StepAttempt) => T | Promise<T>, options?: StepOptions): Promise<T> {
    return step(this.#execution, name, body, options) as Promise<T>
  }

  /** Parks the run until a person approves, edits or rejects exactly `show`. */
  approve<T extends Json>(subject: string, options: { show: T; timeout?: Duration }): Promise<Decision<T>> {
    const request: ApprovalRequest = { kind: 'approval', subject, shown: options.show }
    if (options.timeout !== undefined) request.timeout = options.timeout
    return approval(this.#execution, request) as Promise<Decision<T>>
  }

  /** Parks the run for a time, or until a moment. */
  sleep(duration: Duration | Date): Promise<void> {
    return sleep(this.#execution, duration) as Promise<void>
  }

  /** Parks the run until a signal of that name comes. Undefined when `timeout` passed first. */
  waitFor<S extends Schema>(
    name: string,
    options: { schema: S; timeout: Duration },
  ): Promise<SchemaOutput<S> | undefined>
  waitFor<S extends Schema>(name: string, options: { schema: S }): Promise<SchemaOutput<S>>
  waitFor(name: string, options?: { timeout?: Duration }): Promise<Json | undefined>
  waitFor(name: string, options: { schema?: Schema; timeout?: Duration } = {}): Promise<unknown> {
    return waitFor(this.#execution, name, options)
  }

  /**
   * Starts a child run, by its workflow or its workflow's name. It acts for whom this run acts, and is cancelled when this
   * run ends before it, unless `whenParentEnds` is `detach`.
   * @throws `unknown-workflow` `invalid-input` `bad-start`
   */
  start<Input, Output>(
    workflow: Workflow<Input, Output> | string,
    input: Input,
    options: ChildOptions = {},
  ): Promise<Child<Output>> {
    const known = this.#workflows.current(typeof workflow === 'string' ? workflow : workflow.name)
    return startChild(this.#execution, known, input, options) as Promise<Child<Output>>
  }

  /** All of them, in order. Given functions, at most `concurrency` run at a time. */
  async all<T>(
    items: readonly (Promise<T> | (() => Promise<T>))[],
    options: { concurrency?: number } = {},
  ): Promise<T[]> {
    const results: T[] = new Array(items.length)
    let next = 0
    const lane = async () => {
      while (next < items.length) {
        const index = next++
        const item = items[index]!
        results[index] = await (typeof item === 'function' ? item() : item)
      }
    }
    const lanes = Math.min(options.concurrency ?? items.length, items.length)
    await Promise.all(Array.from({ length: lanes }, lane))
    return results
  }

  /** The first of them to settle. The others go on; their results are journaled and ignored. */
  race<T>(items: readonly Promise<T>[]): Promise<T> {
    return Promise.race(items)
  }

  /** The run's time: that of the last completion it saw. The same on replay. */
  now(): Date {
    return new Date(this.#execution.now)
  }

  /** A number from 0 (included) to 1 (excluded), the same on replay. */
  random(): number {
    this.#random ??= seeded(this.#execution.history?.seed ?? this.runId)
    return this.#random()
  }

  /** Writes a line to the journal, once. @throws `not-serialisable` `payload-too-large` */
  log(message: string, data?: Json): void {
    const line = data === undefined ? { message } : { message, data }
    this.#execution.log(encodePayload(line, `the log line "${message.slice(0, 80)}"`)!)
  }

  /**
   * Whether this run takes the changed path marked `id`: true for runs that come here after the change, false for runs
   * that had gone past here before it.
   */
  patched(id: string): boolean {
    let answer = this.#patches.get(id)
    if (answer === undefined) {
      const known = this.#execution.history?.patches.has(id) ?? false
      answer = known || !this.#execution.behindHistory
      if (!known && answer) this.#execution.mark('patch-marked', id, null)
      this.#patches.set(id, answer)
    }
    return answer
  }
}

type SchemaOutput<S> = S extends Schema<infer Output> ? Output : never

/** A stream of numbers that depends on the seed alone: SHA-256 in counter mode, 48 bits a number. */
function seeded(seed: string): () => number {
  let counter = 0
  return () => {
    const digest = createHash('sha256').update(`${seed}:${counter++}`).digest()
    return digest.readUIntBE(0, 6) / 2 ** 48
  }
}
