import type { StandardSchemaV1 } from '@standard-schema/spec'
import { ReeveError } from '../../base/errors.ts'
import { refuseUnknownOptions } from '../../base/options.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { type Duration, toMs } from '../../base/time/time.ts'
import type { CallSite } from '../../engine/call-site.ts'
import type { RetryPolicy } from '../../engine/calls/retry.ts'
import { argumentsHash } from '../../engine/replay/arguments-hash.ts'
import { heldPrefix } from '../../store/spending/budgets.ts'
import type { Holding } from '../asking/budget.ts'
import { compared, type Questions } from '../asking/questions.ts'
import { readAgain } from '../asking/read-again.ts'
import type { BatchService, Question } from '../solver.ts'
import { type BatchedOutcome, collect, plainAnswer } from './batch-answers.ts'
import { awaitBatch, type SentBatch } from './batch-life.ts'

/** How questions that may wait are handed to a provider's batch. */
export interface BatchOptions {
  /** What is not answered by then is asked on the ordinary route. Default, and the longest at providers: `24h`. */
  within?: Duration | undefined
  /** The most questions of one batch. Default 5,000. */
  most?: number | undefined
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

/** Which model the batches go to, and what is held for each; no model: no solver of the route takes batches. */
interface Plan {
  /** The id of the run that made it; its forks have it too. */
  run: string
  model: string | null
  holdings: { id: string; usd: number; mostUsd: number }[]
}

/**
 * Asks many questions through batches at the provider of the route's first solver that has them, and what comes back
 * errored, late or unfit on the ordinary route. All batches are reserved before the first is sent.
 * @throws `over-budget` `unknown-route` `unanswered` `bad-batch`
 */
export async function askTogether(
  questions: Questions,
  site: CallSite,
  asked: AskedTogether,
): Promise<unknown[]> {
  const { batch } = asked
  if (asked.questions.length === 0) return []
  if (batch === undefined) return askInLanes(questions, site, asked, asked.questions.map(unasked))
  const { withinMs, most } = resolveBatch(batch)
  const parts = toParts(asked.questions, most)
  const plan = await makePlan(questions, site, asked, parts, { withinMs, most })
  if (plan.model === null) return askInLanes(questions, site, asked, asked.questions.map(unasked))
  const answers = parts.map(async (part, index) => {
    const { id: planned, usd, mostUsd } = plan.holdings[index]!
    const model = plan.model!
    const { id: run } = site.run
    const reservation = plan.run === run ? planned : `${planned}:${run}`
    const sent: SentBatch = {
      name: asked.name,
      model,
      planned,
      reservation,
      hold: async () => {
        if (usd > 0 && reservation !== planned)
          await questions
            .accountOf(site)
            .hold([{ id: reservation, model, usd }], questions.scopesOfCall(site))
      },
      usd,
      mostUsd,
      questions: site.services.secrets.redactData(part.questions),
      first: part.first,
      withinMs,
    }
    const service = () => serviceOf(questions, asked.route, model)
    const end = await awaitBatch(site, sent, service)
    const outcomes = await collect(questions, site, asked, sent, end, service)
    return askInLanes(questions, site, asked, outcomes, part.first)
  })
  return (await Promise.all(answers)).flat()
}

const unasked = (): BatchedOutcome => ({ problem: 'it was in no batch' })

/** @throws `bad-batch` `bad-duration` */
function resolveBatch(batch: true | BatchOptions): { withinMs: number; most: number } {
  if (batch !== true)
    refuseUnknownOptions(batch, '`batch`', ['within', 'most'] satisfies (keyof BatchOptions)[], 'bad-batch')
  const { within = '24h', most = mostQuestions } = batch === true ? {} : batch
  if (!Number.isInteger(most) || most < 1)
    throw new ReeveError(
      'bad-batch',
      `batch.most is ${describeValue(most)}; it must be a whole number from 1 on.`,
    )
  return { withinMs: toMs(within, '`within` of a batch'), most: Math.min(most, mostQuestions) }
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
  site: CallSite,
  { name, route, questions: list, retry }: AskedTogether,
  parts: readonly Part[],
  limits: { withinMs: number; most: number },
): Promise<Plan> {
  const args = argumentsHash({ ...limits, questions: list.map((question) => compared({ route, question })) })
  const call = { name: `${name}: a batch of ${list.length}`, args, retry }
  const run = site.run.id
  const none = () => plainAnswer({ run, model: null, holdings: [] }, 'none')
  const answer = await questions.call(site, call, async ({ key }) => {
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
        await questions.accountOf(site).hold(paid, questions.scopesOfCall(site))
    } catch (error) {
      const goesOn = error instanceof ReeveError && error.code === 'over-budget'
      if (!goesOn || questions.whenExhausted !== 'next') throw error
      return none()
    }
    return plainAnswer({ run, model: solver.name, holdings }, solver.name)
  })
  return answer.value as Plan
}

/** What has no answer is asked on the ordinary route, an unfit answer shown with its problem. */
async function askInLanes(
  questions: Questions,
  site: CallSite,
  { name, route, questions: list, schema, retry }: AskedTogether,
  outcomes: readonly BatchedOutcome[],
  first = 0,
): Promise<unknown[]> {
  const answers: unknown[] = new Array(outcomes.length)
  let next = 0
  const lane = async () => {
    while (next < outcomes.length) {
      const place = next++
      const outcome = outcomes[place]!
      if ('value' in outcome) {
        const question = list[first + place]!
        answers[place] = outcome.given ? readAgain(site, { question, schema }, outcome.value) : outcome.value
        continue
      }
      const question: Question = { ...list[first + place]!, name: `${name} ${first + place + 1}` }
      const { problem, answer } = outcome
      if (answer !== undefined) question.feedback = { answer, problem }
      answers[place] = await questions.answer(site, { route, question, schema, retry })
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
