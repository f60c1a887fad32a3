import type { StandardSchemaV1 } from '@standard-schema/spec'
import { messageOf, ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import type { CallSite } from '../../engine/call-site.ts'
import { argumentsHash } from '../../engine/replay/arguments-hash.ts'
import type { KeptAnswer, Questions } from '../asking/questions.ts'
import { givenFor, judge } from '../route/heal.ts'
import type { RouteAnswer } from '../route/route-answer.ts'
import type { BatchService, Question, Usage } from '../solver.ts'
import { type BatchBill, toBill } from './batch.ts'
import type { BatchEnd, SentBatch } from './batch-life.ts'

/** A recorded stretch of a batch's answers has about so many characters. */
const stretchLength = 256 * 1024

const noUsage: Usage = { inputTokens: 0, outputTokens: 0, costUsd: 0 }

/** What a question came to in its batch. */
export type BatchedOutcome =
  /** `given`: the value is what the schema's own value, which is no JSON, is made from. */
  { value: Json; given?: true; repairs?: string[]; raw?: string } | { problem: string; answer?: string }

interface Stretch {
  outcomes: BatchedOutcome[]
}

/** Reads a batch's answers, pays for them, and records what each came to, in stretches that a journal can hold. */
export async function collect(
  questions: Questions,
  site: CallSite,
  { name, route, schema }: { name: string; route: string; schema: StandardSchemaV1 | undefined },
  sent: SentBatch,
  end: BatchEnd,
  service: () => BatchService,
): Promise<BatchedOutcome[]> {
  const { first, planned, usd, mostUsd, model } = sent
  const count = sent.questions.length
  const account = questions.accountOf(site)
  let ended = end
  let loading: Promise<BatchBill> | undefined
  const load = async (signal: AbortSignal): Promise<BatchBill> => {
    if (ended.outcome !== 'ended') {
      const isUnknown = ended.outcome === 'lost'
      await account.settle(sent.reservation, isUnknown ? usd : 0, { isUnknown })
      return { items: new Map(), usage: { ...noUsage }, unsettledUsd: isUnknown ? usd : 0 }
    }
    const { batch, key } = ended
    const bill = await readBill(service, { batch, key, count, mostUsd }, signal)
    await account.settle(key, bill.usage.costUsd + bill.unsettledUsd, { usage: bill.usage })
    return bill
  }
  const stretch = async (from: number): Promise<Stretch> => {
    const call = {
      name: `${name} ${first + from + 1}–${first + count}`,
      args: argumentsHash({ route, planned, from, outcome: ended.outcome }),
      retry: { attempts: 8, delay: '30s', factor: 4, maxDelay: '1h' } as const,
    }
    const answer = await questions.call(site, call, async ({ signal }) => {
      loading ??= load(signal).catch((error: unknown) => {
        loading = undefined
        throw error
      })
      const bill = await loading
      const outcomes: BatchedOutcome[] = []
      for (let length = 0; from + outcomes.length < count && length < stretchLength; ) {
        const place = from + outcomes.length
        const outcome = toOutcome(bill, place, sent.questions[place]!, schema, ended)
        outcomes.push(outcome)
        length += JSON.stringify(outcome).length
      }
      const paid = from === 0 ? bill : { usage: noUsage, unsettledUsd: 0 }
      return plainAnswer({ outcomes }, model, paid)
    })
    return answer.value as Stretch
  }
  const outcomes: BatchedOutcome[] = []
  while (outcomes.length < count) {
    try {
      outcomes.push(...(await stretch(outcomes.length)).outcomes)
    } catch (error) {
      // Its results cannot be had: it counts as spent, and what it answered is not known.
      if (ended.outcome !== 'ended') throw error
      ended = { outcome: 'lost', reason: messageOf(error) }
      loading = undefined
    }
  }
  return outcomes
}

/** What was paid for is worth waiting for, whatever keeps it from being read; but not when the provider has it no more. */
async function readBill(
  service: () => BatchService,
  { batch, key, count, mostUsd }: { batch: string; key: string; count: number; mostUsd: number },
  signal: AbortSignal,
): Promise<BatchBill> {
  try {
    const status = await service().status(batch, signal)
    if (status.state === 'gone')
      throw new ReeveError('batch-gone', `The provider has the batch ${batch} no more.`)
    return toBill(await service().results(batch, signal), { key, count }, status, mostUsd)
  } catch (cause) {
    if (cause instanceof ReeveError && cause.code === 'batch-gone') throw cause
    const what = `The results of the batch ${batch} could not be read: ${messageOf(cause)}`
    throw new ReeveError('batch-unread', what, { retryable: true, cause })
  }
}

function toOutcome(
  { items }: BatchBill,
  place: number,
  question: Question,
  schema: StandardSchemaV1 | undefined,
  end: BatchEnd,
): BatchedOutcome {
  if (end.outcome !== 'ended') return { problem: end.reason }
  const item = items.get(place)
  if (!item) return { problem: 'the batch has no result for it' }
  if (!('answer' in item)) return { problem: item.problem }
  const judged = judge(item.answer, question, schema)
  if (judged.outcome === 'abstained') return { problem: judged.reason }
  if (judged.outcome === 'invalid') return { problem: judged.problem, answer: judged.answer }
  const { value, repairs, raw } = judged
  const given = givenFor(judged, question)
  const kept = given === undefined ? { value: value as Json } : { value: given, given: true as const }
  return repairs.length === 0 || raw === undefined ? kept : { ...kept, repairs, raw }
}

/** A result of a batch's own calls in the form that the journal has of answers. */
export function plainAnswer(
  value: unknown,
  solver: string,
  paid: Pick<RouteAnswer, 'usage' | 'unsettledUsd'> = { usage: noUsage, unsettledUsd: 0 },
): KeptAnswer {
  const { usage, unsettledUsd } = paid
  return { value, solver, kind: 'hosted', repairs: [], hops: [], usage, unsettledUsd }
}
