import { isRetryable, messageOf, ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { wait } from '../../base/time/abort.ts'
import type { Clock } from '../../base/time/time.ts'
import type { CallSite } from '../../engine/call-site.ts'
import { type Effect, type EffectVerdict, NotApplied } from '../../engine/calls/effect/definition.ts'
import { effect } from '../../engine/calls/effect/effect.ts'
import { sleep } from '../../engine/calls/waits.ts'
import type { BatchService, BatchStatus, Question } from '../solver.ts'

/** One batch as a run sends it. */
export interface SentBatch {
  /** What the workflow calls the questions. */
  name: string
  model: string
  /** As the plan has it. */
  planned: string
  /** The reservation of this very run, which is the key of its batch; a fork has another than its plan says. */
  reservation: string
  /** Sees to it that the reservation is held. */
  hold: () => Promise<void>
  /** The most that it may cost, and the most that one of its answers may. */
  usd: number
  mostUsd: number
  questions: readonly Question[]
  /** The place of its first question among all. */
  first: number
  withinMs: number
}

/** What became of a batch. `unsent`: there is none. `lost`: nobody can tell what it answered or cost. */
export type BatchEnd =
  | { outcome: 'ended'; batch: string; key: string }
  | { outcome: 'unsent' | 'lost'; reason: string }

/** The effect that makes a batch; its args say which reservation it is for. */
export const submission = 'batch.submit'

export interface SubmissionArgs {
  planned: string
  model: string
  count: number
  /** When the batch was decided on (ms): it cannot be older. */
  since: number
}

/** What the submission's effect comes to; a person who says that it happened gives the same. */
export interface Submitted {
  /** The provider's id of the batch. */
  batch: string
  /** The key that it was sent under. */
  key?: string
}

const firstLookMs = 60_000
const longestNapMs = 30 * 60_000
/** A cancelled batch is given this long to end with what it had answered. */
const cancellingMs = 60 * 60_000

/**
 * A batch that was just sent may not be listed yet, its provider may be out of reach, and at some it can be told from
 * others only when it has ended: so it is looked for again.
 */
const looksAfterMs = [0, 15_000, 60_000, 300_000, 600_000]
const callTimeoutMs = 30 * 60_000

/**
 * One batch of a run, from its durable calls:
 *
 *   submitted → under way → ended
 *        ↘ unsent    ↘ cancelling (its time is up) → ended | lost
 *                    ↘ gone: lost
 *
 * The submission is `verifiable`: after a crash or a lost reply the batch is looked for by its key, and where nobody can
 * tell, a person is asked. Between looks the run is parked.
 */
export async function awaitBatch(
  site: CallSite,
  sent: SentBatch,
  service: () => BatchService,
): Promise<BatchEnd> {
  const { model, planned, reservation, withinMs } = sent
  const args: SubmissionArgs = { planned, model, count: sent.questions.length, since: site.now }
  let submitted: Submitted
  try {
    submitted = (await effect(site, submit(sent, service, site.services.clock), {
      ...args,
    })) as Submitted
  } catch (error) {
    return { outcome: 'unsent', reason: messageOf(error) }
  }
  const { batch, key = reservation } = submitted
  if (typeof batch !== 'string' || batch === '')
    return { outcome: 'lost', reason: 'the id of the batch that was answered is not a text' }
  const which = { batch, model }
  const until = site.now + withinMs
  let napMs = firstLookMs
  let lostAt = Number.POSITIVE_INFINITY
  for (;;) {
    await sleep(site, Math.max(1, Math.min(napMs, (until > site.now ? until : lostAt) - site.now)))
    const state = await look(site, which, service)
    if (state === 'ended') return { outcome: 'ended', batch, key }
    if (state === 'gone') return { outcome: 'lost', reason: `${model} does not know the batch ${batch}` }
    napMs = Math.min(napMs * 2, longestNapMs)
    if (lostAt !== Number.POSITIVE_INFINITY) {
      if (site.now >= lostAt)
        return { outcome: 'lost', reason: `the batch ${batch} did not end after it was cancelled` }
    } else if (site.now >= until) {
      await cancel(site, which, service)
      lostAt = site.now + cancellingMs
      napMs = firstLookMs
    }
  }
}

function submit(sent: SentBatch, service: () => BatchService, clock: Clock): Effect {
  const { reservation: key, questions } = sent
  return {
    name: submission,
    effect: 'verifiable',
    timeoutMs: callTimeoutMs,
    retry: { attempts: 6, delay: '10s', factor: 4, maxDelay: '30m' },
    async run(_args, { signal }): Promise<Submitted> {
      let provider: BatchService
      try {
        provider = service()
        await sent.hold()
      } catch (cause) {
        throw new NotApplied(messageOf(cause), { retryable: isRetryable(cause), cause })
      }
      return { batch: await provider.submit({ key, questions }, signal), key }
    },
    verify: (args, { signal }) =>
      findAgain(service, { ...(args as unknown as SubmissionArgs), key }, { clock, signal }),
  }
}

/** A batch counts as not submitted only when two looks miss it: providers list a new one after some seconds. */
async function findAgain(
  service: () => BatchService,
  { key, count, since }: SubmissionArgs & { key: string },
  services: { clock: Clock; signal: AbortSignal },
): Promise<EffectVerdict> {
  let misses = 0
  let reason = ''
  for (const waitMs of looksAfterMs) {
    if (waitMs > 0) await wait(waitMs, services)
    try {
      const found = await service().find({ key, count, since }, services.signal)
      if (found.outcome === 'found') return { outcome: 'applied', result: { batch: found.batch, key } }
      if (found.outcome === 'unclear') reason = found.reason
      else if (++misses === 2) return { outcome: 'not-applied' }
    } catch (error) {
      services.signal.throwIfAborted()
      reason = messageOf(error)
    }
  }
  return { outcome: 'unknown', reason: personNeeded(reason) }
}

function personNeeded(reason: string): string {
  return `Whether the batch was submitted cannot be found out: ${reason}. Look at the provider's list of batches; when it is there, answer that it happened, with {"batch": "ITS ID"}.`
}

async function look(
  site: CallSite,
  which: { batch: string; model: string },
  service: () => BatchService,
): Promise<BatchStatus['state']> {
  const looking: Effect = {
    name: 'batch.status',
    effect: 'read',
    timeoutMs: 60_000,
    retry: { attempts: 1 },
    run: async (_args, { signal }) => ({ ...(await service().status(which.batch, signal)) }),
  }
  try {
    return ((await effect(site, looking, which)) as BatchStatus).state
  } catch {
    // Why is in the journal. The next look may fare better; the batch's time limits them all.
    return 'under way'
  }
}

async function cancel(
  site: CallSite,
  which: { batch: string; model: string },
  service: () => BatchService,
): Promise<void> {
  const cancelling: Effect = {
    name: 'batch.cancel',
    effect: 'idempotent',
    timeoutMs: 60_000,
    retry: { attempts: 4, delay: '10s', factor: 4 },
    run: async (_args, { signal }): Promise<Json> => {
      await service().cancel(which.batch, signal)
      return null
    },
  }
  try {
    await effect(site, cancelling, which)
  } catch (error) {
    // It may have ended just now, or end by itself; the looks that follow show it.
    if (!(error instanceof ReeveError)) throw error
  }
}
