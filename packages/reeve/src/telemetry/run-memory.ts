import { type RunTrace, traceOfRun } from '../base/trace-context.ts'
import type { Database } from '../store/database.ts'
import { payloadIfSound } from '../store/journal/events.ts'
import { payloadAt } from '../store/journal/journal.ts'
import type { TailEvent } from '../store/journal/tail.ts'
import { readRunByNo } from '../store/runs/runs.ts'

/** What is known of a run whose events go by. */
export interface KnownRun {
  trace: RunTrace
  startedMs: number
  version: string
  principal: string
  channel: string | undefined
  /** When its last event was written (ms). */
  lastMs: number
  /** When each call that is open began, and what its attempts said. */
  open: Map<number, { atMs: number; attempts: number; class?: string; agent?: string; args?: unknown }>
  /** Agents that are at work, and how often each has ended before. */
  agents: Map<string, { no: number; sinceMs: number | undefined }>
}

const mostRuns = 20_000

/** The runs whose events go by, as far as their spans need them. Those that went by long ago are read again. */
export class RunMemory {
  readonly #database: Database
  readonly #runs = new Map<number, KnownRun>()

  constructor(database: Database) {
    this.#database = database
  }

  async of(event: TailEvent): Promise<KnownRun> {
    const known = this.#runs.get(event.run) ?? (await this.#read(event))
    this.#runs.delete(event.run)
    this.#runs.set(event.run, known)
    if (this.#runs.size > mostRuns) {
      const [oldest] = this.#runs.keys()
      this.#runs.delete(oldest!)
    }
    return known
  }

  forget(run: number): void {
    this.#runs.delete(run)
  }

  async #read(event: TailEvent): Promise<KnownRun> {
    const row = event.seq === 1 ? undefined : await readRunByNo(this.#database, event.run)
    const seq = row && row.chapter_seq > 0 ? row.chapter_seq : 1
    const isHere = event.seq === seq && event.payload !== null
    const payload = isHere ? event.payload : ((await payloadAt(this.#database, event.run, seq)) ?? null)
    const first = payloadIfSound({ type: 'run-started', payload }, 'run-started') ?? {}
    const { traceparent, channel, version = row?.version ?? '', principal = row?.principal ?? '' } = first
    return {
      trace: traceOfRun(event.run_id, traceparent),
      startedMs: row?.created_at ?? event.at,
      version,
      principal,
      channel,
      lastMs: event.at,
      open: new Map(),
      agents: new Map(),
    }
  }
}
