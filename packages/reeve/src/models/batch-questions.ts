import type { StandardSchemaV1 } from '@standard-schema/spec'
import { messageOf, ReeveError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import { type Duration, toMs } from '../base/time.ts'
import { argumentsHash } from '../engine/effect.ts'
import type { Execution } from '../engine/execution.ts'
import type { RetryPolicy } from '../engine/retry.ts'
import { heldPrefix } from '../store/budgets.ts'
import { type BatchBill, type BatchService, toBill } from './batch.ts'
import { awaitBatch, type BatchEnd, type SentBatch } from './batch-life.ts'
import type { Holding } from './budget.ts'
import { judge } from './heal.ts'
import { compared, type Questions } from './questions.ts'
import type { RouteAnswer } from './route.ts'
import type { Question, Usage } from './solver.ts'

/** How questions that may wait are handed to a provider's batch. */
export interface BatchOptions {
  /** What is not answered by then is asked on the ordinary route. Default, and the longest at providers: `24h`. */
  within?: Duration
  /** The most questions of one batch. Default 5,000. */
  most?: number
}

/** Questions of one kind, to be answered in their order. */
export interface AskedTogether {
  name: string
  route: string
  questions: readonly Question[]
  schema: StandardSchemaV1 | undefined
  retry?: RetryPolicy | undefined
  /** Absent: all are asked on the ordinary route. */
  batch?: true | BatchOptions | undefined
}

/**
 * The most questions of one batch, and the most bytes of them together as JSON: in a batch a question weighs a few times
 * as much, and providers take 200 MB. It depends on no provider, so that a replay finds the batches again.
 */
const mostQuestions = 5_000
const mostBytes = 32 * 1024 * 1024

/** What is asked on the ordinary route goes so many questions at a time. */
const lanes = 8

/** A recorded stretch of a batch's answers has about so many characters. */
const stretchLength = 256 * 1024

const noUsage: Usage = { inputTokens: 0, outputTokens: 0, costUsd: 0 }

/** Which model the batches go to, and what is held for each; no model: no solver of the route takes batches. */
interface Plan {
  /** The id of the run that made it; its forks have it too. */
  run: string
  model: string | null
  holdings: { id: string; usd: number; mostUsd: number }[]
}

/** What a question came to in its batch. */
type Outcome = { value: Json; repairs?: string[]; raw?: string } | { problem: string; answer?: string }

interface Stretch {
  outcomes: Outcome[]
}

/**
 * Asks many questions through batches at the provider of the route's first solver that has them, and what comes back
 * errored, late or unfit on the ordinary route. All batches are reserved before the first is sent.
 * @throws `over-budget` `unknown-route` `unanswered` `bad-batch`
 */
export async function askTogether(
  questions: Questions,
  execution: Execution,
  asked: AskedTogether,
): Promise<unknown[]> {
  const { batch } = asked
  if (asked.questions.length === 0) return []
  if (batch === undefined) return askInLanes(questions, execution, asked, asked.questions.map(unasked))
  const { withinMs, most } = resolveBatch(batch)
  const parts = toParts(asked.questions, most)
  const plan = await makePlan(questions, execution, asked, parts, { withinMs, most })
  if (plan.model === null) return askInLanes(questions, execution, asked, asked.questions.map(unasked))
  const answers = parts.map(async (part, index) => {
    const { id: planned, usd, mostUsd } = plan.holdings[index]!
    const model = plan.model!
    const { id: run } = execution.claim
    const reservation = plan.run === run ? planned : `${planned}:${run}`
    const sent: SentBatch = {
      name: asked.name,
      model,
      planned,
      reservation,
      hold: async () => {
        if (usd > 0 && reservation !== planned)
          await questions
            .purseOf(execution)
            .hold([{ id: reservation, model, usd }], questions.scopesOfCall(execution))
      },
      usd,
      mostUsd,
      questions: part.questions,
      first: part.first,
      withinMs,
    }
    const service = () => serviceOf(questions, asked.route, model)
    const end = await awaitBatch(execution, sent, service)
    const outcomes = await collect(questions, execution, asked, sent, end, service)
    return askInLanes(questions, execution, asked, outcomes, part.first)
  })
  return (await Promise.all(answers)).flat()
}

const unasked = (): Outcome => ({ problem: 'it was in no batch' })

/** @throws `bad-batch` `bad-duration` */
function resolveBatch(batch: true | BatchOptions): { withinMs: number; most: number } {
  const { within = '24h', most = mostQuestions } = batch === true ? {} : batch
  if (!Number.isInteger(most) || most < 1)
    throw new ReeveError('bad-batch', `batch.most is ${most}; it must be a whole number from 1 on.`)
  return { withinMs: toMs(within), most: Math.min(most, mostQuestions) }
}

interface Part {
  /** The place of its first question. */
  first: number
  questions: Question[]
}

/** Splits what is too much for one batch. */
export function toParts(questions: readonly Question[], most: number, bytes = mostBytes): Part[] {
  const parts: Part[] = []
  let weight = 0
  for (const [index, question] of questions.entries()) {
    const size = Buffer.byteLength(JSON.stringify(question))
    const current = parts.at(-1)
    if (!current || current.questions.length === most || weight + size > bytes) {
      parts.push({ first: index, questions: [question] })
      weight = size
    } else {
      current.questions.push(question)
      weight += size
    }
  }
  return parts
}

/** Chooses the model and reserves the most that the batches may cost, in one durable call. */
async function makePlan(
  questions: Questions,
  execution: Execution,
  { name, route, questions: list, retry }: AskedTogether,
  parts: readonly Part[],
  limits: { withinMs: number; most: number },
): Promise<Plan> {
  const args = argumentsHash({ ...limits, questions: list.map((question) => compared({ route, question })) })
  const call = { name: `${name}: a batch of ${list.length}`, args, retry }
  const run = execution.claim.id
  const none = () => plainAnswer({ run, model: null, holdings: [] }, 'none')
  const answer = await questions.call(execution, call, async ({ key }) => {
    const solver = questions.route(route).solvers.find(({ batches }) => batches)
    if (!solver?.batches) return none()
    const service = solver.batches
    const holdings = parts.map((part, index) => {
      const worst = part.questions.map((question) => service.worstCaseUsd(question))
      const usd = worst.reduce((sum, each) => sum + each, 0)
      return { id: `${heldPrefix}${key}:${index}`, usd, mostUsd: Math.max(...worst) }
    })
    const paid: Holding[] = holdings.map(({ id, usd }) => ({ id, usd, model: solver.name }))
    try {
      if (holdings.some(({ usd }) => usd > 0))
        await questions.purseOf(execution).hold(paid, questions.scopesOfCall(execution))
    } catch (error) {
      const goesOn = error instanceof ReeveError && error.code === 'over-budget'
      if (!goesOn || questions.whenExhausted !== 'next') throw error
      return none()
    }
    return plainAnswer({ run, model: solver.name, holdings }, solver.name)
  })
  return answer.value as Plan
}

/** Reads a batch's answers, pays for them, and records what each came to, in stretches that a journal can hold. */
async function collect(
  questions: Questions,
  execution: Execution,
  { name, route, schema }: AskedTogether,
  sent: SentBatch,
  end: BatchEnd,
  service: () => BatchService,
): Promise<Outcome[]> {
  const { first, planned, usd, mostUsd, model } = sent
  const count = sent.questions.length
  const purse = questions.purseOf(execution)
  let ended = end
  let loading: Promise<BatchBill> | undefined
  const load = async (signal: AbortSignal): Promise<BatchBill> => {
    if (ended.outcome !== 'ended') {
      const isUnknown = ended.outcome === 'lost'
      await purse.settle(sent.reservation, isUnknown ? usd : 0, { isUnknown })
      return { items: new Map(), usage: { ...noUsage }, unsettledUsd: isUnknown ? usd : 0 }
    }
    const { batch, key } = ended
    const bill = await readBill(service, { batch, key, count, mostUsd }, signal)
    await purse.settle(key, bill.usage.costUsd + bill.unsettledUsd, { usage: bill.usage })
    return bill
  }
  const stretch = async (from: number): Promise<Stretch> => {
    const call = {
      name: `${name} ${first + from + 1}–${first + count}`,
      args: argumentsHash({ route, planned, from, outcome: ended.outcome }),
      retry: { attempts: 8, delay: '30s', factor: 4, maxDelay: '1h' },
    }
    const answer = await questions.call(execution, call, async ({ signal }) => {
      loading ??= load(signal).catch((error: unknown) => {
        loading = undefined
        throw error
      })
      const bill = await loading
      const outcomes: Outcome[] = []
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
  const outcomes: Outcome[] = []
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
): Outcome {
  if (end.outcome !== 'ended') return { problem: end.reason }
  const item = items.get(place)
  if (!item) return { problem: 'the batch has no result for it' }
  if (!('answer' in item)) return { problem: item.problem }
  const judged = judge(item.answer, question, schema)
  if (judged.outcome === 'abstained') return { problem: judged.reason }
  if (judged.outcome === 'invalid') return { problem: judged.problem, answer: judged.answer }
  const { value, repairs, raw } = judged
  if (repairs.length === 0 || raw === undefined) return { value: value as Json }
  return { value: value as Json, repairs, raw }
}

/** What has no answer is asked on the ordinary route, an unfit answer shown with its problem. */
async function askInLanes(
  questions: Questions,
  execution: Execution,
  { name, route, questions: list, schema, retry }: AskedTogether,
  outcomes: readonly Outcome[],
  first = 0,
): Promise<unknown[]> {
  const answers: unknown[] = new Array(outcomes.length)
  let next = 0
  const lane = async () => {
    while (next < outcomes.length) {
      const place = next++
      const outcome = outcomes[place]!
      if ('value' in outcome) {
        answers[place] = outcome.value
        continue
      }
      const question: Question = { ...list[first + place]!, name: `${name} ${first + place + 1}` }
      const { problem, answer } = outcome
      if (answer !== undefined) question.feedback = { answer, problem }
      answers[place] = await questions.answer(execution, { route, question, schema, retry })
    }
  }
  await Promise.all(Array.from({ length: Math.min(lanes, outcomes.length) }, lane))
  return answers
}

/** @throws `no-batches` when the model is not in the route any more, or its provider cannot be asked */
function serviceOf(questions: Questions, route: string, model: string): BatchService {
  const found = questions.route(route).solvers.find(({ name }) => name === model)
  if (found?.batches) return found.batches
  throw new ReeveError(
    'no-batches',
    `A batch was given to ${model}, which the route "${route}" does not have any more, or without its key. Put it back until the batch is done.`,
    { retryable: true },
  )
}

/** A result of a batch's own calls in the form that the journal has of answers. */
function plainAnswer(
  value: unknown,
  solver: string,
  paid: Pick<RouteAnswer, 'usage' | 'unsettledUsd'> = { usage: noUsage, unsettledUsd: 0 },
): RouteAnswer {
  const { usage, unsettledUsd } = paid
  return { value, solver, kind: 'hosted', repairs: [], hops: [], usage, unsettledUsd }
}
