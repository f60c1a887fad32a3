import { messageOf } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { toNanoUsd } from '../../base/money.ts'
import type { Clock } from '../../base/time/time.ts'
import type { Database } from '../../store/database.ts'
import { definitionOf, payloadOf, type SaidEvent } from '../../store/journal/events.ts'
import { readEvents } from '../../store/journal/journal.ts'
import { type HeldReservation, heldByEndedRuns, settle, unknownBill } from '../../store/spending/budgets.ts'
import type { CallBill } from '../../store/spending/model-calls.ts'
import type { BatchService, BatchStatus } from '../solver.ts'
import { toBill } from './batch.ts'
import { type SubmissionArgs, type Submitted, submission } from './batch-life.ts'

const lookMs = 60_000
/** So long after its run's end a batch has certainly ended; what cannot be learnt of it by then is never learnt. */
const hopelessMs = 48 * 3_600_000

/** What the journal knows of a batch: never sent; perhaps sent, or sent, under that key. */
type Trace = { state: 'unsent' } | { state: 'sent'; args: SubmissionArgs; submitted: Submitted | undefined }

/**
 * Looks after batches whose runs have ended without them: cancels them at the provider, and when they have ended settles
 * what they cost. What nobody can tell counts as spent. Everything is read anew at each look, so that any worker can go
 * on, and several do no harm.
 */
export class AbandonedBatches {
  readonly #database: Database
  readonly #clock: Clock
  readonly #log: Log
  readonly #services: ReadonlyMap<string, BatchService>
  readonly #cancelled = new Set<string>()
  readonly #abort = new AbortController()
  #stopTimer = () => {}
  #looking: Promise<void> = Promise.resolve()

  constructor(options: {
    database: Database
    clock: Clock
    log: Log
    /** By the names of models. */
    services: ReadonlyMap<string, BatchService>
  }) {
    this.#database = options.database
    this.#clock = options.clock
    this.#log = options.log
    this.#services = options.services
  }

  begin(): void {
    const look = () => {
      this.#looking = this.look().then(() => {
        if (!this.#abort.signal.aborted) this.begin()
      })
    }
    this.#stopTimer = this.#clock.after(lookMs, look, 'upkeep')
  }

  async end(): Promise<void> {
    this.#abort.abort()
    this.#stopTimer()
    await this.#looking
  }

  /** Goes once through all of them. What fails is tried again at the next look. */
  async look(): Promise<void> {
    try {
      for (const held of await heldByEndedRuns(this.#database)) await this.#lookAfter(held)
    } catch (error) {
      this.#log.warn('batches of ended runs could not be looked after', { error: messageOf(error) })
    }
  }

  async #lookAfter(held: HeldReservation): Promise<void> {
    try {
      const bill = await this.#billOf(held)
      if (bill) await this.#settle(held, bill)
      else if (this.#isHopeless(held)) await this.#settle(held, { nanousd: held.nanousd, ...unknownBill })
    } catch (error) {
      this.#log.warn('a batch of an ended run could not be looked after', {
        reservation: held.id,
        error: messageOf(error),
      })
      if (this.#isHopeless(held)) await this.#settle(held, { nanousd: held.nanousd, ...unknownBill })
    }
  }

  #isHopeless({ ended_at }: HeldReservation): boolean {
    return ended_at === null || this.#clock.now() > ended_at + hopelessMs
  }

  /** Undefined: not known yet. */
  async #billOf(held: HeldReservation): Promise<(CallBill & { nanousd: number }) | undefined> {
    const { signal } = this.#abort
    const trace = held.ended_at === null ? undefined : await this.#traceOf(held)
    if (!trace) return undefined
    if (trace.state === 'unsent') return unsent
    const service = this.#services.get(held.model)
    if (!service) return undefined
    const { args, submitted } = trace
    let batch = submitted?.batch
    if (batch === undefined) {
      const found = await service.find({ key: held.id, count: args.count, since: args.since }, signal)
      if (found.outcome === 'unclear') return undefined
      // What was sent as its worker died may be listed a little later.
      if (found.outcome === 'none') return this.#clock.now() > held.ended_at! + settledMs ? unsent : undefined
      batch = found.batch
    }
    const status = await service.status(batch, signal)
    if (status.state === 'gone') return { nanousd: held.nanousd, ...unknownBill }
    if (status.state === 'under way') {
      if (!this.#cancelled.has(batch)) await service.cancel(batch, signal)
      this.#cancelled.add(batch)
      return undefined
    }
    return billed(held, await service.results(batch, signal), args, status)
  }

  async #traceOf({ id, run }: HeldReservation): Promise<Trace> {
    const events = (await readEvents(this.#database, run)).filter(({ name }) => name === submission)
    const intent = events.find((event) => {
      if (event.type !== 'effect-intended') return false
      const { planned } = argsOf(event)
      return id === planned || id.startsWith(`${planned}:`)
    })
    if (!intent) return { state: 'unsent' }
    const end = events.find(
      ({ type, step }) => step === intent.step && definitionOf(type)?.role === 'settlement',
    )
    if (end?.type === 'effect-failed') {
      // An end that was forced upon it says nothing about what the provider has.
      const { code } = payloadOf(end, 'effect-failed')
      if (code === 'not-applied') return { state: 'unsent' }
    }
    const submitted = end?.type === 'effect-completed' ? payloadOf(end, 'effect-completed') : undefined
    return { state: 'sent', args: argsOf(intent), submitted: submitted as Submitted | undefined }
  }

  async #settle(
    { id }: HeldReservation,
    { nanousd, ...bill }: CallBill & { nanousd: number },
  ): Promise<void> {
    await this.#database.transaction((session) => settle(session, id, nanousd, bill))
  }
}

/** What the submission was given: its own arguments, which no other tool has. */
function argsOf(intent: SaidEvent): SubmissionArgs {
  return payloadOf(intent, 'effect-intended').args as unknown as SubmissionArgs
}

/** A request that a dead worker had sent arrives within this time or not at all. */
const settledMs = 10 * 60_000

const unsent = { nanousd: 0, ...unknownBill, outcome: 'failed' as const }

function billed(
  { id, nanousd }: HeldReservation,
  results: Parameters<typeof toBill>[0],
  { count }: SubmissionArgs,
  status: BatchStatus,
): CallBill & { nanousd: number } {
  // What one answer may cost is not known here, so what is missing counts as all the rest of the reservation.
  const { usage, unsettledUsd } = toBill(results, { key: id, count }, status, 1)
  const spent = toNanoUsd(usage.costUsd)
  return {
    outcome: unsettledUsd > 0 ? 'unknown' : 'answered',
    nanousd: unsettledUsd > 0 ? Math.max(spent, nanousd) : spent,
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    cachedTokens: usage.cachedInputTokens ?? 0,
  }
}
