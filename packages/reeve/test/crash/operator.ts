import { setTimeout as pause } from 'node:timers/promises'
import { ReeveError } from '../../src/base/errors.ts'
import type { Json } from '../../src/base/json/json.ts'
import type { Engine } from '../../src/engine/engine.ts'
import type { RunHandle } from '../../src/engine/results.ts'
import { type ApprovalRow, listPending } from '../../src/store/approvals/approvals.ts'
import type { Database } from '../../src/store/database.ts'
import { listRuns, type RunRow } from '../../src/store/runs/runs.ts'
import type { Outside } from './outside.ts'
import type { Operator, Shape, Start } from './shapes/shape.ts'

const askAgainMs = 20

/** What a client may be told when its wish comes too late; anything else is a fault. */
const tooLate = new Set(['run-ended', 'already-decided', 'approval-expired', 'cannot-retry'])

/**
 * Plays the clients and the people of a shape, telling the oracle of every acknowledgement the moment it comes. It
 * forgets everything when its process dies, and asks for everything again.
 */
export class ShapeOperator implements Operator {
  readonly engine: Engine
  readonly #database: Database
  readonly #outside: Outside
  readonly #shape: Shape
  readonly #isPassing: (error: unknown) => boolean
  readonly #done = new Set<string>()
  readonly #awaited = new Map<string, Promise<void>>()
  #runs: RunRow[] = []
  #pending: ApprovalRow[] = []

  /** `isPassing`: after which errors a client that waits for a result asks again. Default: none. */
  constructor(
    engine: Engine,
    outside: Outside,
    shape: Shape,
    isPassing: (error: unknown) => boolean = () => false,
  ) {
    this.engine = engine
    this.#database = engine.database
    this.#outside = outside
    this.#shape = shape
    this.#isPassing = isPassing
  }

  /** Makes the shape's starts, all at one moment. */
  async begin(): Promise<void> {
    await Promise.all(this.#shape.starts.map((start) => this.start(start)))
  }

  /** One round of whatever the shape does from outside. Answers whether nothing is left to come. */
  async round(): Promise<boolean> {
    this.#runs = (await listRuns(this.#database, { limit: 1000 })).reverse()
    this.#pending = await listPending(this.#database)
    await this.#shape.operate?.(this)
    const rests = this.#runs.every((run) => this.#rests(run))
    const began = this.#shape.starts.length === 0 || this.#runs.length > 0
    return rests && began && (this.#shape.isDone?.(this.#runs) ?? true)
  }

  #rests(run: RunRow): boolean {
    if (run.ended_at !== null || run.status === 'stuck') return true
    return (
      run.status === 'waiting' &&
      (this.#shape.ends?.includes('waiting') ?? false) &&
      this.#pending.some((approval) => approval.run === run.no)
    )
  }

  run(key: string): RunRow | undefined {
    return this.#runs.find((run) => run.idempotency === key)
  }

  runs(): RunRow[] {
    return this.#runs
  }

  pending(): ApprovalRow[] {
    return this.#pending
  }

  async start(start: Start): Promise<void> {
    const { workflow, key, input, options } = start
    const named = options?.debounce ? options : { ...options, idempotencyKey: key }
    const handle = await this.engine.startRun(workflow, input, named)
    this.#outside.tell({ kind: 'started', workflow, key, run: handle.id, isNew: handle.isNew })
    if (this.#awaited.has(handle.id)) return
    this.#awaited.set(handle.id, this.#hear(handle))
  }

  async #hear(handle: RunHandle): Promise<void> {
    try {
      const result = await handle.result()
      const output = result.status === 'succeeded' ? ((result.output ?? null) as Json) : null
      this.#outside.tell({ kind: 'ended', run: handle.id, status: result.status, output })
    } catch (error) {
      if (!this.#isPassing(error)) throw error
      await pause(askAgainMs)
      await this.#hear(handle)
    }
  }

  /** Resolves when everybody who waits for a run that has ended was told how. */
  async allTold(): Promise<void> {
    const ended = this.#runs.filter((run) => run.ended_at !== null || run.status === 'stuck')
    await Promise.all(ended.map((run) => this.#awaited.get(run.id)))
  }

  signal(key: string, name: string, id: string, payload: Json): Promise<void> {
    const run = this.run(key)
    if (!run || run.ended_at !== null) return Promise.resolve()
    return this.once(`signal ${key} ${id}`, async () => {
      await this.engine.control.signal(run.id, name, payload, { id })
      this.#outside.tell({ kind: 'signalled', run: run.id, name, id, payload })
    })
  }

  async decide(
    approval: ApprovalRow,
    decision: { verdict: 'approve' | 'reject' | 'answer'; answer?: Json },
  ): Promise<void> {
    await this.once(`decide ${approval.id}`, async () => {
      const decided = await this.engine.control.decide(approval.id, { ...decision, by: 'ada' })
      this.#outside.tell({
        kind: 'decided',
        approval: approval.id,
        status: decided.status,
        by: decided.decided_by ?? '',
      })
    })
  }

  cancel(key: string): Promise<void> {
    const run = this.run(key)
    if (!run) return Promise.resolve()
    return this.once(`cancel ${key}`, async () => {
      await this.engine.control.cancel(run.id, 'ada')
      this.#outside.tell({ kind: 'cancelled', run: run.id })
    })
  }

  async once(name: string, act: () => Promise<void>): Promise<void> {
    if (this.#done.has(name)) return
    this.#done.add(name)
    try {
      await act()
    } catch (error) {
      if (error instanceof ReeveError && tooLate.has(error.code)) return
      this.#done.delete(name)
      throw error
    }
  }

  ask(tool: string, key: string): Promise<Json | undefined> {
    return this.#outside.ask(tool, key)
  }
}
